/** Says that the board shows two versions over each other, and leads back. */

import { countWords, MARKS, type Comparison, type Mark } from "../../core/compare";
import { useSession } from "../session";

export function ComparisonBanner({ comparison }: { comparison: Comparison }) {
  const session = useSession();
  const marks = new Set([...Object.values(comparison.session.store.get().marks?.blocks ?? {}), ...Object.values(comparison.session.store.get().marks?.edges ?? {})]);
  return (
    <div className="wbc-banner" role="status" data-testid="comparison">
      <span>
        <strong>
          v{comparison.from} → v{comparison.to}
        </strong>{" "}
        <span className="wbc-quiet">{countWords(comparison.diff)}</span>
      </span>
      <span className="wbc-legend" aria-hidden="true">
        {(Object.keys(MARKS) as Mark[]).filter((mark) => marks.has(mark)).map((mark) => (
          <span key={mark} className={`wbc-legend-${mark}`}>
            <i>{MARKS[mark].sign}</i> {MARKS[mark].word}
          </span>
        ))}
      </span>
      <span className="wbc-banner-acts">
        <button type="button" className="wbc-button" data-testid="comparison-close" title="Back to the function as it is (Esc)" onClick={() => session.history.close()}>
          Back
        </button>
      </span>
    </div>
  );
}
