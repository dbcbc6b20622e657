/** Carrying an extraction out: the new function first, then one step that puts its call in place of the blocks. */

import { planExtraction, type Extraction } from "./extract";
import type { CanvasSession } from "./session";

/** What would become of the chosen blocks, or why it cannot be. */
export function extractionOf(session: CanvasSession): Extraction | { problem: string } {
  const { flow, types, selectedBlocks } = session.store.get();
  return planExtraction(flow, types, selectedBlocks);
}

export async function extract(session: CanvasSession, name: string): Promise<void> {
  const plan = extractionOf(session);
  if ("problem" in plan) {
    session.say(plan.problem, "error");
    return;
  }
  const { fn } = session.store.get();
  try {
    await session.document.flush();
    const made = await session.hub.api.editing.createFunction({ name, flow: plan.inside, ...(fn ? { canvasId: fn.canvasId } : {}) });
    const { commands, callId } = plan.commands(made.id, name);
    session.edit(commands);
    session.select([callId]);
    session.say(`“${made.name}” is a function now; undo puts its blocks back here`);
  } catch (problem) {
    session.running.complain(problem);
  }
}
