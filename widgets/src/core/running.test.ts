import { describe, expect, it } from "vitest";
import { Api, ApiError } from "./api";
import { debugAt, RUN } from "./fixtures";
import { makeHub } from "./page";
import { wordsOfProblem } from "./running";
import { onDebug, viewOf } from "./runview";
import { CanvasSession } from "./session";

describe("steps of a debug run", () => {
  it("pressed while one is under way come after it, and a cancel waits for none of them", async () => {
    const asked: string[] = [];
    const letGo: (() => void)[] = [];
    const state = debugAt("a");
    const send = (async (url: string) => {
      asked.push(url.split("/").at(-1)!);
      if (url.endsWith("/step")) await new Promise<void>((go) => letGo.push(go));
      return new Response(JSON.stringify({ success: true, data: url.endsWith("/step") ? state : { ...RUN, debug: true, status: "paused" } }));
    }) as unknown as typeof fetch;
    const session = new CanvasSession("f", makeHub(new Api({ root: "/api", token: null }, send, () => "")), null);
    session.store.set({ view: onDebug(viewOf({ ...RUN, id: state.runId, debug: true, status: "paused" }), state) });
    const steps = [session.running.step("over"), session.running.step("over")];
    await new Promise((turn) => setTimeout(turn));
    expect(asked).toEqual(["step"]);
    void session.running.cancel();
    expect(asked).toEqual(["step", "cancel"]);
    letGo.shift()!();
    await steps[0];
    await new Promise((turn) => setTimeout(turn));
    expect(asked.filter((name) => name === "step")).toHaveLength(2);
    letGo.shift()!();
    await Promise.all(steps);
    expect(session.store.get().busy).toBeNull();
  });
});

describe("what a refused act says", () => {
  it("says the message and the first detail once", () => {
    const same = new ApiError(400, { code: "VALIDATION_ERROR", message: "`mode` must be 'over'.", details: [{ field: "mode", issue: "must be 'over'" }] });
    expect(wordsOfProblem(same).text).toBe("`mode` must be 'over'.");
    const more = new ApiError(400, { code: "VALIDATION_ERROR", message: "That cannot be.", details: [{ field: "x", issue: "is too long" }] });
    expect(wordsOfProblem(more).text).toBe("That cannot be: is too long");
  });
  it("leads from a flow that cannot run to its problems, not to a request", () => {
    const invalid = new ApiError(422, { code: "FLOW_INVALID", message: "The flow cannot run.", hint: "POST /validate lists every problem." });
    expect(wordsOfProblem(invalid)).toEqual({ text: "The flow cannot run.", hint: "The status line below lists the problems." });
  });
  it("takes any error", () => {
    expect(wordsOfProblem(new Error("gone"))).toEqual({ text: "gone", hint: null });
    expect(wordsOfProblem("odd")).toEqual({ text: "odd", hint: null });
  });
});
