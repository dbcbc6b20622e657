"""`condition`: sends the run down one of its branches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from workbench.base.errors import BlockFailed
from workbench.blocks.comparison import SIGNS, WITHOUT_RIGHT, Operator, compare
from workbench.blocks.context import BlockContext
from workbench.blocks.kind import EXPRESSION, TEMPLATE, BlockConfig, BlockType, Fired, Port, when
from workbench.blocks.words import kind_of, listed, shorten

MAX_DEPTH = 20
PortName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Comparison(BlockConfig):
    left: Annotated[Any, TEMPLATE] = Field(title="Left")
    operator: Operator = Field(title="Operator")
    right: Annotated[Any, TEMPLATE] = Field(
        default=None, title="Right", description="Not used by is_null, is_not_null."
    )


class ChainedComparison(Comparison):
    logical: Literal["and", "or"] = Field(
        default="and", title="And / or", description="How this joins what stands before it; the first one's is unused."
    )


def _kind_of_node(value: Any) -> str:
    has = (
        value.keys() if isinstance(value, Mapping) else value.model_fields_set if isinstance(value, BlockConfig) else ()
    )
    return "group" if "conditions" in has else "comparison"


class Group(BlockConfig):
    logical: Literal["and", "or"] = Field(default="and", title="All / any")
    negate: bool = Field(default=False, title="Not")
    conditions: list[
        Annotated[
            Annotated[Group, Tag("group")] | Annotated[Comparison, Tag("comparison")], Discriminator(_kind_of_node)
        ]
    ] = Field(min_length=1, max_length=200, title="Conditions")


class Question(BlockConfig):
    """What a branch asks, in the block's mode."""

    simple: list[ChainedComparison] = Field(
        default=[], max_length=200, title="Conditions", description="Read in order, each joined to those before it."
    )
    visual: Group | None = Field(default=None, title="Groups")
    expression: Annotated[Any, EXPRESSION] = Field(default=None, title="Expression", description="True or false.")


class Branch(Question):
    name: PortName = Field(title="Name", description="The output port's name.")


class ConditionConfig(Question):
    mode: Literal["simple", "visual", "expression"] = Field(
        default="simple", title="Mode", json_schema_extra={"x-order": -2}
    )
    multi_branch: bool = Field(
        default=False,
        title="Named branches",
        description="The first branch that is true fires.",
        json_schema_extra={"x-order": -1},
    )
    branches: list[Branch] = Field(
        default=[], max_length=50, title="Branches", json_schema_extra=when(multi_branch=True)
    )
    default_branch: bool | PortName = Field(
        default=False,
        title="Default branch",
        description="Named branches only: what fires when none is true: a port `default`, or the port named here.",
        json_schema_extra=when(multi_branch=True),
    )


class ConditionOutput(BlockConfig):
    result: bool
    branch: str
    operands: list[dict[str, Any]]


class Condition(BlockType[ConditionConfig]):
    """Answers which branch fired, and the operands as it saw them."""

    type = "condition"
    title = "Condition"
    category = "flow"
    summary = "Chooses a branch by comparing values."
    icon = "split"
    Config = ConditionConfig
    Output = ConditionOutput
    outputs = (Port("true", "object"), Port("false", "object"))
    example: ClassVar[dict[str, Any]] = {
        "mode": "simple",
        "simple": [{"left": "{{ input.count }}", "operator": "greater_than", "right": 10}],
    }

    def ports(self, config: Mapping[str, Any]) -> tuple[Port, ...]:
        if config.get("multiBranch") is not True:
            return self.outputs
        branches = config.get("branches")
        names = [
            b["name"]
            for b in (branches if isinstance(branches, list) else ())
            if isinstance(b, Mapping) and isinstance(b.get("name"), str)
        ]
        names += [name] if (name := _default_port(config.get("defaultBranch", False))) else []
        return tuple(Port(name, "object") for name in dict.fromkeys(names))

    def describe(self, config: Mapping[str, Any]) -> str:
        if config.get("multiBranch") is True:
            return listed([port.name for port in self.ports(config)], 6)
        return shorten(_describe_test(config, config.get("mode", "simple")))

    def check(self, config: ConditionConfig) -> list[tuple[str, str]]:
        if not config.multi_branch:
            return _check_test(config, config.mode, "")
        issues = [] if config.branches else [("branches", "needs at least one branch")]
        seen: set[str] = set()
        for index, branch in enumerate(config.branches):
            if branch.name in seen or branch.name == "error":
                issues.append((f"branches[{index}].name", f"`{branch.name}` is taken by another port"))
            seen.add(branch.name)
            issues += _check_test(branch, config.mode, f"branches[{index}].")
        return issues

    def run(self, config: ConditionConfig, ctx: BlockContext) -> Fired:
        del ctx
        operands: list[dict[str, Any]] = []
        if not config.multi_branch:
            result = _holds(config, config.mode, operands)
            branch = "true" if result else "false"
            return Fired({"result": result, "branch": branch, "operands": operands}, branch)
        for branch in config.branches:
            if _holds(branch, config.mode, operands):
                return Fired({"result": True, "branch": branch.name, "operands": operands}, branch.name)
        default = _default_port(config.default_branch)
        if default is None:
            raise BlockFailed(
                f"None of the branches {listed(b.name for b in config.branches)} is true.",
                kind="CONFIG",
                hint="Turn on defaultBranch, or wire the error port.",
            )
        return Fired({"result": False, "branch": default, "operands": operands}, default)


