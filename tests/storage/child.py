"""A process that writes until a probe kills it. Prints a line for each thing that was acknowledged.

``python -m tests.storage.child HOME PROBE COUNT``: dies with SIGKILL when PROBE is passed for the COUNT-th time.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.storage.notes import LineAdded, open_store
from workbench.base.probe import listen


def tell(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


async def main(home: Path, point: str, count: int) -> None:
    store = open_store(home, segment_bytes=64 * 1024)
    store.attach_loop(asyncio.get_running_loop())
    left = count

    def hook(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    listen(hook)
    for i in range(400):
        store.append([LineAdded(f"a{i}"), LineAdded("x" * 200)])
        await store.append([LineAdded(f"b{i}")])
        tell(f"b{i}")
        if i % 5 == 0:
            await store.transact(lambda _, i=i: ([LineAdded(f"c{i}")], None))
            tell(f"c{i}")
        if i % 7 == 0:
            await asyncio.to_thread(store.values.put, os.urandom(50_000).hex())
            await store.barrier()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
