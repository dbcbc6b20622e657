import { describe, expect, it } from "vitest";
import { Api, ApiError, checkpointId, findServer, xsrfToken } from "./api";
import { EventParser, EventStream, type Timers } from "./events";
import { TYPES } from "./fixtures";
import { CanvasSession } from "./session";
import { makeHub } from "./page";
import { onBlocks, onDebug, onRun, viewOf } from "./runview";
import { problemsOf, shownState, wireLook } from "./state";
import { applyAll, type Command } from "./commands";
import { block, debugAt, flow, RUN } from "./fixtures";
import type { Flow, WorkflowFunction } from "./wire";


/** A small server behind `fetch`, with versions, undo, refusals and repeated requests as the contract has them. */
function fakeServer(start: Flow) {
  const fn: WorkflowFunction = { id: "f", canvasId: "c", name: "f", description: null, status: "draft", updatedBy: null, version: 1, breakpoints: [], createdAt: "", updatedAt: "", flow: start };
  const undos: { flow: Flow; label: string }[] = [];
  const redos: { flow: Flow; label: string }[] = [];
  const answers = new Map<string, { body: string; answer: object }>();
  const state = { fn, isDown: false, batches: 0, beforeBatch: null as (() => void) | null, loseAnswer: false, refuse: null as object | null };
  const answer = (status: number, body: object) => new Response(JSON.stringify(body), { status });
  const name = (stack: typeof undos) => (stack.length ? { groupId: `${stack.length}`, label: stack.at(-1)!.label, author: "ada" } : null);
  const step = (from: typeof undos, to: typeof undos) => {
    const last = from.pop()!;
    to.push({ ...last, flow: state.fn.flow });
    state.fn = { ...state.fn, flow: last.flow, version: state.fn.version + 1 };
    return answer(200, { success: true, data: { groupId: "g", label: last.label, versions: { f: state.fn.version }, results: [] } });
  };
  const batch = (body: string, key: string) => {
    const known = answers.get(key);
    if (known) return answer(known.body === body ? 200 : 409, known.answer);
    state.batches++;
    state.beforeBatch?.();
    const { commands } = JSON.parse(body) as { commands: { type: string; payload: object; expectedVersion?: number }[] };
    if (commands[0]!.expectedVersion !== state.fn.version) return answer(409, { success: false, error: { code: "VERSION_CONFLICT", message: "stale" } });
    if (state.refuse) return answer(409, { success: false, error: state.refuse });
    undos.push({ flow: state.fn.flow, label: `Change ${undos.length + 1}` });
    redos.length = 0;
    const flow = applyAll(state.fn.flow, commands.map(({ type, payload }) => ({ type, ...payload }) as Command));
    state.fn = { ...state.fn, flow, version: state.fn.version + 1 };
    const said = { success: true, data: { groupId: "g", label: "Change", versions: { f: state.fn.version }, results: [] } };
    answers.set(key, { body, answer: said });
    return answer(200, said);
  };
  const send = (async (url: string, init: RequestInit = {}) => {
    if (state.isDown) throw new TypeError("no network");
    const path = url.replace("/api", "");
    if (path.startsWith("/blocks")) return answer(200, { success: true, data: [...TYPES.values()] });
    if (path.startsWith("/validate")) return answer(200, { success: true, data: { valid: true, errors: [], warnings: [] } });
    if (path.startsWith("/runs")) return answer(200, { success: true, data: [] });
    if (path.startsWith("/events")) return new Response(new ReadableStream(), { status: 200 });
    if (path.startsWith("/commands/history")) return answer(200, { success: true, data: [], meta: { total: 0, undo: name(undos), redo: name(redos) } });
    if (path === "/commands/undo") return state.refuse ? answer(409, { success: false, error: state.refuse }) : step(undos, redos);
    if (path === "/commands/redo") return step(redos, undos);
    if (path === "/commands/batch") {
      const done = batch(String(init.body), new Headers(init.headers).get("Idempotency-Key")!);
      if (!state.loseAnswer) return done;
      state.loseAnswer = false;
      throw new TypeError("cut");
    }
    return answer(200, { success: true, data: state.fn });
  }) as unknown as typeof fetch;
  const elsewhere = (...commands: Command[]) => {
    state.fn = { ...state.fn, flow: applyAll(state.fn.flow, commands), version: state.fn.version + 1 };
  };
  return { state, send, elsewhere };
}

