/** What an empty board says: how to begin. */

import { usableExamples } from "../../core/examples";
import type { Command } from "../../core/commands";
import { useCanvas, useSession } from "../session";

export function EmptyState({ onFit }: { onFit: () => void }) {
  const session = useSession();
  const empty = useCanvas((s) => s.phase === "ready" && s.flow.blocks.length === 0);
  const types = useCanvas((s) => s.types);
  if (!empty || types.size === 0) return null;
  const start = (id: string) => {
    const example = usableExamples(types).find((e) => e.id === id);
    if (!example) return;
    session.edit([
      ...example.flow.blocks.map((block): Command => ({ type: "ADD_BLOCK", block })),
      ...example.flow.edges.map((edge): Command => ({ type: "ADD_EDGE", edge })),
    ]);
    onFit();
  };
  return (
    <div className="wbc-empty" data-testid="empty-state">
      <p>
        Press <kbd>/</kbd> to add a block, or start from an example
      </p>
      <div className="wbc-examples">
        {usableExamples(types).map((example) => (
          <button key={example.id} type="button" className="wbc-example" data-testid={`example-${example.id}`} title={`Start from “${example.title}”`} onClick={() => start(example.id)}>
            <strong>{example.title}</strong>
            <span>{example.line}</span>
          </button>
        ))}
      </div>
    </div>
  );
}
