/** The bundle's face: what the loader, and nothing else, calls. */

import { createRoot } from "react-dom/client";
import { useState } from "react";
import type { Channel } from "./core/kernel";
import { hubOf } from "./core/page";
import { CanvasSession } from "./core/session";
import { CanvasApp } from "./views/CanvasApp";
import { addStyles } from "./views/styles";

export interface MountOptions {
  functionId: string;
  height?: number;
  /** The API's root when it is not the page's own server. */
  api?: string;
  onHeight?: (height: number) => void;
  /** The line to the kernel that made the widget. */
  channel?: Channel;
}

/** Draws a canvas into an element; answers what takes it away again. */
export function mountCanvas(element: HTMLElement, options: MountOptions): () => void {
  addStyles(element);
  const hub = hubOf(element.ownerDocument, options.api);
  const session = new CanvasSession(options.functionId, hub, storageOf(element));
  // A home of our own: a host that empties its element before it says goodbye takes nothing away from under React.
  const home = element.ownerDocument.createElement("div");
  element.append(home);
  const root = createRoot(home);
  root.render(<Mounted session={session} options={options} />);
  void session.open();
  if (options.channel) session.kernel.reach(options.channel);
  return () => {
    session.close();
    root.unmount();
    home.remove();
  };
}

function Mounted({ session, options }: { session: CanvasSession; options: MountOptions }) {
  const [height, setHeight] = useState(options.height ?? 560);
  const change = (to: number) => {
    setHeight(to);
    options.onHeight?.(to);
  };
  return <CanvasApp session={session} height={height} onHeight={change} />;
}

function storageOf(element: HTMLElement): Storage | null {
  try {
    return element.ownerDocument.defaultView?.localStorage ?? null;
  } catch {
    return null;
  }
}
