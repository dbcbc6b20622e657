/** What else can be done with the function: out, in, as text. */

import { copyAs, exported } from "../../core/sharing";
import { fileName } from "../../core/bundles";
import { useCanvas, useSession } from "../session";
import { Popover, type Place } from "./Popover";

export function MoreMenu({ at, onClose }: { at: Place; onClose: () => void }) {
  const session = useSession();
  const chosen = useCanvas((s) => s.selectedBlocks.size);
  const locked = useCanvas((s) => s.locked);
  const kernel = useCanvas((s) => s.kernel);
  const act = (what: () => void) => () => {
    onClose();
    what();
  };
  const item = (label: string, testId: string, what: () => void, more: { title?: string; disabled?: boolean } = {}) => (
    <button type="button" role="menuitem" data-testid={testId} onClick={act(what)} {...more}>
      {label}
    </button>
  );
  return (
    <Popover at={at} label="The function" testId="more-menu" isMenu onClose={onClose}>
      {item("Export as a file", "menu-export", () => void download(session.store.get().fn?.name ?? "", exported(session)).catch((problem: unknown) => session.running.complain(problem)), { title: "A bundle: one JSON file, without secrets and values" })}
      {item("Copy as JSON bundle", "menu-copy-bundle", () => void copyAs(session, "a bundle"))}
      {item("Copy as Python", "menu-copy-python", () => void copyAs(session, "Python"), { disabled: !kernel, title: kernel ? "A script that makes the same function" : "The notebook's kernel writes it, and none answers" })}
      {item("Import…", "menu-import", () => setTimeout(() => session.overlay({ kind: "import", text: null })), { title: "A bundle file; dropping one on the canvas does the same" })}
      <hr />
      {item("Add a note", "menu-note", () => session.arranging.addNote(), { disabled: locked })}
      {item("Group the chosen blocks", "menu-group", () => session.arranging.groupSelected(), { disabled: locked || !chosen, title: chosen ? "A titled frame around them" : "Choose blocks first" })}
      {item("Extract to a subflow…", "menu-extract", () => setTimeout(() => session.overlay({ kind: "extract", at })), { disabled: locked || !chosen, title: chosen ? "The chosen blocks become a function of their own, which a block calls" : "Choose blocks first" })}
      <hr />
      {item(locked ? "Unlock" : "Lock", "menu-lock", () => session.arranging.lock(!locked), { title: locked ? "Allow edits on this canvas again" : "Nothing can be changed on this canvas until it is unlocked" })}
    </Popover>
  );
}

async function download(name: string, content: Promise<string>): Promise<void> {
  const url = URL.createObjectURL(new Blob([await content], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName(name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
