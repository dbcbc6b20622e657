// @vitest-environment happy-dom
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { afterEach, describe, expect, it } from "vitest";
import { CanvasSession } from "../../core/session";
import { RUN } from "../../core/fixtures";
import { Api } from "../../core/api";
import { makeHub } from "../../core/page";
import { viewOf } from "../../core/runview";
import type { Run } from "../../core/wire";
import { SessionContext } from "../session";
import { RunBanner } from "./RunBanner";

/** What the banner asks of the server, and how the server answers. */
function banner(run: Partial<Run>): { host: HTMLElement; asked: string[] } {
  const asked: string[] = [];
  const answer = { ...RUN, ...run, status: "queued", attempt: 2, reused: [], rerun: [], kept: [], counts: { reused: 12, rerun: 3, kept: 0 } };
  const api = new Api({ root: "", token: null }, (url, init) => {
    asked.push(`${init?.method} ${String(url)}`);
    return Promise.resolve(new Response(JSON.stringify({ success: true, data: answer }), { status: 200 }));
  });
  const session = new CanvasSession(RUN.functionId, makeHub(api), null);
  session.store.set({ view: viewOf({ ...RUN, ...run }) });
  const host = document.body.appendChild(document.createElement("div"));
  flushSync(() => createRoot(host).render(<SessionContext value={session}><RunBanner /></SessionContext>));
  return { host, asked };
}

const button = (host: HTMLElement, id: string) => host.querySelector<HTMLButtonElement>(`[data-testid=${id}]`)!;

afterEach(() => document.body.replaceChildren());

describe("the banner of a run", () => {
  it("says why a run is in the dead letter, and retries it there", () => {
    const { host, asked } = banner({ status: "dead_letter", error: { type: "DEAD_LETTER", message: "The server ended four times in “send”." } });
    expect(host.textContent).toContain("In the dead letter. The server ended four times in “send”.");
    flushSync(() => button(host, "dead-letter-retry").click());
    expect(asked).toEqual([]);
    return Promise.resolve().then(() => Promise.resolve()).then(() => expect(asked[0]).toBe(`POST /dead-letter/${RUN.id}/retry`));
  });

  it("discards only when it is asked twice", () => {
    const { host, asked } = banner({ status: "dead_letter", error: null });
    flushSync(() => button(host, "dead-letter-discard").click());
    expect(button(host, "dead-letter-discard").textContent).toBe("Really discard?");
    expect(asked).toEqual([]);
    flushSync(() => button(host, "dead-letter-discard").click());
    expect(asked).toEqual([`POST /dead-letter/${RUN.id}/discard`]);
  });

  it("says why a run is held, and resumes the queue that holds it", () => {
    const { host, asked } = banner({ status: "pending", pendingReason: "paused: the queue of “f” is paused" });
    expect(host.textContent).toContain("Held. The queue of “f” is paused.");
    flushSync(() => button(host, "queue-resume").click());
    expect(asked).toEqual([`POST /functions/${RUN.functionId}/queue/resume`]);
  });

  it("has nothing to resume where a limit holds the run, and is not there for other runs", () => {
    const { host } = banner({ status: "pending", pendingReason: "limit: 2 runs at once" });
    expect(button(host, "queue-resume")).toBe(null);
    expect(banner({ status: "completed" }).host.textContent).toBe("");
  });
});
