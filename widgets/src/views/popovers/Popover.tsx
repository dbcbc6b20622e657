/** A small dialog beside what it is about: a block, a button, a place that was clicked. */

import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { goesToCanvas } from "../../core/inspector/keys";

export interface Place {
  x: number;
  y: number;
}

interface Props {
  /** In the window's pixels. */
  at: Place;
  label: string;
  testId: string;
  width?: number;
  /** A menu takes arrows and has no heading. */
  isMenu?: boolean;
  onClose(): void;
  onSubmit?(): void;
  children: ReactNode;
}

const EDGE = 8;
const FIELDS = "input, textarea, select, .cm-content, [role=menuitem]";

export function Popover({ at, label, testId, width = 300, isMenu = false, onClose, onSubmit, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number; height: number } | null>(null);

  useLayoutEffect(() => {
    const element = box.current;
    const home = element?.offsetParent;
    if (!element || !home) return;
    const put = () => {
      const around = home.getBoundingClientRect();
      const most = around.height - 2 * EDGE;
      const fit = (wanted: number, length: number, room: number) => Math.max(EDGE, Math.min(wanted, room - length - EDGE));
      const left = fit(at.x - around.left, element.offsetWidth, around.width);
      const top = fit(at.y - around.top, Math.min(element.offsetHeight, most), around.height);
      setPlace((old) => (old?.left === left && old.top === top && old.height === most ? old : { left, top, height: most }));
    };
    put();
    const watch = new ResizeObserver(put);
    watch.observe(element);
    return () => watch.disconnect();
  }, [at.x, at.y]);

  useEffect(() => {
    const home = box.current?.querySelector("[data-autofocus]") ?? box.current;
    (home?.querySelector<HTMLElement>(FIELDS) ?? (home as HTMLElement | null))?.focus({ preventScroll: true });
  }, []);

  useEffect(() => {
    const page = box.current?.ownerDocument;
    const away = (event: PointerEvent) => box.current && !event.composedPath().includes(box.current) && onClose();
    page?.addEventListener("pointerdown", away, true);
    return () => page?.removeEventListener("pointerdown", away, true);
  }, [onClose]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      if (!event.isDefaultPrevented()) onClose();
      return;
    }
    if (isMenu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const items = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
      const now = items.indexOf(event.target as HTMLElement);
      items[(now + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length]?.focus();
    } else if (event.key === "Enter" && onSubmit && (event.ctrlKey || event.metaKey || (event.target as HTMLElement).tagName === "INPUT")) {
      event.preventDefault();
      event.stopPropagation();
      onSubmit();
      return;
    }
    if (!goesToCanvas(event)) event.stopPropagation();
  };

  return (
    <div
      ref={box}
      className={`wbc-pop nokey nowheel nodrag nopan${isMenu ? " wbc-menu" : ""}`}
      role={isMenu ? "menu" : "dialog"}
      aria-label={label}
      data-testid={testId}
      data-wb-tooltips=""
      data-lm-suppress-shortcuts="true"
      tabIndex={-1}
      style={{ width: isMenu ? undefined : width, left: place?.left ?? 0, top: place?.top ?? 0, maxHeight: place?.height, opacity: place ? 1 : 0 }}
      onKeyDown={onKeyDown}
      onContextMenu={(event) => event.stopPropagation()}
    >
      {!isMenu && <h3 className="wbc-pop-head">{label}</h3>}
      {children}
    </div>
  );
}

/** A labelled row of a popover. */
export function Row({ label, help, children }: { label: string; help?: string; children: ReactNode }) {
  return (
    <div className="wbc-pop-row">
      <span className="wbc-pop-label">{label}</span>
      {children}
      {help && <span className="wbc-pop-help">{help}</span>}
    </div>
  );
}