function memory() {
  const kept = new Map<string, string>();
  return { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k), kept };
}

async function opened(start: Flow, storage = memory()) {
  const server = fakeServer(start);
  const session = new CanvasSession("f", makeHub(new Api({ root: "/api", token: null }, server.send, () => "")), storage);
  await session.open();
  return { ...server, session, storage, get: () => session.store.get() };
}

const rename = (name: string, blockId = "a"): Command => ({ type: "UPDATE_BLOCK", blockId, name });
const names = (f: Flow) => f.blocks.map((b) => b.name);
const two = () => flow([block("a"), block("b")], "a>b");

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const config = (x: string): Command => ({ type: "UPDATE_BLOCK", blockId: "a", config: { x } });

describe("saving", () => {
  it("sends each gesture at once, with the version that it was made on, and typing when it pauses", async () => {
    const { session, state, get } = await opened(two());
    session.edit([rename("x")]);
    session.edit([{ type: "MOVE_BLOCK", blockId: "b", position: { x: 5, y: 5 } }]);
    expect(get().saving).toBe("saving");
    await session.document.flush();
    expect([state.batches, state.fn.version, get().saving, get().fn?.version]).toEqual([2, 3, "saved", 3]);
    expect(names(state.fn.flow)).toEqual(["x", "b"]);
    for (const text of ["h", "he", "hel"]) session.edit([config(text)]);
    await turn();
    expect([state.batches, get().saving]).toEqual([2, "dirty"]);
    await session.document.flush();
    expect([state.batches, state.fn.flow.blocks[0]!.config]).toEqual([3, { x: "hel" }]);
    session.close();
  });

  it("puts its edits onto a newer state when the blocks that they touch are unchanged there", async () => {
    const { session, state, elsewhere, get } = await opened(two());
    elsewhere(rename("theirs", "b"));
    session.edit([rename("mine")]);
    await session.document.flush();
    expect(names(state.fn.flow)).toEqual(["mine", "theirs"]);
    expect(get().saving).toBe("saved");
    session.close();
  });

  it("counts what a field still holds back before it shows what others made", async () => {
    const { session, state, elsewhere, get } = await opened(two());
    const end = session.document.holdsTyping(() => session.edit([rename("typed")]));
    elsewhere(rename("theirs"));
    await session.document.onRemote(2);
    await expect(session.document.flush()).rejects.toBeInstanceOf(ApiError);
    expect([get().saving, names(get().flow)[0], names(get().theirs!)[0]]).toEqual(["conflict", "typed", "theirs"]);
    end();
    session.document.resolve("theirs");
    elsewhere(rename("again"));
    await session.document.onRemote(3);
    expect([names(get().flow)[0], names(state.fn.flow)[0]]).toEqual(["again", "again"]);
    session.close();
  });

  it("shows both when the same block changed, and does what the person chooses", async () => {
    for (const [choice, name] of [["mine", "mine"], ["theirs", "theirs"]] as const) {
      const { session, state, elsewhere, get } = await opened(two());
      elsewhere(rename("theirs"));
      session.edit([rename("mine")]);
      await expect(session.document.flush()).rejects.toBeInstanceOf(ApiError);
      expect([get().saving, names(get().flow)[0], names(get().theirs!)[0]]).toEqual(["conflict", "mine", "theirs"]);
      session.document.resolve(choice);
      await session.document.flush();
      expect([names(state.fn.flow)[0], get().theirs]).toEqual([name, null]);
      session.close();
    }
  });

  it("keeps what was typed while the server is away, over a reload too", async () => {
    const { session, state, storage, get } = await opened(two());
    state.isDown = true;
    session.edit([rename("typed")]);
    await expect(session.document.flush()).rejects.toBeInstanceOf(ApiError);
    expect(get().saving).toBe("offline");
    expect(names(get().flow)[0]).toBe("typed");
    session.close();
    const again = await opened(two(), storage);
    expect(names(again.get().flow)[0]).toBe("typed");
    await again.session.document.flush();
    expect(names(again.state.fn.flow)[0]).toBe("typed");
    expect(storage.kept.size).toBe(0);
    again.session.close();
  });

  it("counts an edit whose answer was lost once", async () => {
    const { session, state, elsewhere, get } = await opened(two());
    state.loseAnswer = true;
    session.edit([rename("once")]);
    await expect(session.document.flush()).rejects.toBeInstanceOf(ApiError);
    elsewhere(rename("later"));
    await session.document.onRemote(3);
    await session.document.flush();
    expect([state.batches, state.fn.version]).toEqual([1, 3]);
    await session.document.onRemote(3);
    expect([get().saving, names(get().flow)[0]]).toEqual(["saved", "later"]);
    session.close();
  });

  it("keeps edits made while a save is on its way", async () => {
    const { session, state, get } = await opened(two());
    state.beforeBatch = () => {
      state.beforeBatch = null;
      session.edit([rename("later", "b")]);
    };
    session.edit([rename("first")]);
    await session.document.flush();
    expect(names(state.fn.flow)).toEqual(["first", "later"]);
    expect(get().fn?.version).toBe(3);
    session.close();
  });

  it("says why the server refused an edit, and gives it up when told", async () => {
    const { session, state, get } = await opened(two());
    state.refuse = { code: "VALIDATION_ERROR", message: "No such thing" };
    session.edit([rename("odd")]);
    await expect(session.document.flush()).rejects.toBeInstanceOf(ApiError);
    expect([get().saving, get().savingNote, names(get().flow)[0]]).toEqual(["refused", "No such thing", "odd"]);
    session.document.giveUp();
    expect([get().saving, names(get().flow)[0]]).toEqual(["saved", "a"]);
    session.close();
  });

  it("shows what another view changed", async () => {
    const { session, elsewhere, get } = await opened(two());
    elsewhere(rename("live"));
    await session.document.onRemote(2);
    expect(names(get().flow)[0]).toBe("live");
    session.close();
  });

  it("takes another view's edit from the event that tells it, on top of its own", async () => {
    const { session, elsewhere, get, state } = await opened(two());
    await turn();
    state.isDown = true;
    session.edit([rename("mine", "b")]);
    await expect(session.document.flush()).rejects.toBeInstanceOf(ApiError);
    session.document.giveUp();
    elsewhere(rename("theirs"));
    const changes = [{ type: "set" as const, kind: "block" as const, id: "a", path: ["name"], before: "a", after: "theirs" }];
    await session.document.onRemote(2, { changes, kind: "command", groupId: "g", label: "Change of “theirs”", updatedBy: "ada" });
    expect([names(get().flow), get().fn?.version, get().undo]).toEqual([["theirs", "b"], 2, { label: "Change of “theirs”", author: "ada", groupId: "g" }]);
    session.close();
  });

  it("renames the function as a change like any other", async () => {
    const { session, get, state } = await opened(two());
    session.rename("daily");
    expect(get().fn?.name).toBe("daily");
    await session.document.flush();
    expect(state.batches).toBe(1);
    session.close();
  });
});

