"""Checks of expressions: their syntax, and that each name in them is in sight of the block that uses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Literal

from workbench.flow.catalogue import ExpressionField
from workbench.flow.config_paths import replaced_at
from workbench.flow.expressions import ExpressionError, Template, parse_as, rename
from workbench.flow.expressions.secret_names import SECRETS
from workbench.flow.handles import handle
from workbench.flow.model import Block
from workbench.flow.nearest import MAX_CANDIDATES
from workbench.flow.regions import Hidden, positions
from workbench.flow.validation.problems import Code, Fix, Problem, fix
from workbench.flow.validation.subject import Subject

ALWAYS = frozenset({"input", "vars", "run", "now"})
"""In sight of every block."""

GIVEN = {
    "item": "inside a loop",
    "index": "inside a loop",
    "last": "inside a loop that says while",
    "accumulator": "inside a loop that reduces",
    "secrets": "in the secret fields of a block that is not pure",
    "error": "behind an `error` or `caught` port",
}
"""Names of the language that only some places have, and which."""

RESULT_FIELDS = {"loop": "results", "parallel": "results"}
"""The output field that holds what came out of a scope's regions; `result` for the other types."""

_SHOWN = 8


def check_references(subject: Subject) -> Iterator[Problem]:
    """Parse every expression field and look up its names. Disabled blocks are never evaluated, so never checked."""
    given = _Given(subject)
    for block in subject.graph.blocks:
        if block.disabled or subject.shape(block) is None:
            continue
        for field in subject.catalogue.expressions(block.type, block.config):
            try:
                template = parse_as(field.mode, field.text)
            except ExpressionError as error:
                yield _bad_syntax(block, field, error)
                continue
            for name in sorted(template.names):
                problem = _check_name(subject, given, _Use(block, field, name, name in template.optional_names))
                if problem is not None:
                    yield problem
            if field.takes_secrets:
                yield from _check_secrets(subject, block, field, template)


def _bad_syntax(block: Block, field: ExpressionField, error: ExpressionError) -> Problem:
    hint = f" {error.hint}" if error.hint else ""
    return Problem(
        code=Code.BAD_EXPRESSION,
        severity="error",
        message=f'"{block.name}" in {field.path}: {error.message}{hint}',
        block_id=block.id,
        field=f"config.{field.path}",
        position=error.position,
    )


def _position(field: ExpressionField, name: str) -> int | None:
    """Where a root name first stands in a field's text, as far as its spelling tells."""
    start = max(0, field.text.find("{{")) if field.mode == "template" else 0
    found = re.compile(rf"(?<![\w.'\"]){re.escape(name)}\b").search(field.text, start)
    return found.start() if found else None


