/** Finding block types and blocks by typing: letters in order, better matches first. Pure. */

/** How well `query` fits `text`; null when it does not. Higher is better. */
export function score(query: string, text: string): number | null {
  const wanted = query.trim().toLowerCase();
  const where = text.toLowerCase();
  if (!wanted) return 0;
  const at = where.indexOf(wanted);
  if (at === 0) return 100;
  if (at > 0) return /[\s_-]/.test(where[at - 1]!) ? 80 : 60;
  let from = 0;
  for (const letter of wanted) {
    const next = where.indexOf(letter, from);
    if (next < 0) return null;
    from = next + 1;
  }
  return wanted.length > 2 ? 20 : null;
}

/** The items that fit, best first; each item gives its texts, the first of which counts double. */
export function search<T>(query: string, items: readonly T[], texts: (item: T) => string[]): T[] {
  return items
    .map((item, order) => {
      const scores = texts(item).map((text, i) => (score(query, text) ?? -1) * (i === 0 ? 2 : 1));
      return { item, order, best: Math.max(...scores) };
    })
    .filter((found) => found.best >= 0)
    .sort((a, b) => b.best - a.best || a.order - b.order)
    .map((found) => found.item);
}
