"""`workbench secrets`: set, list, delete, rotate, whether a workbench runs or not."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path

from rich.console import Console

from workbench.base.errors import InvalidInput
from workbench.base.logs import configure
from workbench.client.connecting import connect


def set_value(name: str, description: str | None, home: Path | None) -> int:
    """Set a secret to what is typed, or to what standard input holds without one line end; the exit code."""
    configure("warning")
    value = _value(name)
    with connect(home=home) as bench:
        _say(f"Set: {bench.secrets.set(name, value, description)!r}")
    return 0


def show(home: Path | None) -> int:
    """List the secrets; the exit code."""
    configure("warning")
    with connect(home=home) as bench:
        found = bench.secrets.list()
        for secret in found:
            used = f"; named by {', '.join(secret.used_by)}" if secret.used_by else ""
            print(f"{secret!r}{used}")
        if not found:
            _say("There are no secrets. Set one: workbench secrets set NAME")
    return 0


def delete(name: str, home: Path | None) -> int:
    """Delete a secret; the exit code."""
    configure("warning")
    with connect(home=home) as bench:
        used = bench.secrets[name].used_by
        del bench.secrets[name]
    _say(f"Deleted {name}." + (f" These functions name it and will fail: {', '.join(used)}." if used else ""))
    return 0


def rotate(home: Path | None, *, keep_old_keys: bool) -> int:
    """Encrypt all secrets anew; the exit code, 1 when some could not be read."""
    configure("warning")
    with connect(home=home) as bench:
        told = bench.api.post("/secrets/rotate", {"keepOldKeys": keep_old_keys})
    kept = "The old keys are kept." if keep_old_keys else "The old key is gone: make a new backup."
    _say(f"Encrypted {told['rotated']} secret{'' if told['rotated'] == 1 else 's'} with a new key. {kept}")
    for name in told["unreadable"]:
        _say(f"{name} could not be read and is as it was: set it anew.")
    return 1 if told["unreadable"] else 0


def _value(name: str) -> str:
    if sys.stdin.isatty():
        return getpass(f"Value of {name} (it is not shown): ")
    try:
        value = sys.stdin.buffer.read(1024 * 1024).decode()
    except UnicodeDecodeError:
        raise InvalidInput("What came on standard input is not UTF-8 text.", hint="Encode it, as in base64.") from None
    return value.removesuffix("\n").removesuffix("\r")


def _say(text: str) -> None:
    Console(stderr=True).print(text, markup=False, highlight=False, soft_wrap=True)
