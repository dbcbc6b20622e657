"""Taking writes again after a failed one, without a restart: the log is cut back to what was acknowledged.

After a failed write or sync nothing is known about its bytes, and reading them back proves nothing, for they may come
from a cache that the system will not write again. So they are zeroed, and the zeros synced: what was answered *unknown*
did not happen, and memory, DuckDB and log agree. (If the process ends first, the next start decides by what it finds.)
"""

from __future__ import annotations

import errno
from contextlib import suppress

from workbench.base.errors import StoreDamaged, Unavailable
from workbench.base.probe import probe
from workbench.storage.disk import Disk
from workbench.storage.segments import HEADER_BYTES, Segment, frame_at, write_zeros

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def cut_back(disk: Disk, segment: Segment, next_seq: int) -> Segment:
    """The segment, opened anew, with nothing behind its last acknowledged frame.

    Raises OSError while the disk still refuses, StoreDamaged when acknowledged frames cannot be read back.
    """
    probe("log.before_mending")
    with suppress(OSError):
        segment.close()
    file = disk.open(segment.path)
    try:
        data = file.read()
        position, last = HEADER_BYTES, None
        while position < segment.position and (found := frame_at(data, position, segment.salt)) is not None:
            position, last = found.end, found
        if position != segment.position or (last is not None and last.first + last.count != next_seq):
            raise StoreDamaged(
                f"After a failed write, facts that were durable cannot be read back ({segment.path.name}).",
                hint="Check the disk, then restart the server: reads go on, writes do not.",
            )
        write_zeros(file, position, segment.size)
        file.sync()
    except BaseException:
        with suppress(OSError):
            file.close()
        raise
    return Segment(segment.path, segment.index, segment.salt, file, segment.size, position)


def unknown(error: Exception) -> Unavailable:
    """What those in flight are told when a write has failed."""
    return Unavailable(
        f"The log could not be written ({error}); whether the last facts were kept is unknown.",
        hint="The log is read again and takes writes as soon as the disk does; look at /health, then read and repeat.",
        data={"outcome": "unknown"},
    )


def no_room(error: OSError, where: object) -> Unavailable:
    """What writers are told while the log cannot grow; nothing of theirs was written."""
    full = error.errno in _FULL
    return Unavailable(
        "The disk is full: nothing can be written." if full else f"The log cannot grow: {error}.",
        hint=f"Free space on the disk of {where}; writing goes on by itself." if full else "Look at /health.",
        data={"outcome": "not written"},
    )
