/** Field paths such as `conditions[0].field`: reading, writing, and finding a config's value by them. */

export type Step = string | number;

/** `config.conditions[0].field` and `conditions[0].field` are the same place in a config. */
export function parsePath(text: string): Step[] {
  const steps: Step[] = [];
  for (const match of text.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)) {
    if (match[1] !== undefined) steps.push(Number(match[1]));
    else if (match[2] !== undefined) steps.push(JSON.parse(`"${match[2]}"`) as string);
    else if (match[3] !== undefined) steps.push(match[3]);
  }
  return steps;
}

export function formatPath(steps: readonly Step[]): string {
  let text = "";
  for (const step of steps) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text ? `.${step}` : step;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

export function getAt(value: unknown, steps: readonly Step[]): unknown {
  let here: unknown = value;
  for (const step of steps) {
    if (here === null || typeof here !== "object") return undefined;
    here = (here as Record<Step, unknown>)[step];
  }
  return here;
}

/** A copy of `value` with `next` at the path; `undefined` takes the key away. Everything else is kept as it is. */
export function setAt(value: unknown, steps: readonly Step[], next: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return next;
  if (typeof step === "number") {
    const list = Array.isArray(value) ? value.slice() : [];
    if (!rest.length && next === undefined) list.splice(step, 1);
    else list[step] = setAt(list[step], rest, next);
    return list;
  }
  const object = value !== null && typeof value === "object" && !Array.isArray(value) ? { ...value } : {};
  const record = object as Record<string, unknown>;
  if (!rest.length && next === undefined) delete record[step];
  else record[step] = setAt(record[step], rest, next);
  return record;
}

/** Whether `path` is `under` itself or something inside it. */
export function isUnder(path: readonly Step[], under: readonly Step[]): boolean {
  return path.length >= under.length && under.every((step, index) => path[index] === step);
}

/** A list with one entry moved to another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = list.slice();
  const [entry] = next.splice(from, 1);
  if (entry !== undefined || from < list.length) next.splice(to, 0, entry as T);
  return next;
}