def _default_port(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return "default" if value is True else None


def _holds(test: Question, mode: str, operands: list[dict[str, Any]]) -> bool:
    if mode == "expression":
        if not isinstance(test.expression, bool):
            raise BlockFailed(
                f"The expression answers {kind_of(test.expression)} ({shorten(test.expression, 40)}), "
                "not true or false.",
                kind="CONFIG",
                hint="Compare the value with something, as in `value > 0` or `len(value) > 0`.",
            )
        operands.append({"value": test.expression, "result": test.expression})
        return test.expression
    if mode == "visual":
        return test.visual is not None and _group(test.visual, operands)
    return _chain(test.simple, operands)


def _chain(conditions: Sequence[ChainedComparison], operands: list[dict[str, Any]]) -> bool:
    result = True
    for position, condition in enumerate(conditions):
        if position == 0 or result is (condition.logical == "and"):
            result = _compare(condition, operands)
    return result if conditions else False


def _group(group: Group, operands: list[dict[str, Any]]) -> bool:
    every = group.logical == "and"
    result = every
    for node in group.conditions:
        result = _group(node, operands) if isinstance(node, Group) else _compare(node, operands)
        if result is not every:
            break
    return result is not group.negate


def _compare(condition: Comparison, operands: list[dict[str, Any]]) -> bool:
    result = compare(condition.left, condition.operator, condition.right)
    seen = {"left": condition.left, "operator": condition.operator, "result": result}
    if condition.operator not in WITHOUT_RIGHT:
        seen["right"] = condition.right
    operands.append(seen)
    return result


def _check_test(test: Question, mode: str, prefix: str) -> list[tuple[str, str]]:
    if mode == "simple" and not test.simple:
        return [(f"{prefix}simple", "needs at least one condition")]
    if mode == "visual":
        if test.visual is None:
            return [(f"{prefix}visual", "needs at least one condition")]
        if _depth(test.visual) > MAX_DEPTH:
            return [(f"{prefix}visual", f"is nested deeper than {MAX_DEPTH} groups")]
    if mode == "expression" and (test.expression is None or test.expression == ""):
        return [(f"{prefix}expression", "is needed in this mode")]
    return []


def _depth(group: Group) -> int:
    return 1 + max((_depth(node) for node in group.conditions if isinstance(node, Group)), default=0)


def _describe_test(test: Mapping[str, Any], mode: Any) -> str:
    if mode == "expression":
        return shorten(test.get("expression", ""))
    nodes = test.get("simple")
    if mode == "visual":
        group = test.get("visual")
        return _describe_group(group) if isinstance(group, Mapping) else ""
    parts: list[str] = []
    for node in nodes if isinstance(nodes, list) else ():
        if isinstance(node, Mapping):
            parts += [str(node.get("logical", "and"))] if parts else []
            parts.append(_describe_comparison(node))
    return " ".join(parts)


def _describe_group(group: Mapping[str, Any]) -> str:
    nodes = group.get("conditions")
    parts = [
        f"({_describe_group(n)})" if "conditions" in n else _describe_comparison(n)
        for n in (nodes if isinstance(nodes, list) else ())
        if isinstance(n, Mapping)
    ]
    text = f" {group.get('logical', 'and')} ".join(parts)
    return f"not ({text})" if group.get("negate") is True else text


def _describe_comparison(node: Mapping[str, Any]) -> str:
    name = str(node.get("operator", "equals"))
    words = [shorten(node.get("left", ""), 30), SIGNS.get(name, name)]
    if name not in WITHOUT_RIGHT:
        words.append(shorten(node.get("right"), 30))
    return " ".join(words)
