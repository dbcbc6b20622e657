/** A list to pick from by typing: the first letter to the choice without the mouse. */

import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { foundIn, type Findable } from "../../core/find";
import { search } from "../../core/search";

export interface PickItem {
  id: string;
  title: string;
  line: string;
  icon: ReactNode;
  group?: string;
  /** What it is found by besides; where that is what fits, its line says so. */
  deep?: readonly Findable[];
  /** Why it cannot be chosen. */
  disabled?: string | null;
}

interface PickProps {
  label: string;
  placeholder: string;
  items: readonly PickItem[];
  empty: string;
  onPick: (id: string) => void;
  onClose: () => void;
  testId: string;
}

/** The items that fit, best first: by what they are called, then by what is in them. */
function findItems(query: string, items: readonly PickItem[]): PickItem[] {
  const named = search(query, items, (item) => [item.title, item.id, item.line, item.group ?? ""]);
  if (!query.trim()) return named;
  const others = items.filter((item) => item.deep && !named.includes(item));
  return [...named, ...others.flatMap((item) => {
    const line = foundIn(item.deep!, query);
    return line === null ? [] : [{ ...item, line }];
  })];
}

export function Pick({ label, placeholder, items, empty, onPick, onClose, testId }: PickProps) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const found = useMemo(() => findItems(query, items), [query, items]);
  const active = found[Math.min(at, found.length - 1)];
  useEffect(() => setAt(0), [query]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const take = (item: PickItem | undefined) => {
    if (item && !item.disabled) onPick(item.id);
  };
  const onKey = (event: React.KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") onClose();
    else if (event.key === "ArrowDown") setAt((i) => Math.min(found.length - 1, i + 1));
    else if (event.key === "ArrowUp") setAt((i) => Math.max(0, i - 1));
    else if (event.key === "Enter") take(active);
    else if (event.key !== "Tab") return;
    event.preventDefault();
  };
  return (
    <div className="wbc-veil" onPointerDown={(event) => event.target === event.currentTarget && onClose()}>
      <div className="wbc-pick" role="dialog" aria-label={label} data-testid={testId}>
        <input
          className="wbc-pick-input nokey"
          autoFocus
          value={query}
          placeholder={placeholder}
          role="combobox"
          aria-label={label}
          aria-expanded="true"
          aria-controls={`${testId}-list`}
          aria-activedescendant={active ? `${testId}-${active.id}` : undefined}
          data-testid={`${testId}-input`}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={onKey}
        />
        <div className="wbc-pick-list" role="listbox" id={`${testId}-list`} aria-label={label} ref={list}>
          {found.length === 0 && <p className="wbc-hint">{items.length ? `Nothing here fits “${query}”` : empty}</p>}
          {found.map((item, i) => (
            <div key={item.id}>
              {!query && item.group && item.group !== found[i - 1]?.group && <div className="wbc-pick-group">{item.group}</div>}
              <div
                role="option"
                id={`${testId}-${item.id}`}
                data-testid={`${testId}-option`}
                data-id={item.id}
                aria-selected={item === active}
                aria-disabled={Boolean(item.disabled)}
                className="wbc-pick-item"
                title={item.disabled ?? item.line}
                onPointerMove={() => setAt(i)}
                onClick={() => take(item)}
              >
                <span className="wbc-pick-icon">{item.icon}</span>
                <span className="wbc-pick-title">{item.title}</span>
                <span className="wbc-pick-line">{item.disabled ?? item.line}</span>
              </div>
            </div>
          ))}
        </div>
        <div className="wbc-pick-foot">
          <kbd>↑</kbd> <kbd>↓</kbd> choose · <kbd>Enter</kbd> take · <kbd>Esc</kbd> close
        </div>
      </div>
    </div>
  );
}
