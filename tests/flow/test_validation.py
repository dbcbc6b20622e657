"""Validation: each kind of problem has its code, its place, and a fix where one is certain."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.flow.small_catalogue import CATALOGUE, block, flow
from workbench.flow.model import Block, Edge, Flow
from workbench.flow.validation import Code, Problem, check_structure, validate


def problems(made: Flow) -> list[Problem]:
    result = validate(made, CATALOGUE)
    return [*result.errors, *result.warnings]


def codes(made: Flow) -> list[str]:
    return [problem.code.value for problem in problems(made)]


def the(made: Flow, code: Code) -> Problem:
    found = [problem for problem in problems(made) if problem.code == code]
    assert len(found) == 1, problems(made)
    return found[0]


def line(*more: Block, wires: tuple[str, ...] = (), **config: Any) -> Flow:
    """start → read → use, where `use` has `config`."""
    return flow(
        [block("start", "start"), block("read"), block("use", **config), *more], "start > read", "read > use", *wires
    )


def applied(made: Flow, problem: Problem) -> Flow:
    """The flow after the problem's fix."""
    assert problem.fix is not None
    blocks, wires = list(made.blocks), list(made.edges)
    for command in problem.fix.commands:
        payload = command.payload
        match command.type:
            case "ADD_BLOCK":
                blocks.append(Block.model_validate(payload["block"]))
            case "UPDATE_BLOCK":
                change = {k: v for k, v in payload.items() if k != "blockId"}
                blocks = [b.model_copy(update=change) if b.id == payload["blockId"] else b for b in blocks]
            case "ADD_EDGE":
                wires.append(Edge.model_validate(payload["edge"]))
            case "REMOVE_EDGE":
                wires = [e for e in wires if e.id != payload["edgeId"]]
            case other:
                pytest.fail(f"no way to apply {other}")
    return made.model_copy(update={"blocks": tuple(blocks), "edges": tuple(wires)})


def assert_fixed(made: Flow, code: Code) -> Flow:
    fixed = applied(made, the(made, code))
    assert code.value not in codes(fixed)
    return fixed


def test_a_right_flow_has_no_problems() -> None:
    result = validate(line(value="{{ read.x }} {{ input }} {{ vars.y }} {{ run.id }} {{ now }}"), CATALOGUE)
    assert (result.valid, result.errors, result.warnings) == (True, (), ())


def test_an_empty_flow_says_how_to_begin() -> None:
    fixed = assert_fixed(Flow(), Code.EMPTY_FLOW)
    assert validate(fixed, CATALOGUE).valid


def test_a_flow_without_trigger_gets_a_start_wired_to_its_first_blocks() -> None:
    made = flow([block("start"), block("b")], "start > b")
    fixed = assert_fixed(made, Code.NO_TRIGGER)
    assert validate(fixed, CATALOGUE).valid
    assert fixed.blocks[-1].id == "start-2"
    assert fixed.blocks[-1].name == "start 2"


def test_a_block_that_no_way_leads_to_never_runs() -> None:
    made = line(block("a"), block("b"), wires=("a > b",))
    assert codes(made) == ["UNCONNECTED_PORT", "UNREACHABLE"]
    assert the(made, Code.UNCONNECTED_PORT).block_id == "a"
    assert the(made, Code.UNREACHABLE).block_id == "b"


def test_a_loop_of_edges_names_its_blocks_and_the_edge_that_closes_it() -> None:
    made = line(block("end"), wires=("use > end", "end > read"))
    problem = the(made, Code.CYCLE)
    assert '"read" → "use" → "end" → "read"' in problem.message
    assert problem.edge_id == "e3"
    assert validate(assert_fixed(made, Code.CYCLE), CATALOGUE).valid


def test_a_block_wired_to_itself_is_a_loop() -> None:
    assert '"use" → "use"' in the(line(wires=("use > use",)), Code.CYCLE).message


def test_an_unknown_type_is_told_with_the_nearest() -> None:
    problem = the(line(block("x", "contition"), wires=("use > x", "x.true > x2")), Code.UNKNOWN_TYPE)
    assert 'Did you mean "condition"?' in problem.message
    assert (problem.block_id, problem.field) == ("x", "type")


