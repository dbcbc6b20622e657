/** The function as text that goes elsewhere: a bundle as a file or on the clipboard. */

import type { CanvasSession } from "./session";

/** The function as a bundle's text, with all edits made so far. */
export async function exported(session: CanvasSession): Promise<string> {
  await session.document.flush();
  const bundle = await session.hub.api.editing.export(session.functionId);
  return `${JSON.stringify(bundle, null, 2)}\n`;
}

/** Puts the function on the clipboard, as a bundle or as a Python script. */
export async function copyAs(session: CanvasSession, what: "a bundle" | "Python", clipboard: Pick<Clipboard, "writeText"> = navigator.clipboard): Promise<void> {
  let text: string | null;
  try {
    text = what === "Python" ? await session.kernel.python() : await exported(session);
  } catch (problem) {
    session.running.complain(problem);
    return;
  }
  if (text === null) {
    session.say("The kernel writes the script, and none answers: run the cell again", "error");
    return;
  }
  await clipboard.writeText(text).then(
    () => session.say(`“${session.store.get().fn?.name}” is on the clipboard as ${what}`),
    () => session.say("Copying is not allowed here: export it as a file instead", "error"),
  );
}
