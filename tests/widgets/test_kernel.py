"""Values of a run brought into the notebook's names, over a real workbench."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from IPython.core.interactiveshell import InteractiveShell

import workbench
from workbench.client.bench import Bench
from workbench.client.run import Run
from workbench_widgets import CanvasWidget


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("root")
    pl.DataFrame({"id": range(1000)}).write_parquet(root / "flights.parquet")
    with workbench.connect(home=tmp_path_factory.mktemp("home"), root=root) as found:
        yield found


@pytest.fixture(scope="module")
def run(bench: Bench) -> Run:
    function = bench.canvas("Tests").function("values")
    with function.build() as f:
        start = f.start()
        read = f.read_table("flights", path=str(Path("flights.parquet")))
        late = f.filter("late", conditions=[{"field": "id", "operator": "gte", "value": 600}])
        start >> read >> late >> f.transform("two", code="[1, 2]")
    return function.run().wait()


def asking(run: Run, block: str, name: str, **more: Any) -> dict[str, Any]:
    state = next(s for s in run.told["checkpoints"] if s["blockName"] == block)
    return {"runId": run.id, "checkpointId": state["id"], "name": name, **more}


class Heard(CanvasWidget):
    """A canvas that keeps what it sends."""

    def __init__(self, *given: Any, **more: Any) -> None:
        self.sent: list[Any] = []
        super().__init__(*given, **more)

    def send(self, content: Any, buffers: Any = None) -> None:
        """Keep it."""
        del buffers
        self.sent.append(content)

    def ask(self, kind: str, **more: Any) -> Any:
        """What it answers to the view."""
        self._answer(self, {"kind": kind, **more}, [])
        return self.sent.pop()


@pytest.fixture
def names() -> Iterator[dict[str, Any]]:
    """The notebook's names."""
    yield InteractiveShell.instance().user_ns
    InteractiveShell.clear_instance()


@pytest.fixture
def canvas(bench: Bench) -> Heard:
    return Heard("f1", bench=bench)


def test_the_canvas_says_that_a_kernel_is_there(canvas: Heard) -> None:
    assert canvas.ask("kernel") == {"kind": "kernel"}


def test_a_table_comes_whole_and_the_answer_bears_the_questions_id(
    canvas: Heard, run: Run, names: dict[str, Any]
) -> None:
    answer = canvas.ask("bring", id="q1", **asking(run, "flights", "flights"))
    assert answer == {"kind": "brought", "id": "q1", "text": "flights: a polars frame of 1,000 × 1"}
    assert names["flights"]["id"].to_list() == list(range(1000))


def test_a_list_comes_as_it_is(canvas: Heard, run: Run, names: dict[str, Any]) -> None:
    assert canvas.ask("bring", **asking(run, "two", "pair"))["text"] == "pair: a list of 2"
    assert names["pair"] == [1, 2]


def test_a_table_inside_a_value_comes_alone_or_with_the_rest(canvas: Heard, run: Run, names: dict[str, Any]) -> None:
    canvas.ask("bring", **asking(run, "late", "rows", field="data"))
    canvas.ask("bring", **asking(run, "late", "found"))
    assert names["rows"].height == names["found"]["data"].height == 400


@pytest.mark.parametrize("name", ["two words", "1st", "for", "", "a.b"])
def test_a_name_that_python_would_not_take_is_refused(
    canvas: Heard, run: Run, names: dict[str, Any], name: str
) -> None:
    before = dict(names)
    answer = canvas.ask("bring", **asking(run, "two", name))
    assert "cannot be a variable's name" in answer["error"]
    assert dict(names) == before


def test_a_function_of_the_notebook_is_left_alone(canvas: Heard, run: Run, names: dict[str, Any]) -> None:
    names["two"] = asking
    answer = canvas.ask("bring", **asking(run, "two", "two"))
    assert "left alone" in answer["error"]
    assert answer["hint"] == "Choose another name."
    assert names["two"] is asking


def test_a_value_that_is_not_there_is_an_error_in_words(canvas: Heard, run: Run, names: dict[str, Any]) -> None:
    answer = canvas.ask("bring", **{**asking(run, "two", "pair"), "checkpointId": "bm90aGluZ34x"})
    assert answer["error"]
    assert "pair" not in names


def test_outside_of_a_notebook_it_says_so(canvas: Heard, run: Run) -> None:
    assert "no notebook" in canvas.ask("bring", **asking(run, "two", "pair"))["error"]


def test_the_kernel_writes_the_function_as_a_script_that_makes_the_same_one(bench: Bench) -> None:
    made = bench.canvas("Tests").function("as a script")
    with made.build() as f:
        f.start() >> f.transform("two", code="[1, 2]")
    answer = Heard(made.id, bench=bench).ask("python", id="q1")
    assert (answer["kind"], answer["id"]) == ("brought", "q1")
    assert answer["text"] == made.to_python()
    compile(answer["text"], "script", "exec")


def test_a_function_that_is_gone_is_said_to_be(bench: Bench) -> None:
    gone = Heard("01890000-0000-7000-8000-000000000000", bench=bench).ask("python", id="q2")
    assert "function" in gone["error"]
