"""Reading a bundle that anybody may have written: what is wrong is said with its place, and nothing is believed.

What spoils the whole (format, size, depth, checksum, ids of items) is refused; what is wrong with one function stands
with it, so that the others can still be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, cast

from pydantic import Field, StringConstraints, ValidationError

from workbench.base.errors import InvalidInput, Issue
from workbench.base.sentences import sentence
from workbench.base.wire import Flag, Wire
from workbench.flow.bundles.form import (
    FORMAT,
    MOST_BLOCKS,
    MOST_CANVASES,
    MOST_DEPTH,
    MOST_FUNCTIONS,
    VERSION,
    checksum_of,
    put_together,
)
from workbench.flow.bundles.loops import add_call_loops, loops_of
from workbench.flow.bundles.migrations import MIGRATIONS, migrated
from workbench.flow.commands import Description, Status
from workbench.flow.model import MAX_BLOCKS, Block, Edge, Flow, FlowId, Name, Policy
from workbench.flow.validation import check_structure

MOST_ISSUES = 100
PARTS = ("canvases", "checksum", "format", "formatVersion", "functions", "keyOrder", "layout", "references", "withheld")
SourceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
WireT = TypeVar("WireT", bound=Wire)


class BundleCanvas(Wire):
    """A canvas of a bundle; `isWhole` when it was exported as one, not only as the place of some functions."""

    id: SourceId
    name: Name
    description: Description | None = None
    is_whole: Flag = False


class BundleBlock(Wire):
    """A block without its place."""

    id: FlowId
    type: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    name: Name
    config: dict[str, Any] = Field(default_factory=dict)
    disabled: Flag = False
    policy: Policy | None = None


class BundleFunction(Wire):
    """A function without its layout."""

    id: SourceId
    canvas_id: SourceId | None = None
    name: Name
    description: Description | None = None
    status: Status = "draft"
    settings: dict[str, Any] | None = None
    blocks: tuple[BundleBlock, ...] = ()
    edges: tuple[Edge, ...] = ()
    variables: dict[str, Any] = Field(default_factory=dict)


class BundleLayout(Wire):
    """Where a function's blocks stand, and what is written beside them."""

    positions: dict[str, tuple[Finite, Finite]] = Field(default_factory=dict)
    notes: tuple[dict[str, Any], ...] = ()
    groups: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class ReadFunction:
    """One function of a bundle, as far as it could be read; with `errors` it cannot be imported."""

    at: int
    id: str
    name: str
    canvas_id: str | None = None
    description: str | None = None
    status: Status = "draft"
    settings: dict[str, Any] | None = None
    """None: the bundle says nothing of them."""
    flow: Flow = field(default_factory=Flow)
    places: frozenset[str] = frozenset()
    """The blocks whose places the bundle tells."""
    untold: frozenset[str] = frozenset()
    """Which of `notes` and `groups` the bundle does not tell."""
    withheld: tuple[str, ...] = ()
    errors: list[Issue] = field(default_factory=list[Issue])


@dataclass(frozen=True, slots=True)
class ReadBundle:
    """A bundle that was read."""

    canvases: tuple[BundleCanvas, ...]
    functions: tuple[ReadFunction, ...]
    names: Mapping[str, str]
    """Names of functions outside that these call, by id."""


def read_bundle(raw: Any, on_function: Callable[[int, int], object] = lambda done, total: None) -> ReadBundle:
    """Read a bundle of any known version. Raises InvalidInput with every place that is wrong, as far as it was read."""
    bundle = _whole(raw)
    functions = cast("list[Any]", bundle["functions"])
    canvases = _canvases(cast("list[Any]", bundle["canvases"]))
    _require_own_ids("functions", functions)
    found: list[ReadFunction] = []
    for at, entry in enumerate(functions):
        found.append(_function(at, entry, bundle, {c.id for c in canvases}))
        on_function(at + 1, len(functions))
    add_call_loops(found)
    return ReadBundle(tuple(canvases), tuple(found), _names(bundle.get("references")))


def refused(issues: Sequence[Issue], hint: str | None = None) -> InvalidInput:
    """The error of a bundle with these faults."""
    first, more = issues[0], len(issues) - 1
    also = f" (and {more} more)" if more else ""
    where = first.field.removeprefix("bundle.")
    return InvalidInput(
        f"The bundle cannot be imported: {where} {first.issue}{also}.", hint=hint, details=list(issues[:MOST_ISSUES])
    )


