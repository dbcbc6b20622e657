/** All problems of a flow, worst first; one click goes to the place. */

import { countText, ranked } from "../../core/inspector/problems";
import type { Problem } from "../../core/inspector/types";
import { Empty } from "./parts";
import { Prose } from "./Prose";

export interface ProblemsListProps {
  problems: readonly Problem[];
  /** Shows the block, edge and field that a problem is about. */
  onPick(problem: Problem): void;
  onFix?(problem: Problem): void;
  /** Leaves out the heading with the count. */
  bare?: boolean;
}

export function ProblemsList({ problems, onPick, onFix, bare = false }: ProblemsListProps) {
  if (!problems.length) return <Empty>✓ No problems: this function can run.</Empty>;
  return (
    <section className="wb-problems" aria-label="Problems">
      {!bare && <h3 className="wb-heading">{countText(problems)}</h3>}
      <ul>
        {ranked(problems).map((problem, index) => {
          const error = problem.severity === "error";
          return (
            <li key={index} className="wb-problem">
              <button type="button" className="wb-problem-main" onClick={() => onPick(problem)} title="Go there">
                <span className={error ? "wb-tone-error" : "wb-tone-warn"} aria-hidden="true">
                  {error ? "✕" : "!"}
                </span>
                <span className="wb-problem-text">
                  <span className="wb-sr">{problem.severity}: </span>
                  <Prose text={problem.message} />
                  <span className="wb-problem-place">
                    {[
                      problem.blockName ?? problem.blockId,
                      problem.field?.replace(/^config\./, ""),
                      problem.edgeId && !problem.blockId ? `wire ${problem.edgeId}` : null,
                    ]
                      .filter(Boolean)
                      .join(" · ")}
                    {problem.code && <code>{problem.code}</code>}
                  </span>
                </span>
              </button>
              {problem.fix && onFix && (
                <button type="button" className="wb-button wb-fix-button" onClick={() => onFix(problem)}>
                  {problem.fix.label}
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
