import { describe, expect, it } from "vitest";
import { waitWords } from "./waits";

const now = Date.parse("2026-01-01T00:00:00Z");
const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();

describe("what a block waits for", () => {
  it("says what for and how long at most", () => {
    expect(waitWords({ kind: "event", eventType: "order.paid", dueAt: at(182) }, now)).toBe("until order.paid · 3 min 02 s left");
    expect(waitWords({ kind: "timer", dueAt: at(-1) }, now)).toBe("waiting · due now");
    expect(waitWords({ kind: "approval", title: "Publish?", dueAt: at(5) }, now)).toBe("Publish? · 5.0 s left");
    expect(waitWords({ kind: "condition", dueAt: at(3600) }, now, true)).toBe("1 h 0 min left");
  });
});