def test_a_disabled_type_is_told_with_its_reason() -> None:
    assert (
        "no SMTP server is configured" in the(line(block("m", "mail"), wires=("use > m",)), Code.DISABLED_TYPE).message
    )


def test_a_wrong_config_is_told_field_by_field() -> None:
    problem = the(line(delayMs=0), Code.BAD_CONFIG)
    assert (problem.block_id, problem.field) == ("use", "config.delayMs")
    assert problem.message == '"use": `delayMs` must be a whole number over 0.'


def test_an_edge_from_an_unknown_port_lists_the_ports() -> None:
    problem = the(line(block("c", "condition"), block("d"), wires=("use > c", "c.ture > d")), Code.UNKNOWN_PORT)
    assert "true, false, error" in problem.message
    assert problem.fix is not None
    assert problem.fix.label == 'Use the port "true"'


def test_an_edge_into_an_unknown_port_is_moved_to_the_only_one() -> None:
    made = line(block("d"), wires=("use > d.left",))
    assert codes(made) == ["UNKNOWN_PORT", "UNCONNECTED_PORT"]
    assert validate(assert_fixed(made, Code.UNKNOWN_PORT), CATALOGUE).valid


def test_an_edge_into_a_trigger_can_only_go() -> None:
    made = line(block("again", "start"), wires=("use > again",))
    assert "nothing can be wired into it" in the(made, Code.UNKNOWN_PORT).message
    assert_fixed(made, Code.UNKNOWN_PORT)


def test_the_error_port_needs_no_declaration() -> None:
    assert codes(line(block("c", value="{{ error.message }}"), wires=("use.error > c",))) == []


def test_an_edge_drawn_twice_is_a_warning() -> None:
    made = line(wires=("read > use",))
    assert the(made, Code.DUPLICATE_EDGE).severity == "warning"
    assert_fixed(made, Code.DUPLICATE_EDGE)


def test_a_number_into_a_table_port_is_a_warning() -> None:
    made = line(block("n", "count"), block("s", "sort"), wires=("use > n", "n > s"))
    problem = the(made, Code.TYPE_MISMATCH)
    assert (problem.severity, problem.edge_id) == ("warning", "e3")
    assert "gives a number, but a table is expected" in problem.message


def looped(*wires: str, **config: Any) -> Flow:
    """start → read → each{a → b} → total; `total` has `config`."""
    return flow(
        [
            block("start", "start"),
            block("read"),
            block("each", "loop"),
            block("a"),
            block("b"),
            block("total", **config),
        ],
        "start > read",
        "read > each",
        "each.body > a",
        "a > b",
        "each > total",
        *wires,
    )


@pytest.mark.parametrize(
    ("wire", "code", "words"),
    [
        ("b > total", Code.EDGE_LEAVES_REGION, "no wire leaves a loop"),
        ("b > each", Code.EDGE_LEAVES_REGION, "repeats by itself"),
        ("read > b", Code.EDGE_ENTERS_REGION, "entered by its own ports only"),
    ],
)
def test_an_edge_across_a_region_can_be_removed(wire: str, code: Code, words: str) -> None:
    made = looped(wire)
    assert codes(made) == [code.value]
    assert words in the(made, code).message
    assert validate(assert_fixed(made, code), CATALOGUE).valid


def test_a_scope_with_nothing_inside_is_a_warning() -> None:
    assert codes(line(block("l", "loop"), wires=("use > l",))) == ["EMPTY_REGION"]


def test_two_blocks_with_one_name_or_one_handle_are_told_apart_by_a_rename() -> None:
    twin = Block(id="other", type="step", name="read")
    assert validate(assert_fixed(line(twin, wires=("use > other",)), Code.DUPLICATE_NAME), CATALOGUE).valid
    near = line(
        Block(id="other", type="step", name="a b"),
        Block(id="o2", type="step", name="a-b"),
        wires=("use > other", "use > o2"),
    )
    problem = the(near, Code.DUPLICATE_NAME)
    assert (problem.block_id, problem.field) == ("o2", "name")
    assert "`a_b`" in problem.message
    assert_fixed(near, Code.DUPLICATE_NAME)


