/** All keys of the canvas, as `?` shows them. */

import { useEffect, useRef } from "react";
import { KEYS, readable } from "../../core/keymap";
import { isMac } from "../session";

const GROUPS = ["Build", "Move about", "Run and debug"] as const;
const HIDDEN = new Set(["Backspace", "Alt+ArrowLeft", "Alt+ArrowUp", "Alt+ArrowDown"]);

export function Keys({ onClose }: { onClose: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <div className="wbc-veil" onPointerDown={(event) => event.target === event.currentTarget && onClose()}>
      <div
        className="wbc-keys"
        role="dialog"
        aria-label="Keys of the canvas"
        data-testid="keys-help"
        tabIndex={-1}
        ref={box}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Escape" || event.key === "?" || event.key === "Enter") {
            event.preventDefault();
            onClose();
          }
        }}
      >
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {KEYS.filter((k) => k.group === group && !HIDDEN.has(k.keys)).map((k) => (
                <div key={k.keys}>
                  <dt>
                    <kbd>{readable(k.keys, isMac)}</kbd>
                  </dt>
                  <dd>{k.label}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </div>
  );
}
