/** The smallest observable store: one immutable state, replaced as a whole. */

export class Store<T extends object> {
  private listeners = new Set<() => void>();

  constructor(private state: T) {}

  get = (): T => this.state;

  /** Merges `changes` in; listeners hear of it once, and only when something changed. */
  set = (changes: Partial<T>): void => {
    const differs = (Object.keys(changes) as (keyof T)[]).some((key) => !Object.is(this.state[key], changes[key]));
    if (!differs) return;
    this.state = { ...this.state, ...changes };
    for (const listener of [...this.listeners]) listener();
  };

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}