describe("undo", () => {
  it("asks the server, which has the names of both ways", async () => {
    const { session, state, get } = await opened(two());
    await turn();
    expect([get().undo, get().redo]).toEqual([null, null]);
    session.edit([rename("x")]);
    expect(get().undo?.label).toBe("Change of “x”");
    await session.history.undo();
    await turn();
    expect([names(get().flow)[0], names(state.fn.flow)[0]]).toEqual(["a", "a"]);
    expect([get().undo, get().redo?.label]).toEqual([null, "Change 1"]);
    await session.history.redo();
    await turn();
    expect([names(get().flow)[0], get().undo?.label, get().redo]).toEqual(["x", "Change 1", null]);
    session.close();
  });

  it("takes presses in a row one after another", async () => {
    const { session, get } = await opened(two());
    for (const name of ["x", "y", "z"]) session.edit([rename(name)]);
    await Promise.all([session.history.undo(), session.history.undo(), session.history.redo()]);
    expect(names(get().flow)[0]).toBe("y");
    session.close();
  });

  it("takes back what the server never got, while it is away", async () => {
    const { session, state, get } = await opened(two());
    state.isDown = true;
    session.edit([rename("x")]);
    await expect(session.document.flush()).rejects.toBeInstanceOf(ApiError);
    await session.history.undo();
    expect([names(get().flow)[0], get().saving, get().redo?.label]).toEqual(["a", "saved", "Change of “a”"]);
    state.isDown = false;
    await session.history.redo();
    await session.document.flush();
    expect(names(state.fn.flow)[0]).toBe("x");
    session.close();
  });

  it("shows what stands in the way", async () => {
    const { session, state, get } = await opened(two());
    state.refuse = { code: "CONFLICT", message: "“Change” cannot be undone: block “b” changed", blockId: "b", groupId: "g2" };
    await session.history.undo();
    expect(get().notice).toMatchObject({ tone: "error", standing: { blockId: "b", groupId: "g2" } });
    expect([...get().selectedBlocks]).toEqual(["b"]);
    session.close();
  });
});

