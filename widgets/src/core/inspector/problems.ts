/** Which problems belong to which place. */

import { isUnder, parsePath, type Step } from "./paths";
import type { Problem } from "./types";

/** The place of a problem inside its block's config, or null when it is about something else. */
export function configPath(problem: Problem): Step[] | null {
  if (!problem.field) return null;
  const steps = parsePath(problem.field);
  if (steps[0] === "config") return steps.slice(1);
  return steps[0] === "name" || steps[0] === "policy" ? null : steps;
}

/** Problems at exactly this place. */
export function problemsAt(problems: readonly Problem[], steps: readonly Step[]): Problem[] {
  return problems.filter((problem) => {
    const path = configPath(problem);
    return path !== null && path.length === steps.length && isUnder(path, steps);
  });
}

/** Problems at this place or inside it. */
export function problemsUnder(problems: readonly Problem[], steps: readonly Step[]): Problem[] {
  return problems.filter((problem) => {
    const path = configPath(problem);
    return path !== null && isUnder(path, steps);
  });
}

/** Problems that no field of the form shows: those without a field, or about a field that the form does not have. */
export function problemsElsewhere(problems: readonly Problem[], names: ReadonlySet<string>): Problem[] {
  return problems.filter((problem) => {
    const path = configPath(problem);
    return path === null || typeof path[0] !== "string" || !names.has(path[0]);
  });
}

/** Errors first, then as they came. */
export function ranked(problems: readonly Problem[]): Problem[] {
  return [...problems.filter((p) => p.severity === "error"), ...problems.filter((p) => p.severity !== "error")];
}

export function countText(problems: readonly Problem[]): string {
  const errors = problems.filter((p) => p.severity === "error").length;
  const warnings = problems.length - errors;
  const parts = [];
  if (errors) parts.push(`${errors} ${errors === 1 ? "error" : "errors"}`);
  if (warnings) parts.push(`${warnings} ${warnings === 1 ? "warning" : "warnings"}`);
  return parts.join(", ") || "No problems";
}
