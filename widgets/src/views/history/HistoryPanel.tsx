/** In the inspector's place: what was done to the function, its versions, and the snapshots kept of it. */

import { actionOf } from "../../core/keymap";
import type { HistoryTab } from "../../core/state";
import { IconButton } from "../inspector/parts";
import { useCanvas, useSession } from "../session";
import { ChangesList } from "./ChangesList";
import { ComparisonDetail } from "./ComparisonDetail";
import { SnapshotsList } from "./SnapshotsList";

const TABS: readonly { id: HistoryTab; title: string }[] = [
  { id: "changes", title: "Changes" },
  { id: "snapshots", title: "Snapshots" },
];

export function HistoryPanel({ onLeave }: { onLeave: () => void }) {
  const session = useSession();
  const tab = useCanvas((s) => s.historyPanel) ?? "changes";
  const name = useCanvas((s) => s.fn?.name ?? "");
  const comparison = useCanvas((s) => s.comparison);
  const close = () => {
    session.closeInspector();
    onLeave();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const action = actionOf(event);
    if ((action === "undo" || action === "redo") && !(event.target as HTMLElement).matches("input, textarea")) {
      event.preventDefault();
      event.stopPropagation();
      void session.history[action]();
      return;
    }
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.stopPropagation();
    (event.target as HTMLElement).blur();
    if (comparison) session.history.close();
    else close();
  };
  const onTabKey = (event: React.KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    const other = TABS.find((t) => t.id !== tab)!;
    session.inspectHistory(other.id);
    event.currentTarget.querySelector<HTMLElement>(`[data-tab=${other.id}]`)?.focus();
  };
  return (
    <aside
      className="wb-inspector wbc-history nokey nowheel nodrag nopan"
      aria-label="History"
      data-testid="history-panel"
      data-lm-suppress-shortcuts="true"
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      {comparison ? (
        <ComparisonDetail comparison={comparison} />
      ) : (
        <>
          <header className="wb-inspector-head">
            <div className="wb-inspector-title">
              <h2 className="wbc-fn-name">History</h2>
              <IconButton icon="cross" label="Close the panel (Esc)" onClick={close} />
            </div>
            <div className="wb-inspector-sub">
              <span className="wbc-history-of" title={name}>{name}</span>
            </div>
          </header>
          <div className="wb-tabs" role="tablist" aria-label="History" onKeyDown={onTabKey}>
            {TABS.map(({ id, title }) => (
              <button
                key={id}
                type="button"
                role="tab"
                data-tab={id}
                aria-selected={id === tab}
                tabIndex={id === tab ? 0 : -1}
                className={`wb-tab${id === tab ? " wb-on" : ""}`}
                onClick={() => session.inspectHistory(id)}
              >
                {title}
              </button>
            ))}
          </div>
          <div className="wb-inspector-body wbc-history-body" role="tabpanel" aria-label={TABS.find((t) => t.id === tab)!.title}>
            {tab === "changes" ? <ChangesList /> : <SnapshotsList />}
          </div>
        </>
      )}
    </aside>
  );
}
