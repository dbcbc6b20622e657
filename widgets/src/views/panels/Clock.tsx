/** The time since an instant, in words, once a second. */

import { useEffect, useState } from "react";
import { formatMs } from "../../core/format";

export function Clock({ since }: { since: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <span>{formatMs(Math.max(0, now - Date.parse(since)))}</span>;
}
