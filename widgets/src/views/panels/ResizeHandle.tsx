/** The bottom edge: drag it, or focus it and use the arrows, to make the canvas taller. */

import { useRef } from "react";

const LEAST = 240;
const MOST = 2000;

export function ResizeHandle({ height, onHeight }: { height: number; onHeight: (height: number) => void }) {
  const start = useRef<{ y: number; height: number } | null>(null);
  const set = (wanted: number) => onHeight(Math.round(Math.min(MOST, Math.max(LEAST, wanted))));
  return (
    <div
      className="wbc-resize nokey"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Canvas height"
      aria-valuenow={height}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      title="Drag to resize, or use ↑ and ↓"
      data-testid="resize"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { y: event.clientY, height };
      }}
      onPointerMove={(event) => start.current && set(start.current.height + event.clientY - start.current.y)}
      onPointerUp={() => (start.current = null)}
      onKeyDown={(event) => {
        if (event.key === "ArrowDown") set(height + 24);
        else if (event.key === "ArrowUp") set(height - 24);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
