import { expect, it } from "vitest";
import { block, debugAt, flow, RUN, TYPES } from "./fixtures";
import { doneByThen } from "./past";
import { countStates, viewOf } from "./runview";
import { INITIAL, shownState, type CanvasState } from "./state";

const done = (blockId: string) => ({ blockId, status: "completed" as const, completed: 1, failed: 0, skipped: 0 });
const scene = flow([block("l", "loop"), block("in"), block("b"), block("c")], "l:body>in", "l>b", "b>c");

function looking(isPast: boolean): CanvasState {
  const debug = { ...debugAt("b"), isPast, outputs: { l: { blockId: "l", checkpointId: "x" } } };
  const view = viewOf({ ...RUN, debug: true, status: "paused", blockStates: ["l", "in", "b", "c"].map(done) }, debug);
  return { ...INITIAL, flow: scene, types: TYPES, view };
}

it("in the past, what came later is neither shown nor counted as done", () => {
  const state = looking(true);
  expect(["l", "in", "b", "c"].map((id) => shownState(state, id)?.status ?? null)).toEqual(["completed", "completed", "paused", null]);
  expect(countStates(state.view!, doneByThen(state))).toEqual({ completed: 2 });
});

it("in the present everything counts", () => {
  const state = looking(false);
  expect(shownState(state, "c")?.status).toBe("completed");
  expect(countStates(state.view!, doneByThen(state))).toEqual({ completed: 4 });
});
