/** Times of day as people say them. Pure. */

const two = (n: number) => String(n).padStart(2, "0");

/** `14:03:09` today, `yesterday 14:03`, else `24 Nov 14:03`; with the year when it is another. */
export function clockTime(at: string, now: Date): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  const days = Math.round((midnight(now) - midnight(time)) / 86_400_000);
  if (days === 0) return `${clock}:${two(time.getSeconds())}`;
  if (days === 1) return `yesterday ${clock}`;
  const month = time.toLocaleString("en-GB", { month: "short" });
  const year = time.getFullYear() === now.getFullYear() ? "" : ` ${time.getFullYear()}`;
  return `${time.getDate()} ${month}${year} ${clock}`;
}

function midnight(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}
