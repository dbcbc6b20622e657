import { describe, expect, it } from "vitest";
import { Api } from "./api";
import { TYPES } from "./fixtures";
import { makeHub } from "./page";
import { CanvasSession } from "./session";

describe("the canvases of a page", () => {
  it("are live from the start when another one's connection is", async () => {
    const send = (async (url: string) => {
      if (url.includes("/events")) return new Response(new ReadableStream(), { status: 200 });
      return new Response(JSON.stringify({ success: true, data: url.includes("/blocks") ? [...TYPES.values()] : [] }));
    }) as unknown as typeof fetch;
    const hub = makeHub(new Api({ root: "/api", token: null }, send, () => ""));
    const first = new CanvasSession("a", hub, null);
    await first.open();
    await new Promise((turn) => setTimeout(turn));
    expect(first.store.get().connection).toBe("live");
    const second = new CanvasSession("b", hub, null);
    await second.open();
    expect(second.store.get().connection).toBe("live");
    first.close();
    second.close();
  });
});
