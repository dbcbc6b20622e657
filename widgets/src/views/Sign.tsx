/** A state's sign. The hourglass is drawn: many fonts lack it. */

import { Hourglass } from "lucide-react";
import { LOOKS, type Look } from "../core/format";

export function Sign({ look, size = 12 }: { look: Look; size?: number }) {
  return look === "waiting" ? <Hourglass size={size} strokeWidth={2} aria-hidden="true" className="wbc-line-icon wbc-sign-icon" /> : <>{LOOKS[look].sign}</>;
}
