/** Problems of one place, as lines under it. */

import type { Problem } from "../../core/inspector/types";
import { Prose } from "./Prose";

export interface ProblemLinesProps {
  problems: readonly Problem[];
  id?: string;
  onFix?: ((problem: Problem) => void) | undefined;
}

export function ProblemLines({ problems, id, onFix }: ProblemLinesProps) {
  if (!problems.length) return null;
  return (
    <ul className="wb-problem-lines" id={id}>
      {problems.map((problem, index) => (
        <li key={index} className={`wb-problem-line wb-tone-${problem.severity === "error" ? "error" : "warn"}`}>
          <span aria-hidden="true">{problem.severity === "error" ? "✕" : "!"}</span>
          <span>
            <span className="wb-sr">{problem.severity}: </span>
            <Prose text={problem.message} />
            {problem.fix && onFix && (
              <button type="button" className="wb-fix" onClick={() => onFix(problem)}>
                {problem.fix.label}
              </button>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
