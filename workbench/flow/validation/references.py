"""Checks of expressions: their syntax, and that each name in them is in sight of the block that uses it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from workbench.flow.catalogue import ExpressionField
from workbench.flow.config_paths import replaced_at
from workbench.flow.expressions import ExpressionError, Template, parse_expression, parse_template, rename
from workbench.flow.handles import handle
from workbench.flow.model import Block
from workbench.flow.regions import positions
from workbench.flow.validation.problems import Code, Fix, Problem, fix
from workbench.flow.validation.subject import Subject

ALWAYS = frozenset({"input", "vars", "run", "now", "secrets"})
"""In sight of every block."""

GIVEN = {
    "item": "inside a loop",
    "index": "inside a loop",
    "last": "inside a loop that says while",
    "accumulator": "inside a loop that reduces",
    "error": "behind an `error` or `caught` port",
}
"""Names of the language that only some places have, and which."""

RESULT_FIELDS = {"loop": "results", "parallel": "results"}
"""The output field that holds what came out of a scope's regions; `result` for the other types."""


def check_references(subject: Subject) -> Iterator[Problem]:
    """Parse every expression field and look up its names. Disabled blocks are never evaluated, so never checked."""
    given = _Given(subject)
    for block in subject.graph.blocks:
        if block.disabled or subject.shape(block) is None:
            continue
        for field in subject.catalogue.expressions(block.type, block.config):
            try:
                template = parse_template(field.text) if field.mode == "template" else parse_expression(field.text)
            except ExpressionError as error:
                yield _bad_syntax(block, field, error)
                continue
            for name in sorted(template.names):
                problem = _check_name(subject, given, block, field, template, name)
                if problem is not None:
                    yield problem


def _bad_syntax(block: Block, field: ExpressionField, error: ExpressionError) -> Problem:
    hint = f" {error.hint}" if error.hint else ""
    return Problem(
        code=Code.BAD_EXPRESSION,
        severity="error",
        message=f'"{block.name}" in {field.path}: {error.message}{hint}',
        block_id=block.id,
        field=f"config.{field.path}",
    )


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
            names |= frozenset(shape.region_names if shape else ())
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


def _check_name(
    subject: Subject, given: _Given, block: Block, field: ExpressionField, template: Template, name: str
) -> Problem | None:
    if name in ALWAYS or name in given.at(block, field):
        return None
    named = subject.handles.get(name)
    if name in GIVEN:
        return _not_given(given, block, field, name)
    if named is None:
        return None if _is_guarded(template, name) else _unknown(subject, given, block, field, name)
    why = subject.regions.why_hidden(block.id, named)
    if why is None:
        if subject.graph.block(named).disabled and not _is_guarded(template, name):
            message = f'{_use(block, field, name)}, but "{subject.graph.block(named).name}" is switched off.'
            return _problem(Code.DISABLED_REFERENCE, block, field, message, severity="warning")
        return None
    other = subject.title(named)
    if why == "inside":
        return _inside(subject, block, field, name, named)
    if why == "around":
        message = f"{_use(block, field, name)}, but {other} is around this block and has no result while it runs."
        return _problem(Code.NOT_IN_SCOPE, block, field, message)
    if why == "itself":
        message = f"{_use(block, field, name)}, which is this block itself: it has no result before it ran."
    elif why == "after":
        message = f"{_use(block, field, name)}, but {other} runs after this block."
    else:
        message = f"{_use(block, field, name)}, but no way leads from {other} to this block. Wire it before this block."
    return _problem(Code.NOT_UPSTREAM, block, field, message)


def _is_guarded(template: Template, name: str) -> bool:
    """Whether every use of the name stands inside `default(…)`, which catches a missing name."""
    return name in template.optional_names


def _use(block: Block, field: ExpressionField, name: str) -> str:
    return f'"{block.name}" in {field.path} names `{name}`'


def _problem(
    code: Code, block: Block, field: ExpressionField, message: str, *, severity: str = "error", repair: Fix | None = None
) -> Problem:
    return Problem(
        code=code,
        severity="warning" if severity == "warning" else "error",
        message=message,
        block_id=block.id,
        field=f"config.{field.path}",
        fix=repair,
    )


def _not_given(given: _Given, block: Block, field: ExpressionField, name: str) -> Problem:
    there = sorted(given.at(block, field))
    hint = f" Here there are: {', '.join(f'`{n}`' for n in there)}." if there else ""
    message = f"{_use(block, field, name)}, which exists only {GIVEN[name]}.{hint}"
    return _problem(Code.NOT_IN_SCOPE, block, field, message)


def _unknown(subject: Subject, given: _Given, block: Block, field: ExpressionField, name: str) -> Problem:
    regions = subject.regions
    seen = [
        handle(subject.graph.blocks[at].name)
        for at in positions(regions.visible_bits[regions.graph.index[block.id]])
    ]
    there = [*seen, *sorted(given.at(block, field)), "input", "vars"]
    near = subject.nearest.find(name, there)
    message = f"{_use(block, field, name)}, which does not exist."
    if near:
        return _problem(
            Code.UNKNOWN_NAME,
            block,
            field,
            f"{message} Did you mean `{near}`?",
            repair=_rewrite(block, field, name, near),
        )
    shown = [f"`{n}`" for n in there[:8]] + (["…"] if len(there) > 8 else [])
    return _problem(Code.UNKNOWN_NAME, block, field, f"{message} In sight are {', '.join(shown)}.")


def _inside(subject: Subject, block: Block, field: ExpressionField, name: str, named: str) -> Problem:
    """A name inside a region that the block is not in: the scope's result stands for it outside."""
    regions = subject.regions
    scope_id = regions.outermost_hiding(block.id, named)
    if scope_id is None:  # a sibling region of the same scope, such as another branch
        scope_id = regions.key_of(named).scope
        branch = regions.key_of(named).port
        message = f"{_use(block, field, name)}, but {subject.title(named)} runs in another region ({branch}) of {subject.title(scope_id)}."
        return _problem(Code.NOT_IN_SCOPE, block, field, message)
    scope = subject.graph.block(scope_id)
    result = f"{handle(scope.name)}.{RESULT_FIELDS.get(scope.type, 'result')}"
    message = f'{_use(block, field, name)}, but {subject.title(named)} runs inside the {scope.type} "{scope.name}".'
    repair = None
    if regions.sees(block.id, scope_id):
        message += f" What came out of it is `{result}`."
        region = regions.regions[regions.key_of(named)]
        if result.endswith(".result") and region.lasts == (named,) and region.key.scope == scope_id:
            repair = _rewrite(block, field, name, result)
    else:
        message += f" Wire {subject.title(scope_id)} before this block and use `{result}`."
    return _problem(Code.NOT_IN_SCOPE, block, field, message, repair=repair)


_STAND_IN = "zz_stands_in_zz"


def _rewrite(block: Block, field: ExpressionField, old: str, new: str) -> Fix | None:
    """The fix that writes `new`, a name or ``name.field``, for `old` in one field; None where that is not certain."""
    mode = "expression" if field.mode == "code" else field.mode
    if _STAND_IN in field.text:
        return None
    try:
        text = rename(field.text, mode, old, _STAND_IN)
        config = replaced_at(block.config, field.keys, text.replace(_STAND_IN, new))
    except (ExpressionError, LookupError):
        return None
    if text == field.text:
        return None
    return fix(f"Write {new}", ("UPDATE_BLOCK", {"blockId": block.id, "config": config}))
