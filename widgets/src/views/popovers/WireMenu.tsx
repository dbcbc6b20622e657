/** What can be done with the value on a wire. */

import { blockById, handleOf } from "../../core/flow";
import { useCanvas, useSession } from "../session";
import { Popover, type Place } from "./Popover";

export function WireMenu({ edgeId, at, onClose }: { edgeId: string; at: Place; onClose: () => void }) {
  const session = useSession();
  const edge = useCanvas((s) => s.flow.edges.find((e) => e.id === edgeId) ?? null);
  const hasKernel = useCanvas((s) => s.kernel);
  if (!edge) return null;
  const handle = handleOf(blockById(session.store.get().flow, edge.source)?.name ?? "");
  const value = session.kernel.valueOf(edge.source);
  const look = () => {
    onClose();
    session.select([], [edgeId]);
    session.inspect(edge.source, "out", edgeId);
  };
  const copy = () => {
    onClose();
    navigator.clipboard.writeText(`{{ ${handle} }}`).catch(() => session.say("Copying is not allowed here", "error"));
  };
  return (
    <Popover at={at} label="Value on the wire" testId="wire-menu" isMenu onClose={onClose}>
      <button type="button" role="menuitem" data-testid="wire-look" onClick={look}>
        Look at the value
      </button>
      {hasKernel && value && (
        <button type="button" role="menuitem" data-testid="wire-to-kernel" onClick={() => session.overlay({ kind: "kernel", value, at })}>
          Bring to the kernel…
        </button>
      )}
      <button type="button" role="menuitem" onClick={copy}>
        Copy the expression <kbd>{handle}</kbd>
      </button>
    </Popover>
  );
}
