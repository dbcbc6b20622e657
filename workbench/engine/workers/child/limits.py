"""What a worker asks of its system: an end with its parent, a bound on memory, a look at what is left running."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

SLACK = 1 << 30
"""How far code could raise its own limit: the hard limit stands this far above the soft one."""


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends (Linux). Elsewhere the closed pipe does it."""
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it ended before the kernel was asked
        os._exit(1)


def end_group() -> None:
    """Kill this process and all that it started in its group."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def address_space() -> int | None:
    """Bytes of address space in use, or None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def bound_memory(growth: int) -> str:
    """Let the address space grow by `growth` bytes from here.

    Answers ``bound``, ``unsupported`` (the server must watch), or ``stale`` (an earlier job's hard limit is in the
    way: this process cannot serve).
    """
    used = address_space()
    if used is None:
        return "unsupported"
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = used + growth
    if hard != resource.RLIM_INFINITY and wanted > hard:
        return "stale"
    ceiling = wanted + SLACK if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_AS, (wanted, ceiling))
    return "bound"


def unbound_memory() -> None:
    """Raise the soft limit back to the hard one, so that the answer can be packed."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def left_running(threads_before: int) -> bool:
    """Whether code left threads or child processes behind."""
    if threading.active_count() > threads_before:
        return True
    tasks = Path("/proc/self/task")
    if tasks.is_dir():
        for task in tasks.iterdir():
            with suppress(OSError):
                if (task / "children").read_text().strip():
                    return True
        return False
    with suppress(ImportError):
        import psutil

        return bool(psutil.Process().children())
    return False
