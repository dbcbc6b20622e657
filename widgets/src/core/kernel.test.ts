import { describe, expect, it } from "vitest";
import { isName, KernelLink } from "./kernel";

function line() {
  const sent: Record<string, unknown>[] = [];
  let hear: (told: object) => void = () => undefined;
  let expire: () => void = () => undefined;
  const there: boolean[] = [];
  const channel = { send: (content: unknown) => void sent.push(content as Record<string, unknown>), on: (_: string, to: never) => void (hear = to), off: () => undefined };
  const timers = { later: (act: () => void) => ((expire = act), () => undefined) };
  const link = new KernelLink(channel, (is) => there.push(is), timers as never);
  return { link, sent, there, tell: (told: object) => hear(told), expire: () => expire() };
}

const ASKED = { runId: "r", checkpointId: "c", name: "flights" };

describe("the kernel's line", () => {
  it("asks whether a kernel is there", () => {
    const { sent, there, tell } = line();
    expect(sent).toEqual([{ kind: "kernel" }]);
    tell({ kind: "kernel" });
    expect(there).toEqual([true]);
  });
  it("takes only the answer to its own question", async () => {
    const { link, sent, tell } = line();
    const answer = link.bring(ASKED);
    tell({ kind: "brought", id: "another", text: "no" });
    tell({ kind: "brought", id: sent[1]!.id, text: "flights: a polars frame of 3 × 2" });
    expect(await answer).toBe("flights: a polars frame of 3 × 2");
  });
  it("gives the kernel's refusal with its hint", async () => {
    const { link, sent, tell } = line();
    const answer = link.bring(ASKED);
    tell({ kind: "brought", id: sent[1]!.id, error: "It was left alone.", hint: "Choose another name." });
    await expect(answer).rejects.toThrow("It was left alone. Choose another name.");
  });
  it("gives up on a kernel that is gone", async () => {
    const { link, there, expire } = line();
    const answer = link.bring(ASKED);
    expire();
    await expect(answer).rejects.toThrow("does not answer");
    expect(there).toEqual([false]);
  });
});

it("knows Python's names", () => {
  expect(["a", "_b1", "größe", "for", "1a", "a b", ""].map(isName)).toEqual([true, true, true, false, false, false, false]);
});
