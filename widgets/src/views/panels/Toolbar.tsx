/** The bar on top: what this is and whether it is saved; run and debug; edit and view. */

import {
  ArrowDownToDot, ArrowUpFromDot, Bug, Ellipsis, History, Info, Keyboard, LayoutDashboard, Lock, Maximize2, Minimize2, Play, Redo2, RedoDot, RotateCcw, Search, SkipForward, Square, Undo2,
  UndoDot, type LucideIcon,
} from "lucide-react";
import { useState } from "react";
import { mayRetry } from "../../core/again";
import { hasEnded } from "../../core/format";
import { keysOf } from "../../core/keymap";
import type { Saving } from "../../core/state";
import { undoWords } from "../../core/history";
import { isMac, useCanvas, useSession } from "../session";

interface Props {
  act: (action: string) => void;
  fullscreen: boolean;
}

export function Toolbar({ act, fullscreen }: Props) {
  const run = useCanvas((s) => s.view?.run ?? null);
  const busy = useCanvas((s) => s.busy);
  const undo = useCanvas((s) => s.undo);
  const redo = useCanvas((s) => s.redo);
  const paused = useCanvas((s) => s.view?.debug?.status === "paused");
  const canBack = useCanvas((s) => s.view?.debug?.canStepBack !== false);
  const panel = useCanvas((s) => s.functionPanel && !s.inspector);
  const history = useCanvas((s) => s.historyPanel !== null && !s.inspector);
  const locked = useCanvas((s) => s.locked);
  const session = useSession();
  const going = run !== null && !hasEnded(run.status);
  const debugging = going && run.debug;
  const again = mayRetry(run);
  const tool = (action: string, label: string, icon: LucideIcon, more: Partial<ToolProps> = {}) => (
    <Tool action={action} label={label} icon={icon} onClick={() => act(action)} busy={busy === action} {...more} />
  );
  return (
    <div className="wbc-toolbar" role="toolbar" aria-label="Canvas" data-testid="toolbar">
      <Title />
      <div className="wbc-tools wbc-tools-run">
        {debugging ? (
          tool("debug", "Continue", SkipForward, { words: "Continue", primary: true, disabled: !paused, busy: busy === "continue", testId: "tool-continue" })
        ) : (
          <>
            {tool("run", "Run", Play, { words: "Run", primary: !again, disabled: going, onClick: () => act("askRun") })}
            {again && tool("retry", `Go on from the failure: what is done is reused${run?.status === "cancelled" ? " (it was cancelled)" : ""}`, RotateCcw, { words: "Retry", primary: true })}
            {tool("debug", "Debug", Bug, { words: "Debug", disabled: going, onClick: () => act("askDebug") })}
          </>
        )}
        {debugging && (
          <span className="wbc-tools wbc-steps" role="group" aria-label="Step">
            {tool("over", "Step over", RedoDot, { disabled: !paused })}
            {tool("into", "Step into", ArrowDownToDot, { disabled: !paused })}
            {tool("out", "Step out", ArrowUpFromDot, { disabled: !paused })}
            {tool("back", "Step back", UndoDot, { disabled: !paused || !canBack })}
          </span>
        )}
        {run?.status === "cancelling" ? (
          <span className="wbc-quiet wbc-cancelling" role="status" data-testid="cancelling" title="Running effects end first; nothing goes on afterwards">
            cancelling…
          </span>
        ) : (
          going && <Tool action="cancel" label="Cancel the run" icon={Square} busy={busy === "cancel"} onClick={() => void session.running.cancel()} danger />
        )}
      </div>
      <div className="wbc-tools wbc-tools-edit">
        {tool("undo", undo ? undoWords("Undo", undo) : "Nothing to undo", Undo2, { disabled: !undo || locked })}
        {tool("redo", redo ? undoWords("Redo", redo) : "Nothing to redo", Redo2, { disabled: !redo || locked })}
        {tool("function", "The function: variables, inputs, last runs", Info, { pressed: panel })}
        {tool("history", "History: changes, versions, snapshots", History, { pressed: history })}
        {tool("find", "Find a block", Search)}
        {tool("tidy", "Tidy the layout", LayoutDashboard)}
        {tool("help", "Keys", Keyboard, { extra: true })}
        {locked && tool("lock", "Locked: unlock to edit", Lock, { pressed: true })}
        {tool("more", "More: export, import, notes, groups, lock", Ellipsis)}
        {tool("fullscreen", fullscreen ? "Back into the page" : "Fill the window", fullscreen ? Minimize2 : Maximize2)}
      </div>
    </div>
  );
}

interface ToolProps {
  action: string;
  label: string;
  icon: LucideIcon;
  onClick: () => void;
  words?: string;
  primary?: boolean;
  danger?: boolean;
  disabled?: boolean;
  busy?: boolean;
  extra?: boolean;
  pressed?: boolean;
  testId?: string;
}

function Tool({ action, label, icon: Icon, onClick, words, primary, danger, disabled, busy, extra, pressed, testId }: ToolProps) {
  const keys = keysOf(action, isMac);
  return (
    <button
      type="button"
      className={`wbc-tool${primary ? " wbc-tool-primary" : ""}${danger ? " wbc-tool-danger" : ""}${extra ? " wbc-tool-extra" : ""}`}
      title={keys ? `${label} (${keys})` : label}
      aria-label={label}
      aria-keyshortcuts={keys ? keys.replace("Ctrl", "Control") : undefined}
      aria-busy={busy || undefined}
      aria-pressed={pressed}
      disabled={disabled || busy}
      data-testid={testId ?? `tool-${action}`}
      onClick={onClick}
    >
      <Icon size={16} strokeWidth={1.9} aria-hidden="true" className={busy ? "wbc-busy" : ""} />
      {words && <span className="wbc-tool-words">{words}</span>}
    </button>
  );
}

const SAVING_WORDS: Record<Saving, string> = {
  saved: "saved",
  dirty: "saving…",
  saving: "saving…",
  offline: "offline, will retry",
  refused: "not saved",
  conflict: "changed elsewhere",
};

function Title() {
  const session = useSession();
  const name = useCanvas((s) => s.fn?.name ?? "");
  const version = useCanvas((s) => s.fn?.version ?? null);
  const saving = useCanvas((s) => s.saving);
  const note = useCanvas((s) => s.savingNote);
  const [editing, setEditing] = useState(false);
  const rename = (text: string) => {
    setEditing(false);
    const wanted = text.trim();
    if (wanted && wanted !== name) session.rename(wanted);
  };
  return (
    <div className="wbc-title">
      {editing ? (
        <input
          className="wbc-title-field nokey"
          defaultValue={name}
          autoFocus
          maxLength={200}
          aria-label="Function name"
          data-testid="function-name-field"
          onFocus={(event) => event.target.select()}
          onBlur={(event) => rename(event.target.value)}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === "Enter") event.currentTarget.blur();
            if (event.key === "Escape") setEditing(false);
          }}
        />
      ) : (
        <button type="button" className="wbc-title-name" title={`${name}: click to rename the function`} data-testid="function-name" onClick={() => setEditing(true)}>
          {name}
        </button>
      )}
      {version !== null && (
        <span className={`wbc-saving wbc-saving-${saving}`} role="status" title={note ?? `Version ${version}, ${SAVING_WORDS[saving]}`} data-testid="saving" data-saving={saving}>
          v{version} · {SAVING_WORDS[saving]}
        </span>
      )}
    </div>
  );
}
