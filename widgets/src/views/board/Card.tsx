/** A block on the board: a card, a trigger's pill, or a condition's card with cut corners. */

import { Handle, type NodeProps } from "@xyflow/react";
import { memo, useEffect, useMemo, useRef } from "react";
import { MARKS } from "../../core/compare";
import { edgesOf, ERROR_PORT } from "../../core/flow";
import { LOOKS, lookOf, resultText } from "../../core/format";
import { lineOf, pausedAt, problemsOf, shownState } from "../../core/state";
import type { Block, BlockState, BlockType } from "../../core/wire";
import { BlockIcon } from "../BlockIcon";
import { Sign } from "../Sign";
import { useCanvas, useSession } from "../session";
import { BreakpointDot } from "./BreakpointDot";
import { useConnecting } from "./connecting";
import { portsOf, type CardNode, type PlacedPort } from "./geometry";
import { Decision, WaitLine } from "./Waits";

export const Card = memo(function Card({ id, data, selected }: NodeProps<CardNode>) {
  const { block } = data;
  const session = useSession();
  const types = useCanvas((s) => s.types);
  const type = types.get(block.type);
  const state = useCanvas((s) => shownState(s, id));
  const problems = useCanvas((s) => problemsOf(s.validation, id));
  const renaming = useCanvas((s) => s.renaming === id);
  const here = useCanvas((s) => pausedAt(s) === id);
  const hasError = useCanvas((s) => edgesOf(s.flow, id).some((e) => e.source === id && e.sourcePort === ERROR_PORT));
  const ports = useMemo(() => portsOf(block, types), [block, types]);
  const look = state ? lookOf(state) : null;
  const mark = useCanvas((s) => s.marks && (s.marks.blocks[id] ?? "same"));
  const line = useCanvas((s) => lineOf(s, block));
  const shape = type?.isTrigger ? "pill" : block.type === "condition" ? "cut" : "plain";
  const worst = problems.find((p) => p.severity === "error") ?? problems[0];

  return (
    <div
      className={`wbc-card wbc-card-${shape}${look ? ` wbc-is-${look}` : ""}${selected ? " wbc-selected" : ""}${here ? " wbc-here" : ""}${block.disabled ? " wbc-off" : ""}${hasError ? " wbc-error-wired" : ""}${mark ? ` wbc-mark-${mark}` : ""}`}
      data-testid="block"
      data-block-id={id}
      data-block-type={block.type}
      data-state={look ?? "idle"}
      data-mark={mark ?? undefined}
      title={`${block.name} · ${type?.title ?? `unknown type ${block.type}`}`}
      onDoubleClick={() => (block.type === "subflow" ? void session.openInner(id) : session.inspect(id, "config"))}
      onContextMenu={(event) => {
        event.preventDefault();
        event.stopPropagation();
        session.select([id]);
        session.overlay({ kind: "menu", blockId: id, at: { x: event.clientX, y: event.clientY } });
      }}
    >
      <div className="wbc-card-body">
        <span className="wbc-card-icon">
          <BlockIcon name={type?.icon} size={type?.isTrigger ? 14 : 16} />
        </span>
        <span className="wbc-card-words">
          {renaming ? <NameField block={block} /> : <span className="wbc-card-name">{block.name}</span>}
          {!type?.isTrigger && <span className="wbc-card-line">{line}</span>}
        </span>
        <StateSign state={state} type={type} />
      </div>
      {mark && mark !== "same" && (
        <span className="wbc-mark" data-testid="mark">
          <span aria-hidden="true">{MARKS[mark].sign}</span> {MARKS[mark].word}
        </span>
      )}
      <BreakpointDot blockId={id} />
      {worst && (
        <button
          type="button"
          className={`wbc-badge wbc-badge-${worst.severity} nodrag`}
          data-testid="problem-badge"
          title={problems.map((p) => p.message).join("\n")}
          aria-label={`${problems.length === 1 ? "Problem" : `${problems.length} problems`}: ${worst.message}`}
          onClick={() => session.inspect(id, "config")}
          tabIndex={-1}
        >
          {worst.severity === "error" ? "!" : "⚠"}
        </button>
      )}
      {(!type?.isTrigger || look === "failed") && <Footnote blockId={id} state={state} />}
      {ports.map((port) => (
        <PortDot key={`${port.kind}-${port.port.name}`} blockId={id} placed={port} />
      ))}
    </div>
  );
});

function StateSign({ state }: { state: BlockState | null; type: BlockType | undefined }) {
  if (!state) return null;
  const look = lookOf(state);
  const { word } = LOOKS[look];
  return (
    <span className={`wbc-sign wbc-tone-${look}`} data-testid="block-state" role="img" aria-label={word} title={state.error ? `${word}: ${state.error.message}` : word}>
      <Sign look={look} />
    </span>
  );
}

/** What came of the block, under its card: the space is kept free by the layout, so nothing moves when it comes. */
function Footnote({ blockId, state }: { blockId: string; state: BlockState | null }) {
  if (!state) return null;
  if (state.status === "waiting" && state.waiting) {
    return state.waiting.kind === "approval" ? <Decision blockId={blockId} waiting={state.waiting} compact /> : <WaitLine waiting={state.waiting} />;
  }
  const look = lookOf(state);
  const result = look === "done" || look === "reused" || look === "forced" || state.total != null ? resultText(state) : "";
  const text = state.error && look === "failed" ? state.error.message.replaceAll("`", "") : result || LOOKS[look].word;
  return (
    <span className={`wbc-footnote${look === "failed" ? " wbc-tone-failed" : ""}`} title={text} data-testid="block-result">
      {text}
    </span>
  );
}

function PortDot({ blockId, placed }: { blockId: string; placed: PlacedPort }) {
  const { port, kind, side, x, y, label, below } = placed;
  const fit = useConnecting(kind === "target" ? blockId : null, port.name);
  const cls = fit === null ? "" : fit.fits ? " wbc-fits" : " wbc-unfit";
  const kindWords = port.name === ERROR_PORT ? "error: fires when the block fails" : `${port.label || port.name}${port.type === "any" ? "" : ` · ${port.type}`}`;
  return (
    <Handle
      id={port.name}
      type={kind}
      position={side}
      isConnectableStart={kind === "source"}
      isConnectableEnd={kind === "target"}
      className={`wbc-port${port.name === ERROR_PORT ? " wbc-port-error" : ""}${port.region ? " wbc-port-region" : ""}${cls}`}
      style={{ left: x, top: y, right: "auto", bottom: "auto" }}
      title={fit && !fit.fits ? fit.reason : (fit?.fits && fit.note) || kindWords}
      aria-label={`${kind === "source" ? "output" : "input"} ${kindWords}`}
      data-testid={`port-${kind === "source" ? "out" : "in"}-${port.name}`}
    >
      {label && <span className={`wbc-port-label wbc-port-label-${side}${below ? " wbc-port-label-under" : ""}`}>{label}</span>}
    </Handle>
  );
}

function NameField({ block }: { block: Block }) {
  const session = useSession();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const leave = (save: boolean) => {
    if (save && field.current) session.renameBlock(block.id, field.current.value);
    else session.store.set({ renaming: null });
  };
  return (
    <input
      ref={field}
      className="wbc-name-field nodrag nokey"
      defaultValue={block.name}
      maxLength={200}
      aria-label="Block name"
      data-testid="block-name-field"
      autoFocus
      onBlur={() => leave(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter" || event.key === "Escape") {
          leave(event.key === "Enter");
          event.currentTarget.closest<HTMLElement>(".wbc")?.focus();
        }
      }}
    />
  );
}
