/** The way into functions that blocks call: `daily digest › price of one (v3)`; a click goes back there. */

import { Fragment, useSyncExternalStore } from "react";
import { wayInto } from "../../core/inner";
import type { CanvasSession } from "../../core/session";
import { useCanvas, useSession } from "../session";

export function Trail() {
  const session = useSession();
  const name = useCanvas((s) => s.fn?.name ?? "");
  const inner = useCanvas((s) => s.inner);
  if (!inner) return null;
  return <Way session={session} name={name} />;
}

function Way({ session, name }: { session: CanvasSession; name: string }) {
  const way = useWay(session);
  return (
    <nav className="wbc-trail" aria-label="Way into the functions that are called" data-testid="trail">
      <button type="button" onClick={() => session.closeInner()} title="Back to this function (Esc)">
        {name}
      </button>
      {way.map((place, i) => (
        <Fragment key={place.session.running.rootPath}>
          <span aria-hidden="true">›</span>
          {i === way.length - 1 ? (
            <span aria-current="page">
              {place.name} <span className="wbc-quiet">v{place.version}</span>
            </span>
          ) : (
            <button type="button" onClick={() => place.session.closeInner()}>
              {place.name}
            </button>
          )}
        </Fragment>
      ))}
      <span className="wbc-quiet wbc-trail-note">read only</span>
    </nav>
  );
}

/** The open inner functions, drawn again when any of them goes further in or back. */
function useWay(session: CanvasSession) {
  const subscribe = (told: () => void) => {
    const leave = [session, ...wayInto(session).map((p) => p.session)].map((s) => s.store.subscribe(told));
    return () => leave.forEach((stop) => stop());
  };
  useSyncExternalStore(subscribe, () => wayInto(session).map((p) => p.session.running.rootPath).join("|"));
  return wayInto(session);
}
