/** All styles of the bundle, put into a page once. */

import flow from "@xyflow/react/dist/base.css?inline";
import arranging from "./arranging.css?inline";
import board from "./board.css?inline";
import canvas from "./canvas.css?inline";
import edges from "./edges.css?inline";
import inspectorBase from "./inspector/base.css?inline";
import history from "./history.css?inline";
import overlays from "./overlays.css?inline";
import popovers from "./popovers.css?inline";

const inspector = import.meta.glob<string>(["./inspector/*.css", "!./inspector/base.css"], { query: "?inline", import: "default", eager: true });

const ALL = [flow, inspectorBase, ...Object.values(inspector), canvas, edges, board, overlays, popovers, history, arranging];

/** Into the document's head, or into the shadow tree for hosts that keep outputs in one. */
export function addStyles(element: HTMLElement): void {
  const tree = element.getRootNode();
  const home: ParentNode & Node = tree instanceof ShadowRoot ? tree : element.ownerDocument.head;
  if (home.querySelector("style[data-workbench]")) return;
  const style = element.ownerDocument.createElement("style");
  style.dataset.workbench = "canvas";
  style.textContent = ALL.join("\n");
  home.appendChild(style);
}