class _Given:
    """Which names scopes and failures give at each block."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._behind_failure = self._find_failures()
        self.in_region = cache(self._in_region)

    def at(self, block: Block, field: ExpressionField) -> frozenset[str]:
        """The names besides `ALWAYS` and blocks that `field` of `block` sees."""
        names = self.in_region(self._subject.regions.key_of(block.id).scope)
        if field.mode in {"deferred", "code"}:
            shape = self._subject.shape(block)
            names |= frozenset(shape.own_names if shape else ())
        return names | self._behind_failure.get(block.id, frozenset())

    def _in_region(self, scope: str) -> frozenset[str]:
        names: frozenset[str] = frozenset()
        while scope:
            shape = self._subject.regions.shapes[scope]
            names |= frozenset(shape.region_names if shape else ())
            names |= self._behind_failure.get(scope, frozenset())
            scope = self._subject.regions.key_of(scope).scope
        return names

    def _find_failures(self) -> dict[str, frozenset[str]]:
        """By block behind an `error` or `caught` port: `error`, and the name that an error_handler gives it."""
        found: dict[str, frozenset[str]] = {}
        graph = self._subject.graph
        for at in graph.order:
            names: frozenset[str] = frozenset()
            for edge in self._subject.regions.inner_incoming[at]:
                names |= found.get(edge.source, frozenset())
                if edge.source_port in {"error", "caught"}:
                    chosen = graph.block(edge.source).config.get("errorVariable")
                    names |= {"error", chosen} if isinstance(chosen, str) and chosen else {"error"}
            if names:
                found[graph.blocks[at].id] = names
        return found


@dataclass(frozen=True, slots=True)
class _Use:
    """One name in one field of one block."""

    block: Block
    field: ExpressionField
    name: str
    is_guarded: bool
    """Whether every use stands inside `default(…)`, which catches a missing name."""

    @property
    def text(self) -> str:
        """How messages begin."""
        return f'"{self.block.name}" in {self.field.path} names `{self.name}`'

    def problem(
        self, code: Code, message: str, *, severity: Literal["error", "warning"] = "error", fix: Fix | None = None
    ) -> Problem:
        """A problem at this place; `message` goes on where `text` ends."""
        return Problem(
            code=code,
            severity=severity,
            message=self.text + message,
            block_id=self.block.id,
            field=f"config.{self.field.path}",
            position=_position(self.field, self.name),
            fix=fix,
        )


def _check_name(subject: Subject, given: _Given, use: _Use) -> Problem | None:
    name, block = use.name, use.block
    if name in ALWAYS or name in given.at(block, use.field):
        return None
    if name == SECRETS:
        return None if use.field.takes_secrets else _no_secrets_here(subject, use)
    named = subject.handles.get(name)
    if name in GIVEN or named is None:
        if use.is_guarded:
            return None
        return _not_given(given, use) if name in GIVEN else _unknown(subject, given, use)
    why = subject.regions.why_hidden(block.id, named)
    if why is not None:
        return _out_of_sight(subject, use, named, why)
    if subject.graph.block(named).disabled and not use.is_guarded:
        message = f", but {subject.title(named)} is switched off."
        return use.problem(Code.DISABLED_REFERENCE, message, severity="warning")
    return None


def _not_given(given: _Given, use: _Use) -> Problem:
    there = sorted(given.at(use.block, use.field))
    hint = f" Here there are: {', '.join(f'`{n}`' for n in there)}." if there else ""
    return use.problem(Code.NOT_IN_SCOPE, f", which exists only {GIVEN[use.name]}.{hint}")


def _no_secrets_here(subject: Subject, use: _Use) -> Problem:
    """`secrets` in a field that is not secret; also inside `default(…)`, which would only hide it."""
    fields = subject.catalogue.secret_fields(use.block.type, use.block.config)
    hint = f" Here that are {', '.join(f'`{name}`' for name in fields)}." if fields else ""
    return use.problem(Code.NOT_IN_SCOPE, f", which exists only {GIVEN[SECRETS]}.{hint}")


def _check_secrets(subject: Subject, block: Block, field: ExpressionField, template: Template) -> Iterator[Problem]:
    """Secrets that do not exist: a warning, for they may be set after the flow was drawn."""
    if subject.secrets is None or SECRETS in template.optional_names:
        return
    for name in sorted(template.secrets - subject.secrets):
        use = _Use(block, field, SECRETS, is_guarded=False)
        near = subject.nearest.find(name, sorted(subject.secrets))
        told = f"There is no secret `{name}` in this workspace"
        is_likely = near is not None and f"{SECRETS}.{name}" in field.text
        yield Problem(
            code=Code.UNKNOWN_SECRET,
            severity="warning",
            message=f'"{block.name}" in {field.path}: {told}'
            + (f". Did you mean `{near}`?" if near else f". Set it: PUT /secrets/{name}."),
            block_id=block.id,
            field=f"config.{field.path}",
            position=_position(field, SECRETS),
            fix=_respell(use, name, near) if near is not None and is_likely else None,
        )


def _respell(use: _Use, name: str, near: str) -> Fix | None:
    text = re.sub(rf"\bsecrets\.{re.escape(name)}(?!\w)", f"secrets.{near}", use.field.text)
    try:
        config = replaced_at(use.block.config, use.field.keys, text)
    except LookupError:
        return None
    return fix(f"Write secrets.{near}", ("UPDATE_BLOCK", {"blockId": use.block.id, "config": config}))


def _unknown(subject: Subject, given: _Given, use: _Use) -> Problem:
    regions = subject.regions
    bits = regions.visible_bits[regions.graph.index[use.block.id]]
    seen = (handle(subject.graph.blocks[at].name) for at in positions(bits))
    there = [*islice(seen, MAX_CANDIDATES), *sorted(given.at(use.block, use.field)), "input", "vars"]
    near = subject.nearest.find(use.name, there)
    if near:
        message = f", which does not exist. Did you mean `{near}`?"
        return use.problem(Code.UNKNOWN_NAME, message, fix=_rewrite(use, near))
    shown = ", ".join(f"`{n}`" for n in there[:_SHOWN]) + (", …" if len(there) > _SHOWN else "")
    return use.problem(Code.UNKNOWN_NAME, f", which does not exist. In sight are {shown}.")


def _out_of_sight(subject: Subject, use: _Use, named: str, why: Hidden) -> Problem:
    """A block that exists but may not be named here; only a warning where `default(…)` catches it."""
    severity = "warning" if use.is_guarded else "error"
    other = subject.title(named)
    if why == "inside":
        message, repair = _inside(subject, use, named)
        return use.problem(Code.NOT_IN_SCOPE, message, severity=severity, fix=repair)
    if why == "around":
        message = f", but {other} is around this block and has no result while it runs."
        return use.problem(Code.NOT_IN_SCOPE, message, severity=severity)
    reasons = {
        "itself": ", which is this block itself: it has no result before it ran.",
        "after": f", but {other} runs after this block.",
        "beside": f", but no way leads from {other} to this block. Wire it before this block.",
    }
    return use.problem(Code.NOT_UPSTREAM, reasons[why], severity=severity)


def _inside(subject: Subject, use: _Use, named: str) -> tuple[str, Fix | None]:
    """A name inside a region that the block is not in: the scope's result stands for it outside."""
    regions = subject.regions
    scope_id = regions.outermost_hiding(use.block.id, named)
    if scope_id is None:  # a sibling region of the same scope, such as another branch
        key = regions.key_of(named)
        return f", but {subject.title(named)} runs in another region ({key.port}) of {subject.title(key.scope)}.", None
    scope = subject.graph.block(scope_id)
    result = f"{handle(scope.name)}.{RESULT_FIELDS.get(scope.type, 'result')}"
    message = f', but {subject.title(named)} runs inside the {scope.type} "{scope.name}".'
    if not regions.sees(use.block.id, scope_id):
        return f"{message} Wire {subject.title(scope_id)} before this block and use `{result}`.", None
    region = regions.regions[regions.key_of(named)]
    is_whole = result.endswith(".result") and region.lasts == (named,) and region.key.scope == scope_id
    return f"{message} What came out of it is `{result}`.", _rewrite(use, result) if is_whole else None


_STAND_IN = "zz_stands_in_zz"


def _rewrite(use: _Use, new: str) -> Fix | None:
    """The fix that writes `new`, a name or ``name.field``, in this one field; None where that is not certain."""
    field = use.field
    mode = "expression" if field.mode == "code" else field.mode
    if _STAND_IN in field.text:
        return None
    try:
        text = rename(field.text, mode, use.name, _STAND_IN)
        config = replaced_at(use.block.config, field.keys, text.replace(_STAND_IN, new))
    except (ExpressionError, LookupError):
        return None
    if text == field.text:
        return None
    return fix(f"Write {new}", ("UPDATE_BLOCK", {"blockId": use.block.id, "config": config}))
