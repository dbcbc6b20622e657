/** What lies over the board: adding, connecting, finding, the keys. */

import { useMemo } from "react";
import { inputsOf, outputsOf, blockById, ERROR_PORT } from "../../core/flow";
import { inputsOfFlow } from "../../core/inputs";
import { fitter, type Plug } from "../../core/ports";
import { cachedRegions } from "../../core/regions";
import { describe } from "../../core/describe";
import { findables } from "../../core/find";
import { shownState, type CanvasState } from "../../core/state";
import { BlockIcon } from "../BlockIcon";
import { useCanvas, useSession } from "../session";
import { BlockMenu } from "../popovers/BlockMenu";
import { BreakpointEditor } from "../popovers/BreakpointEditor";
import { ImportDialog } from "../bundles/ImportDialog";
import { ExtractAsk } from "../popovers/ExtractAsk";
import { MoreMenu } from "../popovers/MoreMenu";
import { KernelAsk } from "../popovers/KernelAsk";
import { RunForm } from "../popovers/RunForm";
import { WireMenu } from "../popovers/WireMenu";
import { Keys } from "./Keys";
import { groupTitle, inPaletteOrder } from "./categories";
import { Pick } from "./Pick";

export function Overlays({ onClosed }: { onClosed: () => void }) {
  const session = useSession();
  const overlay = useCanvas((s) => s.overlay);
  const close = () => {
    session.overlay(null);
    onClosed();
  };
  if (overlay?.kind === "add") return <AddPick after={overlay.after} at={overlay.at} onClose={close} />;
  if (overlay?.kind === "connect") return <ConnectPick from={overlay.after} onClose={close} />;
  if (overlay?.kind === "find") return <FindPick onClose={close} />;
  if (overlay?.kind === "breakpoint") return <BreakpointEditor key={overlay.blockId} blockId={overlay.blockId} at={overlay.at} onClose={close} />;
  if (overlay?.kind === "wire") return <WireMenu key={overlay.edgeId} edgeId={overlay.edgeId} at={overlay.at} onClose={close} />;
  if (overlay?.kind === "menu") return <BlockMenu key={overlay.blockId} blockId={overlay.blockId} at={overlay.at} onClose={close} />;
  if (overlay?.kind === "kernel") return <KernelAsk value={overlay.value} at={overlay.at} onClose={close} />;
  if (overlay?.kind === "inputs") return <InputsAsk debug={overlay.debug} at={overlay.at} onClose={close} />;
  if (overlay?.kind === "more") return <MoreMenu at={overlay.at} onClose={close} />;
  if (overlay?.kind === "extract") return <ExtractAsk at={overlay.at} onClose={close} />;
  if (overlay?.kind === "import") return <ImportDialog text={overlay.text} onClose={close} />;
  if (overlay?.kind === "keys") return <Keys onClose={close} />;
  return null;
}

function InputsAsk({ debug, at, onClose }: { debug: boolean; at: { x: number; y: number }; onClose: () => void }) {
  const flow = useCanvas((s) => s.flow);
  const form = useMemo(() => inputsOfFlow(flow), [flow]);
  return form && <RunForm form={form} debug={debug} at={at} onClose={onClose} />;
}

function AddPick({ after, at, onClose }: { after: Plug | null; at: { x: number; y: number } | null; onClose: () => void }) {
  const session = useSession();
  const types = useCanvas((s) => s.types);
  const source = useCanvas((s) => (after ? blockById(s.flow, after.blockId)?.name : undefined));
  const items = useMemo(
    () =>
      inPaletteOrder([...types.values()])
        .filter((type) => !after || !type.isTrigger)
        .map((type) => ({
          id: type.type,
          title: type.title,
          line: type.summary,
          icon: <BlockIcon name={type.icon} />,
          group: groupTitle(type.category),
          disabled: type.disabledReason ?? null,
        })),
    [types, after],
  );
  return (
    <Pick
      testId="quick-add"
      label="Add a block"
      placeholder={source ? `Add a block after “${source}”` : "Add a block"}
      items={items}
      empty="The server offers no blocks"
      onClose={onClose}
      onPick={(type) => {
        session.addBlock(type, at, after);
        onClose();
      }}
    />
  );
}

function ConnectPick({ from, onClose }: { from: Plug; onClose: () => void }) {
  const session = useSession();
  const flow = useCanvas((s) => s.flow);
  const types = useCanvas((s) => s.types);
  const items = useMemo(() => connectItems(flow, types, from.blockId), [flow, types, from.blockId]);
  return (
    <Pick
      testId="connect"
      label="Connect to"
      placeholder={`Connect “${blockById(flow, from.blockId)?.name ?? ""}” to`}
      items={items}
      empty="No block here can take this output"
      onClose={onClose}
      onPick={(id) => {
        const [port, blockId, input] = JSON.parse(id) as [string, string, string];
        session.connect({ blockId: from.blockId, port }, { blockId, port: input });
        onClose();
      }}
    />
  );
}

function connectItems(flow: CanvasState["flow"], types: CanvasState["types"], blockId: string) {
  const block = blockById(flow, blockId);
  if (!block) return [];
  const regions = cachedRegions(flow, types);
  const outputs = [...outputsOf(types.get(block.type), block).map((p) => p.name), ...(types.get(block.type)?.isTrigger ? [] : [ERROR_PORT])];
  return outputs.flatMap((port) => {
    const judge = fitter(flow, types, regions, { blockId, port });
    return flow.blocks.flatMap((target) =>
      inputsOf(types.get(target.type)).flatMap((input) => {
        const fit = judge({ blockId: target.id, port: input.name });
        if (!fit.fits && !fit.allowed) return [];
        const several = inputsOf(types.get(target.type)).length > 1;
        return [
          {
            id: JSON.stringify([port, target.id, input.name]),
            title: several ? `${target.name} · ${input.label || input.name}` : target.name,
            line: fit.fits ? describe(target, types.get(target.type)) : fit.reason,
            icon: <BlockIcon name={types.get(target.type)?.icon} />,
            group: `from ${port}`,
          },
        ];
      }),
    );
  });
}

function FindPick({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const flow = useCanvas((s) => s.flow);
  const types = useCanvas((s) => s.types);
  const items = useMemo(
    () =>
      flow.blocks.map((block) => ({
        id: block.id,
        title: block.name,
        line: describe(block, types.get(block.type)),
        icon: <BlockIcon name={types.get(block.type)?.icon} />,
        deep: findables(block, types.get(block.type), shownState(session.store.get(), block.id)),
      })),
    [flow, types, session],
  );
  return (
    <Pick
      testId="find"
      label="Find a block"
      placeholder="Find a block by its name, type, config or last value"
      items={items}
      empty="There is no block yet"
      onClose={onClose}
      onPick={(id) => {
        session.select([id]);
        onClose();
      }}
    />
  );
}
