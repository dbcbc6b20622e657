/** The small pieces that every panel uses: icon buttons, states, copy, chips. */

import { useEffect, useRef, useState, type MouseEvent, type ReactNode } from "react";
import { stateInWords } from "../../core/inspector/words";

const PATHS: Record<string, string> = {
  reset: "M2.5 6a4.5 4.5 0 1 1 1.2 4.6M2.5 2.5V6H6",
  plus: "M7 2.5v9M2.5 7h9",
  cross: "M3.5 3.5l7 7M10.5 3.5l-7 7",
  up: "M3 8.5L7 4.5l4 4",
  down: "M3 5.5l4 4 4-4",
  right: "M5.5 3l4 4-4 4",
  left: "M8.5 3l-4 4 4 4",
  copy: "M5 5h6.5v7H5zM5 9H2.5V2H9v3",
  key: "M7.2 7.2a2.6 2.6 0 1 0-.4.4L11.5 12M9.5 10l1.4-1.4M7.2 7.2l.6.6",
  kernel: "M2.5 3.5h9v7h-9zM4.5 6l1.5 1.2L4.5 8.5M7.5 9h2",
  wide: "M2.5 7h9M4.5 4.5L2 7l2.5 2.5M9.5 4.5L12 7 9.5 9.5",
};

export function Icon({ name }: { name: string }) {
  return (
    <svg className="wb-icon" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" focusable="false">
      <path d={PATHS[name] ?? ""} fill="none" stroke="currentColor" strokeWidth="1.3" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

interface IconButtonProps {
  icon: string;
  label: string;
  onClick(event: MouseEvent<HTMLButtonElement>): void;
  testId?: string;
  disabled?: boolean;
  pressed?: boolean;
  className?: string;
}

export function IconButton({ icon, label, onClick, testId, disabled, pressed, className = "" }: IconButtonProps) {
  return (
    <button
      type="button"
      className={`wb-icon-button ${className}`}
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      data-testid={testId}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

/** Copies text made at the moment of the click, and says so for a moment. */
export function CopyButton({ label, text, children }: { label: string; text(): string; children: ReactNode }) {
  const [said, setSaid] = useState<"" | "Copied" | "Not allowed here">("");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setSaid("Copied");
    } catch {
      setSaid("Not allowed here");
    }
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setSaid(""), 1500);
  };
  return (
    <button type="button" className="wb-text-button" title={label} aria-label={label} onClick={() => void copy()}>
      <span aria-live="polite">{said || children}</span>
    </button>
  );
}

const DRAWN: Record<string, string> = {
  "⧗": "M3 1.5h6M3 10.5h6M3.5 1.5c0 3 5 6 5 9M8.5 1.5c0 3-5 6-5 9",
  "✋": "M4 7V3M6 6V2M8 6V3M10 7V4.5V8c0 2-1.5 3-3.5 3S4 10 2.5 7",
  "‖": "M4 2v8M8 2v8",
};

/** A state's sign; drawn where fonts often have none. */
export function Sign({ sign }: { sign: string }) {
  const path = DRAWN[sign];
  if (!path) return <span aria-hidden="true">{sign}</span>;
  return (
    <svg className="wb-sign" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" />
    </svg>
  );
}

/** A state's sign and word, coloured. */
export function StateChip({ status, bare = false }: { status: string; bare?: boolean }) {
  const { sign, text, tone } = stateInWords(status);
  return (
    <span className={`wb-state wb-tone-${tone}`} title={text}>
      <Sign sign={sign} />
      <span className={bare ? "wb-sr" : undefined}>{text}</span>
    </span>
  );
}

/** The first line of a panel that has nothing to show. */
export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="wb-empty">
      <p>{children}</p>
      {action}
    </div>
  );
}
