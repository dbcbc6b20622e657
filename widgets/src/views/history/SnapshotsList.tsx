/** Kept states of the function under names: keep one, mark, tag, compare, restore, delete. */

import { Star } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { readTags } from "../../core/history";
import { clockTime } from "../../core/when";
import type { Snapshot } from "../../core/wire";
import { useCanvas, useSession } from "../session";
import { moveByArrows } from "./ChangesList";

export function SnapshotsList() {
  const session = useSession();
  const [all, setAll] = useState<readonly Snapshot[] | null>(null);
  const [only, setOnly] = useState<{ favourites: boolean; tag: string | null }>({ favourites: false, tag: null });
  const read = useCallback(() => {
    session.hub.api.editing.snapshots(session.functionId).then(setAll, (problem: unknown) => session.running.complain(problem));
  }, [session]);
  useEffect(read, [read]);
  const act = (what: () => Promise<unknown>) => void what().then(read, (problem: unknown) => session.running.complain(problem));
  const tags = [...new Set(all?.flatMap((s) => s.tags) ?? [])].sort();
  const shown = all?.filter((s) => (!only.favourites || s.isFavorite) && (!only.tag || s.tags.includes(only.tag))) ?? [];
  return (
    <>
      <NewSnapshot onTake={(name, wanted) => act(async () => (await session.document.flush(), await session.hub.api.editing.takeSnapshot(session.functionId, { name, tags: wanted })))} />
      {all !== null && all.length > 1 && (
        <div className="wbc-filter" role="group" aria-label="Show only">
          <button type="button" className="wbc-tag-button" aria-pressed={only.favourites} onClick={() => setOnly({ ...only, favourites: !only.favourites })}>
            ★ favourites
          </button>
          {tags.map((tag) => (
            <button key={tag} type="button" className="wbc-tag-button" aria-pressed={only.tag === tag} onClick={() => setOnly({ ...only, tag: only.tag === tag ? null : tag })}>
              {tag}
            </button>
          ))}
        </div>
      )}
      {all === null && <p className="wb-help">Reading the snapshots…</p>}
      {all?.length === 0 && <p className="wb-help">None yet. A snapshot keeps the function as it is now under a name, to compare with or go back to.</p>}
      {all !== null && all.length > 0 && shown.length === 0 && <p className="wb-help">No snapshot fits.</p>}
      <ul className="wbc-changes" aria-label="Snapshots, newest first" onKeyDown={moveByArrows}>
        {shown.map((snapshot) => (
          <SnapshotRow key={snapshot.id} snapshot={snapshot} act={act} />
        ))}
      </ul>
    </>
  );
}

function NewSnapshot({ onTake }: { onTake: (name: string, tags: string[]) => void }) {
  const [name, setName] = useState("");
  const [tags, setTags] = useState("");
  const take = () => {
    if (!name.trim()) return;
    onTake(name.trim(), readTags(tags));
    setName("");
    setTags("");
  };
  return (
    <div
      className="wbc-new-snapshot"
      role="group"
      aria-label="A new snapshot"
      onKeyDown={(event) => {
        if (event.key !== "Enter" || (event.target as HTMLElement).tagName !== "INPUT") return;
        event.preventDefault();
        take();
      }}
    >
      <input className="wbc-field" value={name} placeholder="Keep this state as…" maxLength={200} aria-label="Name of the new snapshot" data-testid="snapshot-name" onChange={(event) => setName(event.target.value)} />
      <input className="wbc-field" value={tags} placeholder="tags, with commas" aria-label="Tags of the new snapshot" data-testid="snapshot-new-tags" onChange={(event) => setTags(event.target.value)} />
      <button type="button" className="wbc-button" disabled={!name.trim()} data-testid="snapshot-take" onClick={take}>
        Keep
      </button>
    </div>
  );
}

function SnapshotRow({ snapshot, act }: { snapshot: Snapshot; act: (what: () => Promise<unknown>) => void }) {
  const session = useSession();
  const { editing } = session.hub.api;
  const now = useCanvas((s) => s.fn?.version ?? 0);
  const [tagging, setTagging] = useState(false);
  const [sure, setSure] = useState(false);
  const { id, name, tags, isFavorite, version, createdAt } = snapshot;
  return (
    <li className="wbc-change wbc-snapshot" data-testid="snapshot">
      <button
        type="button"
        className={`wbc-star${isFavorite ? " wbc-star-on" : ""}`}
        aria-pressed={isFavorite}
        title={isFavorite ? "No favourite any more" : "Mark as a favourite"}
        aria-label={`Favourite: ${name}`}
        data-testid="snapshot-favourite"
        onClick={() => act(() => editing.favourite(id, !isFavorite))}
      >
        <Star size={14} fill={isFavorite ? "currentColor" : "none"} aria-hidden="true" />
      </button>
      <button type="button" className="wbc-change-main" disabled={version === now} title={version === now ? "The function is as it was kept" : "Show on the canvas what became different since"} onClick={() => void session.history.compare(version, now)}>
        <span className="wbc-change-label">{name}</span>
        <span className="wbc-change-version">v{version}{version === now && " · now"}</span>
        <span className="wbc-change-who">{clockTime(createdAt, new Date())}</span>
        {snapshot.description && <span className="wbc-change-message">{snapshot.description}</span>}
      </button>
      {tagging ? (
        <input
          className="wbc-field wbc-tag-field"
          autoFocus
          defaultValue={tags.join(", ")}
          aria-label={`Tags of ${name}`}
          data-testid="snapshot-tags-field"
          onBlur={(event) => {
            setTagging(false);
            const wanted = readTags(event.target.value);
            if (wanted.join() !== tags.join()) act(() => editing.tag(id, wanted));
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") event.currentTarget.blur();
            if (event.key === "Escape") {
              event.preventDefault();
              setTagging(false);
            }
          }}
        />
      ) : (
        <span className="wbc-snapshot-foot">
          <button type="button" className="wbc-tags" title="Change the tags" aria-label={tags.length ? `Tags: ${tags.join(", ")}` : "Add tags"} data-testid="snapshot-tags" onClick={() => setTagging(true)}>
            {tags.length ? tags.map((tag) => <span key={tag} className="wbc-tag">{tag}</span>) : <span className="wbc-quiet">+ tag</span>}
          </button>
          <span className="wbc-space" />
          {version !== now && (
            <button type="button" className="wb-text-button" title="Make it the newest version; undo takes that back" data-testid="snapshot-restore" onClick={() => act(() => session.history.restoreSnapshot(id))}>
              Restore
            </button>
          )}
          <button type="button" className="wb-text-button" title="Delete the snapshot; the function stays as it is" data-testid="snapshot-delete" onBlur={() => setSure(false)} onClick={() => (sure ? act(() => editing.dropSnapshot(id)) : setSure(true))}>
            {sure ? "Really delete?" : "Delete"}
          </button>
        </span>
      )}
    </li>
  );
}