def why_not(function: ReadFunction, issue: Issue) -> str:
    """Why a function cannot be imported, as one says it who looks at that function alone."""
    where = issue.field.removeprefix(f"bundle.functions[{function.at}]").replace(f".{function.id}", "")
    place = where.removeprefix("bundle").removeprefix(".")
    return f"It cannot be imported: {place} {issue.issue}.".replace(":  ", ": ")


# The whole


def _whole(raw: Any) -> dict[str, Any]:
    """The bundle in the present format, its parts of the right kinds and sizes."""
    if not isinstance(raw, dict):
        raise refused([Issue("bundle", "must be an object")], "Send what POST /export answered as `data`.")
    told = cast("dict[str, Any]", raw)
    if told.get("format") != FORMAT:
        issue = "is missing" if "format" not in told else f"must be “{FORMAT}”"
        raise refused([Issue("bundle.format", issue)], "Send what POST /export answered as `data`.")
    version: Any = told.get("formatVersion")
    known = [*MIGRATIONS, VERSION]
    if type(version) is not int or version not in known:
        is_newer = type(version) is int and version > VERSION
        issue = f"must be one of {', '.join(map(str, known))}"
        hint = "A newer workbench wrote it: update this one." if is_newer else None
        raise refused([Issue("bundle.formatVersion", issue)], hint)
    _require_sizes(told)
    _require_shallow(told)
    _require_checksum(told)
    bundle = migrated(told)
    issues = [Issue(f"bundle.{name[:80]}", "is not a known field") for name in bundle if name not in PARTS]
    issues += [
        Issue(f"bundle.{name}", "must be an object")
        for name in ("layout", "keyOrder", "withheld")
        if not isinstance(bundle.get(name, {}), dict)
    ]
    if issues:
        raise refused(issues)
    return {"canvases": [], "functions": [], **bundle}


def _require_sizes(bundle: Mapping[str, Any]) -> None:
    """Refuse what is too much before anything of it is looked at."""
    for name, most in (("canvases", MOST_CANVASES), ("functions", MOST_FUNCTIONS)):
        items: Any = bundle.get(name, [])
        if not isinstance(items, list):
            raise refused([Issue(f"bundle.{name}", "must be a list")])
        count = len(cast("list[Any]", items))
        if count > most:
            issue = Issue(f"bundle.{name}", f"are {count:,}: a bundle has at most {most:,}")
            raise refused([issue], "Export less at once.")
    total, largest = 0, (0, 0)
    for at, function in enumerate(cast("list[Any]", bundle.get("functions", []))):
        count = _count_blocks(function)
        total += count
        largest = max(largest, (count, at))
    if total > MOST_BLOCKS or largest[0] > MAX_BLOCKS:
        where = f"bundle.functions[{largest[1]}].blocks" if largest[0] > MAX_BLOCKS else "bundle.functions"
        count, most = (largest[0], MAX_BLOCKS) if largest[0] > MAX_BLOCKS else (total, MOST_BLOCKS)
        of = "a function" if largest[0] > MAX_BLOCKS else "a bundle"
        raise refused([Issue(where, f"hold {count:,} blocks: {of} has at most {most:,}")], "Export less at once.")


def _count_blocks(function: Any) -> int:
    told = cast("dict[str, Any]", function) if isinstance(function, dict) else {}
    flow: Any = told.get("flow")
    blocks: Any = cast("dict[str, Any]", flow).get("blocks") if isinstance(flow, dict) else told.get("blocks")
    return len(cast("list[Any]", blocks)) if isinstance(blocks, list) else 0