describe("adding blocks", () => {
  it("wires the new block to the selected block's first free output", async () => {
    const { session, get } = await opened(flow([block("c", "condition"), block("d")], "c:true>d"));
    session.select(["c"]);
    const id = session.addBlock("step", null, session.freeOutput());
    expect(get().flow.edges.at(-1)).toMatchObject({ source: "c", sourcePort: "false", target: id });
    expect([...get().selectedBlocks]).toEqual([id]);
    session.close();
  });
});

describe("a run in view", () => {
  const view = viewOf({ ...RUN, blockStates: [{ blockId: "a", status: "completed", completed: 1, failed: 0, skipped: 0, port: "out", summary: { kind: "value", text: "7" } }] });
  it("takes events of its own run only", () => {
    const item = { blockId: "b", path: "b", attempt: 1, status: "running" as const, completed: 0, failed: 0, skipped: 0 };
    expect(onBlocks(view, { runId: "other", functionId: "f", items: [item] })).toBe(view);
    expect(onBlocks(view, { runId: "r", functionId: "f", items: [item] }).blocks.b).toMatchObject({ status: "running", lastPath: "b" });
    expect(onRun(view, { ...RUN, id: "other" })).toBe(view);
  });
  it("ends its debug state with the run", () => {
    const paused = onDebug(view, debugAt("b"));
    expect(paused.debug?.blockId).toBe("b");
    expect(onRun(paused, { ...RUN, status: "completed" }).debug).toBeNull();
  });
  it("tells the wire that carried a value from the one that did not", async () => {
    const { session, get } = await opened(flow([block("a", "condition"), block("b"), block("c")], "a:true>b", "a:false>c"));
    const port = viewOf({ ...RUN, blockStates: [{ ...view.blocks.a!, port: "true" }] });
    session.store.set({ view: port });
    expect(wireLook(get(), "a:true>b")).toEqual({ look: "live", chip: "7" });
    expect(wireLook(get(), "a:false>c")).toEqual({ look: "dead", chip: null });
    session.store.set({ view: { ...port, debug: { status: "paused", blockId: "b" } as never } });
    expect(shownState(get(), "b")?.status).toBe("paused");
    expect(shownState(get(), "b")).toBe(shownState(get(), "b"));
    expect(problemsOf(null, "b")).toEqual([]);
    session.close();
  });
});