@pytest.mark.parametrize("name", ["input", "vars", "len", "class", "None", "item"])
def test_a_name_of_the_language_is_no_block_name(name: str) -> None:
    made = line(Block(id="other", type="step", name=name), wires=("use > other",))
    assert_fixed(made, Code.RESERVED_NAME)


def test_a_block_hidden_by_a_loops_item_is_a_warning() -> None:
    made = flow(
        [block("start", "start"), block("airport"), block("each", "loop", itemVariable="airport"), block("a")],
        "start > airport",
        "airport > each",
        "each.body > a",
    )
    assert codes(made) == ["SHADOWED_NAME"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ read. }}", "value"),
        ("{{ ''.__class__ }}", "__class__"),
        ("{{ 'a' * 10**9 }}", "value"),
        ("{{ read", "never closed"),
    ],
)
def test_a_broken_expression_is_told_with_its_field(text: str, words: str) -> None:
    problem = the(line(value=text), Code.BAD_EXPRESSION)
    assert problem.field == "config.value"
    assert words in problem.message


@pytest.mark.parametrize(
    ("text", "place"),
    [("say {{ zebra }}", 7), ("zebra {{ read.zebra + zebra }}", 22)],
)
def test_what_is_wrong_in_an_expression_has_its_place_in_the_text(text: str, place: int) -> None:
    (problem,) = [p for p in problems(line(value=text)) if p.field == "config.value"]
    assert problem.position == place


def test_a_mistyped_name_is_corrected() -> None:
    made = line(value="x {{ raed.total }} and {{ raed.y }}", other="raed")
    fixed = assert_fixed(made, Code.UNKNOWN_NAME)
    assert fixed.blocks[2].config == {"value": "x {{ read.total }} and {{ read.y }}", "other": "raed"}


def test_a_name_like_nothing_lists_what_is_in_sight() -> None:
    problem = the(line(value="{{ zebra }}"), Code.UNKNOWN_NAME)
    assert "`read`" in problem.message
    assert problem.fix is None


def test_a_name_inside_default_may_be_missing() -> None:
    assert codes(line(value="{{ default(zebra.x, 1) }}")) == []


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("{{ use }}", "NOT_UPSTREAM", "this block itself"),
        ("{{ later }}", "NOT_UPSTREAM", "runs after this block"),
        ("{{ beside }}", "NOT_UPSTREAM", "no way leads from"),
        ("{{ item.x }}", "NOT_IN_SCOPE", "only inside a loop"),
        ("{{ last }}", "NOT_IN_SCOPE", "only inside"),
        ("{{ error.message }}", "NOT_IN_SCOPE", "behind an `error`"),
        ("{{ secrets.token }}", "NOT_IN_SCOPE", "in the secret fields"),
    ],
)
def test_a_name_out_of_sight_says_why(text: str, code: str, words: str) -> None:
    made = line(block("later"), block("beside"), wires=("use > later", "start > beside"), value=text)
    problem = the(made, Code(code))
    assert words in problem.message
    assert problem.block_id == "use"


def test_a_secret_field_names_secrets_and_is_warned_of_one_that_does_not_exist() -> None:
    made = line(block("tell", "call", token="Bearer {{ secrets.api_tokn }}"), wires=("use > tell",))
    assert codes(made) == []
    assert validate(made, CATALOGUE, frozenset({"api_tokn"})).warnings == ()
    (problem,) = validate(made, CATALOGUE, frozenset({"api_token"})).warnings
    assert (problem.code, problem.block_id, problem.field) == (Code.UNKNOWN_SECRET, "tell", "config.token")
    assert "Did you mean `api_token`?" in problem.message
    fixed = applied(made, problem)
    assert fixed.blocks[3].config == {"token": "Bearer {{ secrets.api_token }}"}
    assert validate(fixed, CATALOGUE, frozenset({"api_token"})).warnings == ()
    optional = line(block("tell", "call", token="{{ default(secrets.other, '') }}"), wires=("use > tell",))
    assert validate(optional, CATALOGUE, frozenset()).warnings == ()