def _require_shallow(bundle: Mapping[str, Any]) -> None:
    """Level by level, so that no depth overflows."""
    level: list[tuple[str, Any]] = [("bundle", bundle)]
    for _ in range(MOST_DEPTH):
        level = [
            (_below(path, key) if len(path) < 200 else path, inner)
            for path, outer in level
            for key, inner in _inside(outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    raise refused([Issue(level[0][0][:200], f"is nested more than {MOST_DEPTH} deep")])


def _inside(outer: Any) -> list[tuple[str | int, Any]]:
    if isinstance(outer, dict):
        return list(cast("dict[str | int, Any]", outer).items())
    return list(enumerate(cast("list[Any]", outer)))


def _below(path: str, key: str | int) -> str:
    return f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key[:40]}"


def _require_checksum(bundle: Mapping[str, Any]) -> None:
    told = bundle.get("checksum")
    if told is not None and told != checksum_of(bundle):
        raise refused(
            [Issue("bundle.checksum", "does not fit the content: the bundle was damaged, or changed by hand")],
            "Take the file anew; if the change was yours, leave `checksum` out.",
        )


def _canvases(entries: list[Any]) -> list[BundleCanvas]:
    _require_own_ids("canvases", entries)
    issues: list[Issue] = []
    found = [_parsed(BundleCanvas, entry, f"bundle.canvases[{at}]", issues) for at, entry in enumerate(entries)]
    if issues:
        raise refused(issues)
    return [c for c in found if c is not None]


def _require_own_ids(part: str, entries: list[Any]) -> None:
    """Every item is an object with an id that no other has: nothing can be said of it otherwise."""
    issues: list[Issue] = []
    seen: dict[str, int] = {}
    for at, entry in enumerate(entries):
        item_id: Any = cast("dict[str, Any]", entry).get("id") if isinstance(entry, dict) else None
        where = f"bundle.{part}[{at}]"
        if not isinstance(entry, dict):
            issues.append(Issue(where, "must be an object"))
        elif not isinstance(item_id, str) or not item_id:
            issues.append(Issue(f"{where}.id", "must be text"))
        elif item_id.lower() in seen:
            issues.append(Issue(f"{where}.id", f"is the id of {part}[{seen[item_id.lower()]}] too"))
        else:
            seen[item_id.lower()] = at
    if issues:
        raise refused(issues)


def _names(references: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in cast("list[Any]", references) if isinstance(references, list) else []:
        told = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
        if isinstance(told.get("functionId"), str) and isinstance(told.get("name"), str):
            found[told["functionId"].lower()] = told["name"][:200]
    return found


# One function


def _function(at: int, entry: dict[str, Any], bundle: Mapping[str, Any], canvases: set[str]) -> ReadFunction:
    where = f"bundle.functions[{at}]"
    name: Any = entry.get("name")
    found = ReadFunction(at, entry["id"], name[:200] if isinstance(name, str) else "")
    read = _parsed(BundleFunction, entry, where, found.errors)
    told_layout: Any = bundle.get("layout", {}).get(found.id)
    layout = _parsed(BundleLayout, told_layout or {}, f"bundle.layout.{found.id}", found.errors)
    order = _key_order(bundle.get("keyOrder", {}).get(found.id), f"bundle.keyOrder.{found.id}", found.errors)
    if read is None or layout is None or found.errors:
        return found
    if read.canvas_id is not None and read.canvas_id not in canvases:
        found.errors.append(Issue(f"{where}.canvasId", "is no canvas of the bundle"))
    flow = Flow.model_construct(
        blocks=tuple(Block.model_construct(**dict(b), position=_ORIGIN) for b in read.blocks),
        edges=read.edges,
        variables=read.variables,
        notes=(),
        groups=(),
    )
    found.errors += [
        Issue(i.field.replace("flow", where, 1), i.issue.replace(" of flow.", " of ")) for i in check_structure(flow)
    ]
    found.errors += loops_of(flow, where)
    if found.errors:
        return found
    found.name, found.canvas_id, found.description = read.name, read.canvas_id, read.description
    found.status, found.settings = read.status, read.settings
    found.places = frozenset(layout.positions)
    found.untold = frozenset({"notes", "groups"} - layout.model_fields_set)
    found.flow = put_together(flow, dict(layout), order)
    found.errors += [
        Issue(f"bundle.layout.{found.id}.{i.field.removeprefix('flow.')}", i.issue) for i in check_structure(found.flow)
    ]
    withheld: Any = bundle.get("withheld", {}).get(found.id)
    if isinstance(withheld, list):
        found.withheld = tuple(p for p in cast("list[Any]", withheld) if isinstance(p, str))
    return found


_ORIGIN = Block.model_fields["position"].default


def _key_order(told: Any, where: str, errors: list[Issue]) -> dict[str, list[str]]:
    if told is None:
        return {}
    pairs = cast("dict[str, Any]", told if isinstance(told, dict) else {"": None})
    for path, keys in pairs.items():
        if not isinstance(keys, list) or not all(isinstance(k, str) for k in cast("list[Any]", keys)):
            errors.append(Issue(f"{where}{path[:80]}", "must be a list of keys"))
            return {}
    return pairs


def issues_of(error: ValidationError, where: str) -> list[Issue]:
    """What a part of a bundle that stands at `where` has wrong."""
    issues: list[Issue] = []
    for told in error.errors(include_url=False)[:MOST_ISSUES]:
        place = where
        for key in told["loc"]:
            place = _below(place, key)
        issues.append(Issue(place, sentence(told)))
    return issues


def _parsed(shape: type[WireT], entry: Any, where: str, errors: list[Issue]) -> WireT | None:
    try:
        return shape.model_validate(entry)
    except ValidationError as error:
        errors += issues_of(error, where)
        return None
    except (RecursionError, OverflowError) as error:
        errors.append(Issue(where, str(error)))
        return None
