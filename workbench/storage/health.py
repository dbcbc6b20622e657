"""How a store is: what `/health` and `/metrics` show of it."""

from __future__ import annotations

from typing import Any

from workbench.storage.apply import Applier
from workbench.storage.copies import Copies
from workbench.storage.log import Log
from workbench.storage.reader import Reader
from workbench.storage.space import Space


def describe(
    log: Log, applier: Applier, reader: Reader, copies: Copies, space: Space, *, closed: bool
) -> dict[str, Any]:
    """``ok``, the ``reasons`` why not (each with the next act), and figures. JSON-ready, without secrets."""
    refusal = log.refusal
    unapplied = applier.unapplied
    reasons: list[str] = []
    if refusal is not None:
        reasons.append(f"{refusal.message} {refusal.hint or ''}".strip())
    if applier.failure is not None:
        reasons.append(
            f"The database cannot be written: {applier.failure}. Free space on the disk; if that does not help, "
            "restart the server: the log has everything."
        )
    if reader.corruption is not None:
        reasons.append(
            f"The database is damaged: {reader.corruption}. Restart the server: it replaces the database by a verified "
            "copy and the log."
        )
    if not applier.is_alive and not closed:
        reasons.append("The apply thread has ended. Restart the server.")
    unknown = sum(applier.unknown.values())
    if unknown:
        tags = ", ".join(map(str, sorted(applier.unknown)))
        reasons.append(
            f"{unknown} facts are of kinds that this workbench does not know ({tags}): a newer version wrote them. "
            "They stand in unapplied_facts; install that version and restart, and they are applied."
        )
    if unapplied > unknown:
        reasons.append(f"{unapplied - unknown} facts could not be applied; they stand in unapplied_facts.")
    if copies.failure is not None:
        reasons.append(f"The last copy of the database could not be made: {copies.failure}")
    if not closed and space.is_low:
        reasons.append(f"Only {space.free() >> 20} MiB of the disk are free: new work is refused. Free space.")
    newest = copies.kept[-1] if copies.kept else None
    return {
        "ok": not reasons,
        "reasons": reasons,
        "writable": refusal is None,
        "durableSeq": log.durable.seq,
        "appliedSeq": applier.progress.applied,
        "unapplied": unapplied,
        "freeBytes": space.free() if not closed else None,
        "minFreeBytes": space.floor,
        "syncs": log.syncs,
        "syncSeconds": round(log.sync_times.total_s, 6),
        "largestGroup": log.largest_group,
        "bytesWritten": log.bytes_written,
        "reopened": log.reopened,
        "copies": len(copies.kept),
        "copiesMade": copies.made,
        "lastCopySeq": newest.seq if newest else None,
        "lastCopyAt": newest.made_at if newest else None,
    }