def test_a_secret_outside_of_secret_fields_is_told_which_those_are() -> None:
    made = line(block("tell", "call", token="x"), wires=("use > tell",), value="{{ default(secrets.a, 1) }}")
    assert "exists only in the secret fields" in the(made, Code.NOT_IN_SCOPE).message
    bare = line(block("tell", "call", token="{{ secrets }}"), wires=("use > tell",))
    assert "by the name of one secret" in the(bare, Code.BAD_EXPRESSION).message


def test_a_name_inside_a_loop_is_answered_with_the_loops_results() -> None:
    problem = the(looped(value="{{ b.x }}"), Code.NOT_IN_SCOPE)
    assert "`each.results`" in problem.message
    assert problem.fix is None


def test_the_last_block_inside_a_retry_is_replaced_by_the_retrys_result() -> None:
    made = flow(
        [block("start", "start"), block("again", "retry"), block("get"), block("use", value="{{ get.rows }}")],
        "start > again",
        "again.body > get",
        "again > use",
    )
    fixed = assert_fixed(made, Code.NOT_IN_SCOPE)
    assert fixed.blocks[3].config == {"value": "{{ again.result.rows }}"}
    assert validate(fixed, CATALOGUE).valid


def test_a_guarded_name_out_of_sight_is_a_warning() -> None:
    made = line(block("later"), wires=("use > later",), value="{{ default(later.x, 0) + default(item, 1) }}")
    assert the(made, Code.NOT_UPSTREAM).severity == "warning"


def test_inside_a_loop_its_names_and_what_came_before_are_in_sight_but_not_the_loop() -> None:
    def inside(text: str) -> list[str]:
        blocks = [b.model_copy(update={"config": {"value": text}}) if b.id == "b" else b for b in looped().blocks]
        return codes(looped().model_copy(update={"blocks": tuple(blocks)}))

    assert inside("{{ item }} {{ index }} {{ a }} {{ read }}") == []
    assert inside("{{ each }}") == ["NOT_IN_SCOPE"]
    assert inside("{{ total }}") == ["NOT_UPSTREAM"]


def test_a_loops_own_condition_sees_its_names_but_its_items_do_not() -> None:
    made = looped()
    each = made.blocks[2].model_copy(update={"config": {"condition": "index < 3", "items": "{{ item }}"}})
    made = made.model_copy(update={"blocks": (*made.blocks[:2], each, *made.blocks[3:])})
    assert the(made, Code.NOT_IN_SCOPE).field == "config.items"


def test_the_variable_of_an_error_handler_is_known_behind_its_caught_port() -> None:
    made = flow(
        [
            block("start", "start"),
            block("guard", "error_handler", errorVariable="trouble"),
            block("a"),
            block("tell", value="{{ trouble.message }} {{ error.message }}"),
        ],
        "start > guard",
        "guard.body > a",
        "guard.caught > tell",
    )
    assert codes(made) == []


def test_disabled_blocks_are_not_checked_and_what_needs_them_is_warned() -> None:
    made = flow(
        [
            block("start", "start"),
            block("off", disabled=True, delayMs=0, value="{{ nope }}"),
            block("b", value="{{ off }}"),
        ],
        "start > off",
        "off > b",
    )
    result = validate(made, CATALOGUE)
    assert result.valid
    assert [p.code for p in result.warnings] == [Code.DISABLED_UPSTREAM, Code.DISABLED_REFERENCE]


def test_when_every_trigger_is_off_nothing_starts() -> None:
    made = flow([block("start", "start", disabled=True), block("b")], "start > b")
    assert codes(made) == ["NO_TRIGGER"]


def writers(*wires: str, gate: str = "step") -> Flow:
    both = [block("one", "set_variables", values={"x": 1}), block("two", "set_variables", values={"x": 2, "y": 3})]
    return flow([block("start", "start"), block("gate", gate), *both, block("read")], "start > gate", *wires)


