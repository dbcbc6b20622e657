/** A file that is dragged in: a bundle is looked at before it is imported, copied blocks are pasted. */

import { useRef, useState, type DragEvent } from "react";
import { useSession } from "./session";

interface Handlers {
  onDragEnter(event: DragEvent): void;
  onDragOver(event: DragEvent): void;
  onDragLeave(event: DragEvent): void;
  onDrop(event: DragEvent): void;
}

export function useFileDrop(): [boolean, Handlers] {
  const session = useSession();
  const [isOver, setOver] = useState(false);
  /** How many elements deep the pointer is: leaving a child is not leaving. */
  const depth = useRef(0);
  const isFile = (event: DragEvent) => event.dataTransfer.types.includes("Files");
  const end = () => {
    depth.current = 0;
    setOver(false);
  };
  return [
    isOver,
    {
      onDragEnter: (event) => {
        if (!isFile(event)) return;
        depth.current++;
        setOver(true);
      },
      onDragOver: (event) => {
        if (!isFile(event)) return;
        // Lab would open the file instead.
        event.preventDefault();
        event.stopPropagation();
      },
      onDragLeave: (event) => {
        if (isFile(event) && --depth.current <= 0) end();
      },
      onDrop: (event) => {
        if (!isFile(event)) return;
        event.preventDefault();
        event.stopPropagation();
        end();
        const file = event.dataTransfer.files[0];
        if (!file) return;
        file.text().then(
          (text) => {
            if (!session.copying.paste(text)) session.overlay({ kind: "import", text });
          },
          (problem: unknown) => session.running.complain(problem),
        );
      },
    },
  ];
}
