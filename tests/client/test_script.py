"""A function as text: a script that makes the same function, and a file for git that is read back the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import workbench
from tests.client.conftest import doubling
from workbench.base.errors import InvalidInput
from workbench.client.bench import Bench
from workbench.client.function import Function
from workbench.flow.bundles.files import from_text, to_text

NAMES = ["fetch", "worst of day", "print", "start", "größe", "3 days", "f", "bench", "while true", "a-b", "q\"uo'te"]
NAMES += ["back\\slash", "数", "__x", "Fetch"]
TEXTS = st.sampled_from(
    ["", "plain", "{{ start.n }}", "two\nlines", "ends\n",
     'with """ quotes\nand \\n', "tab\t\nümlaut\n", "a\r\nb", "\n\n",
     "x" * 200, 'last is "\nsaid "no"', "'single'", "\u2028\u200b\n"]
)  # fmt: skip
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False, width=32),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a b", "class", "x", "$lines"]), inner)
    ),
    max_leaves=5,
)
CONFIGS = {
    "start": {},
    "transform": {"code": TEXTS, "language": st.sampled_from(["python", "expression"]), "output": VALUES},
    "loop": {"loopType": st.just("forEach"), "items": VALUES, "itemVariable": TEXTS, "unknownField": VALUES},
    "return": {"value": VALUES},
    "condition": {"mode": st.just("expression"), "expression": TEXTS, "multiBranch": st.booleans()},
    "http_request": {"url": TEXTS, "headers": VALUES, "auth": VALUES, "timeoutMs": st.integers(1, 9)},
    "parallel": {"branches": VALUES},
    "wait": {"waitType": TEXTS},
    "no_such_type": {"a_b": VALUES, "not a name": VALUES},
    "run": {"x": VALUES},
}
PLACES = st.sampled_from([0.0, 0.5, -20.0, 1e6])


@st.composite
def flows(draw: st.DrawFn) -> dict[str, Any]:
    """Flows as anybody may have saved them."""
    ids = draw(st.lists(st.sampled_from(["start", "b1", "b2", "fetch", "x-y", "fetch_2"]), unique=True, max_size=5))
    blocks: list[dict[str, Any]] = []
    for block_id in ids:
        kind = draw(st.sampled_from(sorted(CONFIGS)))
        block: dict[str, Any] = {
            "id": block_id,
            "type": kind,
            "name": draw(st.sampled_from(NAMES)),
            "config": draw(st.fixed_dictionaries({}, optional=CONFIGS[kind])),
        }
        if draw(st.booleans()):
            block["position"] = {"x": draw(PLACES), "y": draw(PLACES)}
        if draw(st.booleans()):
            block["disabled"] = True
        if draw(st.booleans()):
            block["policy"] = {"retries": draw(st.integers(0, 2)), "onError": "continue"}
        blocks.append(block)
    ends = st.sampled_from(ids) if ids else st.nothing()
    ports = st.sampled_from(["out", "out", "out", "body", "true", "error", "branch-1", "nowhere"])
    into = st.sampled_from(["in", "in", "in", "other"])
    wires = draw(st.lists(st.tuples(ends, ports, ends, into), max_size=6)) if ids else []
    edges = [
        {"source": a, "sourcePort": port, "target": b, "targetPort": to} for a, port, b, to in dict.fromkeys(wires)
    ]
    flow: dict[str, Any] = {"blocks": blocks, "edges": edges, "variables": draw(st.dictionaries(
        st.sampled_from(["n", "self", "with space"]), VALUES, max_size=2))}  # fmt: skip
    if draw(st.booleans()):
        flow["notes"] = [{"id": "n", "text": draw(TEXTS)}]
        flow["groups"] = [{"id": "g", "blockIds": ids}]
    return flow


