"""`workbench export` and `workbench import`: functions to files and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from workbench.base.errors import InvalidInput, NotFound, WorkbenchError
from workbench.client.bench import Bench
from workbench.client.canvas import Canvas
from workbench.client.connecting import connect
from workbench.client.function import Function
from workbench.client.naming import find_named


def export_to(path: Path, names: Sequence[str], canvas: str | None, home: Path | None) -> int:
    """Write functions into a file; the exit code. Raises WorkbenchError."""
    try:
        return _export_to(path, names, canvas, home)
    except OSError as error:
        raise InvalidInput(f"Cannot write {path}: {error.strerror or error}.") from None


def _export_to(path: Path, names: Sequence[str], canvas: str | None, home: Path | None) -> int:
    with connect(home=home) as bench:
        on = _canvas(bench, canvas) if canvas is not None else None
        functions = [_function(bench, name, on) for name in names]
        if path.suffix == ".py":
            if len(functions) != 1:
                raise InvalidInput("A script is of one function.", hint="Name it: workbench export digest.py NAME")
            functions[0].save_as(path)
            Console(stderr=True).print(f"{path}: a script that makes {functions[0].name}", markup=False)
            return 0
        bundle = bench.export(*functions) if functions else bench.export(*([on] if on is not None else ()))
        bundle.save(path)
        Console(stderr=True).print(f"{path}: {bundle!r}", markup=False, highlight=False)
    return 0


def import_from(path: Path, on_conflict: str, canvas: str | None, home: Path | None, *, preview: bool) -> int:
    """Bring a file in, or say what that would do; the exit code. Raises WorkbenchError."""
    with connect(home=home) as bench:
        is_new = canvas is not None and next(find_named(bench.api, "/canvases", canvas), None) is None
        if preview and is_new:
            raise NotFound(
                f"There is no canvas “{canvas}” yet, and a preview makes none.",
                hint="Without --preview the import makes it; without --canvas you see what it brings.",
            )
        target = bench.canvas(canvas) if canvas is not None else None
        try:
            told = bench.import_(path, preview=preview, on_conflict=on_conflict, canvas=target)
        except WorkbenchError:
            if is_new and target is not None:
                target.delete()
            raise
        Console().print(repr(told), markup=False, highlight=False, soft_wrap=True)
        return 1 if told.counts["error"] else 0


def _canvas(bench: Bench, name: str) -> Canvas:
    found = next((c for c in bench.canvases() if c.name == name.strip()), None)
    if found is None:
        raise NotFound(
            f"There is no canvas “{name}”.", hint=f"There are {_listed([c.name for c in bench.canvases()])}."
        )
    return found


def _function(bench: Bench, name: str, canvas: Canvas | None) -> Function:
    """The function of this name. Raises NotFound, and InvalidInput where several have it."""
    told = find_named(bench.api, "/functions", name, canvasId=canvas.id if canvas is not None else None)
    found = [f["id"] for f in told]
    if not found:
        raise NotFound(f"There is no function “{name}”{f' on “{canvas.name}”' if canvas is not None else ''}.")
    if len(found) > 1:
        raise InvalidInput(f"{len(found)} functions are called “{name}”.", hint="Say on which canvas: --canvas NAME.")
    return bench.function_of(found[0])


def _listed(names: list[str]) -> str:
    return ", ".join(f"“{n}”" for n in names) or "none"