describe("the event stream", () => {
  it("cuts text into events, however it arrives", () => {
    const parser = new EventParser();
    expect(parser.push("id: 7\nevent: run\nda")).toEqual([]);
    expect(parser.push('ta: {"a":1}\r\n\r\n: heartbeat\n\n')).toEqual([{ id: "7", event: "run", data: '{"a":1}' }]);
    expect(parser.push("data: one\ndata: two\n\n")[0]!.data).toBe("one\ntwo");
  });

  it("is one for all listeners, comes back after a cut at the last id, and closes after the last listener", async () => {
    const asked: (string | null)[] = [];
    const waits: { ms: number; go: () => void }[] = [];
    const timers: Timers = {
      later: (go, ms) => {
        if (ms < 40_000) waits.push({ ms, go });
        return () => undefined;
      },
    };
    let push: ReadableStreamDefaultController<Uint8Array>;
    const stream = new EventStream((lastId) => {
      asked.push(lastId);
      return Promise.resolve(new Response(new ReadableStream<Uint8Array>({ start: (c) => void (push = c) })));
    }, timers);
    const heard: string[] = [];
    const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
    const leave = [stream.subscribe((event) => heard.push(`1 ${event}`)), stream.subscribe((event) => heard.push(`2 ${event}`))];
    await settled();
    push!.enqueue(new TextEncoder().encode("id: 41\nevent: run\ndata: {}\n\n"));
    await settled();
    expect([asked, heard, stream.status()]).toEqual([[null], ["1 run", "2 run"], "live"]);
    push!.close();
    await settled();
    expect([stream.status(), waits.map((w) => w.ms)]).toEqual(["lost", [500]]);
    waits[0]!.go();
    await settled();
    expect([asked, stream.status()]).toEqual([[null, "41"], "live"]);
    for (const l of leave) l();
    expect(stream.status()).toBe("connecting");
  });
});

describe("the server's address and keys", () => {
  it("come from JupyterLab's settings in the page", () => {
    document.body.innerHTML = '<script id="jupyter-config-data" type="application/json">{"baseUrl":"/user/me/","token":"t"}</script>';
    expect(findServer(document)).toEqual({ root: "/user/me/api/v1/workflow", token: "t" });
    document.body.innerHTML = "";
    expect(findServer(document)).toEqual({ root: "/api/v1/workflow", token: null });
  });
  it("send the XSRF cookie back", () => {
    expect(xsrfToken("a=b; _xsrf=2%7Cab; c=d")).toBe("2|ab");
    expect(xsrfToken("")).toBeNull();
  });
  it("make a checkpoint's id as the server does", () => {
    expect(checkpointId("loop[3]/blöck", 2)).toBe(Buffer.from("loop[3]/blöck~2").toString("base64url"));
  });
  it("turn a page that is not ours into an error with words", async () => {
    const api = new Api({ root: "", token: null }, () => Promise.resolve(new Response("<html>", { status: 502 })), () => "");
    await expect(api.getRun("x")).rejects.toMatchObject({ status: 502, message: "The server answered 502", mayPass: true });
  });
});

describe("placing", () => {
  it("puts a block that nothing leads to in the middle of the view, never on another", async () => {
    const { session, get } = await opened(two());
    session.viewCentre = () => ({ x: 1104, y: 528 });
    const first = session.addBlock("step", null);
    session.select([]);
    const second = session.addBlock("step", null);
    const at = (id: string | null) => get().flow.blocks.find((b) => b.id === id)!.position;
    expect(at(first)).toEqual({ x: 1000, y: 500 });
    expect(at(second)).toEqual({ x: 1000, y: 588 });
  });

  it("takes a wire on a card's body to the block's first input, and none to a trigger", async () => {
    const { session } = await opened(flow([block("s", "start"), block("a")]));
    expect(session.firstInput("a")).toEqual({ blockId: "a", port: "in" });
    expect(session.firstInput("s")).toBeNull();
    expect(session.firstInput(undefined)).toBeNull();
  });
});