def test_two_unordered_writers_of_a_variable_race() -> None:
    made = writers("gate > one", "gate > two", "one > read", "two > read")
    problem = the(made, Code.VARIABLE_RACE)
    assert (problem.severity, problem.block_id) == ("warning", "two")
    assert "`x`" in problem.message


def test_ordered_writers_and_writers_on_two_ways_of_a_condition_do_not_race() -> None:
    assert codes(writers("gate > one", "one > two", "two > read")) == []
    assert codes(writers("gate.true > one", "gate.false > two", "one > read", "two > read", gate="condition")) == []


def test_a_way_past_the_condition_makes_its_writers_race() -> None:
    made = writers("gate.true > one", "gate.false > two", "start > two", "one > read", "two > read", gate="condition")
    assert codes(made) == ["VARIABLE_RACE"]


def test_writers_in_a_parallels_branches_keep_to_themselves() -> None:
    assert codes(writers("gate.branch-a > one", "gate.branch-b > two", "gate > read", gate="parallel")) == []


def test_scopes_nested_too_deep_are_told() -> None:
    count = 18
    blocks = [block("start", "start"), *(block(f"r{i}", "retry") for i in range(count)), block("end")]
    wires = ["start > r0", *(f"r{i}.body > r{i + 1}" for i in range(count - 1)), f"r{count - 1}.body > end"]
    assert the(flow(blocks, *wires), Code.TOO_DEEP).block_id == "r16"


def test_saving_needs_unique_ids_and_edges_between_blocks() -> None:
    made = Flow.model_validate(
        {
            "blocks": [{"id": "a", "type": "x", "name": "a"}, {"id": "a", "type": "x", "name": "b"}],
            "edges": [{"id": "e", "source": "a", "target": "a"}, {"id": "e", "source": "ghost", "target": "gone"}],
        }
    )
    assert [issue.field for issue in check_structure(made)] == [
        "flow.blocks[1].id",
        "flow.edges[1].id",
        "flow.edges[1].source",
        "flow.edges[1].target",
    ]
    assert set(codes(made)) >= {"DUPLICATE_ID", "UNKNOWN_BLOCK", "UNKNOWN_TYPE"}


def test_a_config_nested_without_end_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"x": deep}
    made = flow([block("a", x=deep)])
    assert [issue.field for issue in check_structure(made)] == ["flow.blocks[0].config"]
    assert codes(made) == ["TOO_DEEP"]


def test_ten_thousand_blocks_are_refused_at_once() -> None:
    made = flow([block(f"b{i}") for i in range(10_000)])
    began = time.perf_counter()
    result = validate(made, CATALOGUE)
    assert time.perf_counter() - began < 0.1
    assert [p.code for p in result.errors] == [Code.TOO_LARGE]
    assert "10,000 blocks" in result.errors[0].message
    assert check_structure(made)[0].field == "flow.blocks"


def test_two_hundred_blocks_validate_well_under_a_tenth_of_a_second() -> None:
    blocks = [
        block("start", "start"),
        *(block(f"b{i}", value=f"{{{{ b{i - 1}.x }}}}" if i else "") for i in range(200)),
    ]
    made = flow(blocks, "start > b0", *(f"b{i} > b{i + 1}" for i in range(199)))
    validate(made, CATALOGUE)
    began = time.perf_counter()
    assert validate(made, CATALOGUE).valid
    assert time.perf_counter() - began < 0.1


def test_problems_cross_the_wire_in_camel_case() -> None:
    wire = validate(line(delayMs=0), CATALOGUE).to_wire()
    assert wire["errors"][0]["blockId"] == "use"
    assert wire["errors"][0]["code"] == "BAD_CONFIG"


def test_of_very_many_errors_the_first_thousand_are_told() -> None:
    text = " ".join(f"{{{{ zz{at} }}}}" for at in range(100))
    result = validate(flow([block("start", "start"), *(block(f"b{i}", value=text) for i in range(20))]), CATALOGUE)
    assert len(result.errors) == 1000
    assert [problem.code for problem in result.warnings] == [Code.MORE_PROBLEMS]
