/** What each action of the keymap does. The views only ask for an action by its name. */

import { mayRetry } from "./again";
import { hasEnded } from "./format";
import { inputsOfFlow } from "./inputs";
import type { CanvasSession } from "./session";
import type { StepMode } from "./wire";

/** What only a view can do. */
export interface ViewActs {
  /** The whole function, or as much as stays readable. */
  fit: (mode: "whole" | "first") => void;
  fullscreen: () => void;
  leave: () => void;
  /** Opens the form of a run's inputs. */
  askInputs: (debug: boolean) => void;
  /** Tells where the menu of the whole function opens. */
  menu: (then: (at: { x: number; y: number }) => void) => void;
  /** Tells where something about a block may open. */
  beside: (blockId: string, then: (at: { x: number; y: number }) => void) => void;
}

/** Does an action; answers false when it means nothing now, so that the key press goes on to Lab. */
export function perform(session: CanvasSession, view: ViewActs, action: string, key = ""): boolean {
  const { store, running } = session;
  const state = store.get();
  const only = state.selectedBlocks.size === 1 ? [...state.selectedBlocks][0]! : null;
  const paused = state.view?.run.debug === true && !hasEnded(state.view.run.status);
  switch (action) {
    case "add":
      session.overlay({ kind: "add", after: session.freeOutput(), at: null });
      return true;
    case "connect":
      if (!only) return false;
      session.overlay({ kind: "connect", after: { blockId: only, port: "out" } });
      return true;
    case "config":
      if (!only) return false;
      session.inspect(only, "config");
      return true;
    case "rename":
      if (!only) return false;
      store.set({ renaming: only });
      return true;
    case "remove":
      if (!state.selectedBlocks.size && !state.selectedEdges.size) return false;
      session.removeSelected();
      return true;
    case "duplicate":
      if (!state.selectedBlocks.size) return false;
      session.copying.duplicate();
      return true;
    case "undo":
    case "redo":
      if (state.locked) return true;
      void session.history[action]();
      return true;
    case "tidy":
      session.tidy();
      view.fit("first");
      return true;
    case "next":
    case "previous":
    case "above":
    case "below":
      session.move(action);
      return true;
    case "nudge":
      if (!state.selectedBlocks.size) return false;
      session.nudge(key);
      return true;
    case "selectAll":
      session.selectAll();
      return true;
    case "find":
      session.overlay({ kind: "find" });
      return true;
    case "help":
      session.overlay({ kind: "keys" });
      return true;
    case "fit":
      view.fit("whole");
      return true;
    case "fullscreen":
      view.fullscreen();
      return true;
    case "leave":
      view.leave();
      return true;
    case "run":
      if (!session.runAgain(false)) view.askInputs(false);
      return true;
    case "retry":
      if (!mayRetry(state.view?.run)) return false;
      void running.retry();
      return true;
    case "menu":
      if (!only) return false;
      view.beside(only, (at) => session.overlay({ kind: "menu", blockId: only, at }));
      return true;
    case "debug":
      if (paused) void running.go();
      else if (!session.runAgain(true)) view.askInputs(true);
      return true;
    case "askRun":
    case "askDebug":
      if (inputsOfFlow(state.flow)) view.askInputs(action === "askDebug");
      else session.runAgain(action === "askDebug");
      return true;
    case "function":
      if (state.functionPanel && !state.inspector) session.closeInspector();
      else session.inspectFunction();
      return true;
    case "more":
      view.menu((at) => session.overlay({ kind: "more", at }));
      return true;
    case "note":
      session.arranging.addNote();
      return true;
    case "group":
      if (!state.selectedBlocks.size) return false;
      session.arranging.groupSelected();
      return true;
    case "extract":
      if (!state.selectedBlocks.size) return false;
      view.beside([...state.selectedBlocks].at(-1)!, (at) => session.overlay({ kind: "extract", at }));
      return true;
    case "lock":
      session.arranging.lock(!state.locked);
      return true;
    case "history":
      if (state.historyPanel && !state.inspector) session.closeInspector();
      else session.inspectHistory();
      return true;
    case "breakpoint":
      if (!only) return false;
      void running.toggleBreakpoint(only);
      return true;
    case "editBreakpoint":
      if (!only) return false;
      view.beside(only, (at) => session.overlay({ kind: "breakpoint", blockId: only, at }));
      return true;
    case "over":
    case "into":
    case "out":
    case "back":
      if (!paused) return state.view !== null;
      if (action === "back" && state.view?.debug?.canStepBack === false) return true;
      void running.step(action satisfies StepMode);
      return true;
    default:
      return false;
  }
}