@pytest.fixture
def same_home(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """What a script connects to is this bench."""
    monkeypatch.setenv("WORKBENCH_URL", bench.api.address.url)
    monkeypatch.setenv("WORKBENCH_API_KEY", bench.api.address.key)
    return bench


def run(script: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(script, "script.py", "exec"), names)
    return names


def made_by(script: str) -> Function:
    names = run(script)
    names["bench"].close()
    return names["f"]


def test_a_script_makes_the_same_function_whatever_it_is(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = bench.canvas("Scripts")
    monkeypatch.setattr(workbench, "connect", lambda: bench)  # the same one each time: connecting is not tried here

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @example(
        {
            "blocks": [{"id": "a", "type": "transform", "name": "a", "config": {"code": None}, "disabled": True}],
            "edges": [],
            "variables": {},
        }
    )
    @given(flows())
    def check(flow: dict[str, Any]) -> None:
        told = bench.api.post("/functions", {"name": "first", "canvasId": canvas.id, "flow": flow})
        first = bench.take_function(told)
        script = first.to_python(name="second")
        second = run(script)["f"]
        assert json.dumps(second.flow) == json.dumps(first.flow), script
        assert second.to_python() == script
        first.delete()
        second.delete()

    check()


def test_a_script_says_description_settings_and_status_too_and_changes_nothing_when_run_again(
    same_home: Bench, function: Function
) -> None:
    doubling(function).describe("doubles,\nthen judges").settings(timeout_ms=500, concurrency={"limit": 2})
    function.set_status("active")
    other = made_by(function.to_python(name="its twin"))
    twin = same_home.function_of(other.key)
    assert (twin.status, twin.settings()["timeoutMs"]) == ("active", 500)
    assert same_home.api.get(f"/functions/{twin.id}")["description"] == "doubles,\nthen judges"
    before = twin.version
    made_by(function.to_python(name="its twin"))
    assert twin.reload().version == before
    assert twin.run(items=[5]).wait().output == "small"


def test_a_script_reads_as_one_would_write_it(doubled: Function) -> None:
    script = doubled.to_python(name="doubles", canvas="Sales")
    assert (
        script
        == '''"""“doubles”, as a script that makes it. Run it: workbench run doubles.py"""

import workbench

bench = workbench.connect()
f = bench.canvas("Sales").function("doubles")

with f.build():
    start = f.start("start")
    each = f.loop("each", loop_type="forEach", items="{{ start.items }}")
    big = f.condition("big", mode="expression", expression="sum(each.results) > vars.bar")
    settings = f.set_variables("settings", values={"bar": 10})
    double = f.transform("double", code="item * 2")
    yes = f.return_("yes", value="{{ each.results }}")
    no = f.return_("no", value="small")

    start >> settings >> each >> big
    each.body >> double
    big.true >> yes
    big.false >> no
f.save()
'''
    )


def test_a_file_for_git_has_a_line_a_line_of_code_and_is_read_back_the_same(
    bench: Bench, doubled: Function, tmp_path: Path
) -> None:
    doubled["double"].configure(language="python", code="a = 1\nresult = item * 2\n")
    first = doubled.save_as(tmp_path / "doubles.flow.json").read_text("utf-8")
    doubled["double"].configure(code="a = 1\nresult = item * 3\n")
    second = doubled.save_as(tmp_path / "doubles.flow.json").read_text("utf-8")
    changed = [(a, b) for a, b in zip(first.splitlines(), second.splitlines(), strict=True) if a != b]
    assert [(a.strip(), b.strip()) for a, b in changed] == [('"result = item * 2",', '"result = item * 3",')]
    bundle = bench.export(doubled)
    assert from_text(second) == {k: v for k, v in bundle.items() if k != "checksum" and v not in ({}, [])}
    with pytest.raises(InvalidInput, match=r"Name it \.py or"):
        doubled.save_as(tmp_path / "doubles.txt")


@given(st.dictionaries(st.sampled_from(["a", "$lines", "$plain", "checksum", "ü"]), VALUES, max_size=3))
def test_whatever_a_bundle_holds_is_read_back_from_its_file(bundle: dict[str, Any]) -> None:
    kept = {k: v for k, v in bundle.items() if k != "checksum" and v not in ({}, [])}
    text = to_text(bundle)
    assert from_text(text) == kept
    assert to_text(from_text(text)) == text


def test_a_file_that_is_too_deep_is_refused() -> None:
    for deep in ("[" * 300 + "]" * 300, "[" * 200_000):
        with pytest.raises(ValueError, match=r"deep|delimiter|value"):
            from_text(deep)


def test_copies_and_the_archive(bench: Bench, doubled: Function) -> None:
    copy = doubled.duplicate()
    assert (copy.name, copy.status) == (doubled.name + " (copy)", "draft")
    assert copy.flow["blocks"] == doubled.flow["blocks"]
    other = bench.canvas("Elsewhere")
    clone = doubled.clone_to(other, "moved over")
    assert [f.name for f in other.functions()] == ["moved over"]
    assert clone.run(items=[1]).wait().output == "small"
    clone.archive()
    with pytest.raises(workbench.errors.InvalidState, match="archived"):
        clone.run(items=[1])
    clone.set_status("draft").run(items=[1]).wait()
