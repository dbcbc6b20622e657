/** What happens to typing that is not yet saved when the saved state changes underneath it. */

type Config = Record<string, unknown>;

export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => key in b && sameValue((a as Config)[key], (b as Config)[key]));
}

/**
 * The draft after the saved config moved from `base` to `incoming`: keys that were typed in since `base` stay as typed,
 * all others follow. Answers the draft itself when nothing changes, so that a rerender costs nothing.
 */
export function mergeDraft(draft: Config, base: Config, incoming: Config): Config {
  if (sameValue(base, draft)) return sameValue(draft, incoming) ? draft : incoming;
  const next: Config = {};
  for (const key of new Set([...Object.keys(incoming), ...Object.keys(draft)])) {
    const typed = !sameValue(draft[key], base[key]) || key in draft !== key in base;
    const source = typed ? draft : incoming;
    if (key in source) next[key] = source[key];
  }
  return sameValue(next, draft) ? draft : next;
}
