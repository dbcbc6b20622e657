import { describe, expect, it } from "vitest";
import { againWords, mayFork, mayRetry, pausedQueue, reuseWords } from "./again";
import { RUN } from "./fixtures";

const item = (path: string) => ({ path, blockId: path, blockName: path });

describe("going on from what was done", () => {
  it("is said in one line, by the counts where the lists are cut", () => {
    expect(reuseWords({ reused: [item("a"), item("b")], rerun: [item("c")], kept: [] })).toBe("2 reused, 1 run again");
    expect(reuseWords({ reused: [item("a")], counts: { reused: 1200, rerun: 3, kept: 2 } })).toBe("1,200 reused, 3 run again, 2 kept as they were");
    expect(reuseWords({})).toBe("nothing could be reused");
  });

  it("tells the next attempt of a run from a fork of it", () => {
    expect(againWords(RUN, { ...RUN, attempt: 2, reused: [item("a")] })).toBe("Attempt 2: 1 reused, 0 run again");
    expect(againWords(RUN, { ...RUN, id: "other", reused: [item("a")] })).toBe("A new run goes on from there: 1 reused, 0 run again");
  });

  it("is offered for what ended without success, a fork for all that ended", () => {
    expect((["failed", "cancelled", "timed_out", "dead_letter"] as const).every((status) => mayRetry({ status }) && mayFork({ status }))).toBe(true);
    expect(mayRetry({ status: "completed" })).toBe(false);
    expect(mayFork({ status: "completed" })).toBe(true);
    expect(mayRetry({ status: "running" }) || mayFork({ status: "running" }) || mayFork(null)).toBe(false);
  });

  it("knows whose queue is paused from the reason", () => {
    expect(pausedQueue("paused: the queue of “daily digest” is paused (month end)")).toBe("function");
    expect(pausedQueue("paused: the queue is paused")).toBe("server");
    expect(pausedQueue("limit: 2 runs at once")).toBe(null);
  });
});
