/** Says that the board shows two versions over each other, and leads back. */

import { counted, MARKS, type Comparison } from "../../core/compare";
import { useSession } from "../session";

export function ComparisonBanner({ comparison }: { comparison: Comparison }) {
  const session = useSession();
  const parts = counted(comparison.diff);
  return (
    <div className="wbc-banner wbc-comparison" role="status" data-testid="comparison">
      <strong>
        v{comparison.from} → v{comparison.to}
      </strong>
      <span className="wbc-legend">
        {parts.map(({ mark, words }) => (
          <span key={words} className={mark ? `wbc-legend-${mark}` : "wbc-quiet"}>
            {mark && <i aria-hidden="true">{MARKS[mark].sign}</i>} {words}
          </span>
        ))}
        {parts.length === 0 && <span className="wbc-quiet">nothing differs</span>}
      </span>
      <span className="wbc-banner-acts">
        <button type="button" className="wbc-button" data-testid="comparison-close" title="Back to the function as it is (Esc)" onClick={() => session.history.close()}>
          Back
        </button>
      </span>
    </div>
  );
}
