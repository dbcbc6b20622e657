"""Undo, history, versions, differences, snapshots and bundles as a notebook has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.client.test_building import second
from tests.client.test_showing import html_of
from workbench.base.errors import Conflict, InvalidInput, InvalidState, NotFound
from workbench.client.bench import Bench
from workbench.client.function import Function


def test_undo_takes_back_what_was_just_done_saved_or_not_and_redo_makes_it_again(doubled: Function) -> None:
    before = doubled.flow
    doubled["double"].configure(code="item * 3")
    undone = doubled.undo()
    assert re.fullmatch(r"Undone: Change of “double” \(now v4\)", repr(undone))
    assert doubled.flow == before
    assert repr(doubled.redo()).startswith("Made again: ")
    assert doubled["double"].config["code"] == "item * 3"
    doubled.undo()
    taken = doubled.undo_to(doubled.history[-1])
    assert taken.label == doubled.history[-1].label
    assert doubled.blocks == ()
    with pytest.raises(InvalidState, match="nothing"):
        doubled.undo()


def test_any_change_that_stands_can_be_taken_back_unless_a_later_one_is_in_the_way(doubled: Function) -> None:
    doubled["double"].configure(code="item * 3")
    doubled.save()
    doubled["yes"].configure(value="yes")
    doubled.save()
    assert [c.label for c in doubled.history[:2]] == ["Change of “yes”", "Change of “double”"]
    doubled.undo(doubled.history[1])
    assert doubled["double"].config["code"] == "item * 2"
    assert doubled["yes"].config["value"] == "yes"
    assert [c.undone for c in doubled.history[:3]] == [False, False, True]
    with pytest.raises(Conflict, match="yes"):
        doubled.undo(doubled.history[3])


def test_another_clients_change_is_taken_back_too_and_named(bench: Bench, doubled: Function) -> None:
    other = second(bench)
    try:
        theirs = other.canvas("Tests").function(doubled.name)
        theirs["double"].configure(code="item * 9")
        theirs.save()
        assert "double" in repr(doubled.undo())
        assert theirs.reload()["double"].config["code"] == "item * 2"
    finally:
        other.close()


def test_versions_say_who_and_what_and_can_be_restored(doubled: Function) -> None:
    doubled["double"].remove()
    doubled.save()
    assert [(v.number, v.source) for v in doubled.versions] == [(3, "edit"), (2, "edit"), (1, "edit")]
    assert "Removal of “double”" in html_of(doubled.versions)
    doubled.versions[1].restore("it was needed")
    assert doubled["double"].config["code"] == "item * 2"
    assert (doubled.versions[0].source, doubled.versions[0].message) == ("restore", "it was needed")
    doubled.restore(1)
    assert doubled.blocks == ()


def test_a_diff_reads_as_text_and_as_html(doubled: Function) -> None:
    doubled["double"].configure(language="python", code="a = 1\nb = 2\nresult = item * 2")
    doubled.save()
    with doubled.edit() as f:
        f["double"].configure(code="a = 1\nb = 3\nresult = item * 2")
        f["no"].remove()
        f["double"] >> f.transform("<more>", code="1")
        f.set_variables_to(bar=2)
    found = doubled.diff(3, 4)
    text = repr(found)
    assert text.splitlines()[0] == f"“{doubled.name}” v3 → v4"
    for line in (
        "+ block “<more>” (transform)",
        "- block “no” (return)",
        "    - b = 2",
        "    + b = 3",
        "- wire “big”.false → “no”",
        "+ wire “double” → “<more>”",
        "~ variable bar: None → 2",
    ):
        assert line in text.splitlines(), text
    html = html_of(found)
    assert "&lt;more&gt;" in html
    assert "<more>" not in html
    assert "var(--jp-success" in html
    assert found
    assert repr(doubled.diff()) == text
    assert repr(doubled.versions[0].diff()) == text
    assert not doubled.diff(3, 3)
    assert repr(doubled.diff(3, 3)) == f"“{doubled.name}” v3 → v3: nothing differs"
    doubled.lay_out([(doubled["yes"], 900, 900)])
    assert "> only moved: “yes”" in repr(doubled.diff())


def test_snapshots_are_made_found_marked_restored_and_deleted(doubled: Function) -> None:
    kept = doubled.snapshot("before the change", tags=["safe"])
    doubled["double"].remove()
    assert [s.name for s in doubled.snapshots] == ["before the change"]
    assert repr(kept.favorite().tag("safe", "old")) == "Snapshot “before the change” of v2 #safe #old ★"
    assert "★ before the change" in html_of(doubled.snapshots)
    kept.restore()
    assert "double" in doubled
    doubled.undo()
    assert "double" not in doubled
    doubled.restore(kept)
    assert "double" in doubled
    kept.delete()
    assert doubled.snapshots == []
    with pytest.raises(InvalidInput, match="tags"):
        doubled.snapshot("x", tags="safe")


def test_a_bundle_is_previewed_as_a_table_and_imported(bench: Bench, doubled: Function, tmp_path: Path) -> None:
    file = bench.export(doubled).save(tmp_path / "all.json")
    assert repr(bench.export(doubled)) == f"Bundle of 1 function: “{doubled.name}”"
    doubled["double"].configure(code="item * 5")
    preview = bench.import_(file, preview=True, on_conflict="update")
    assert preview.counts == {"create": 0, "update": 1, "skip": 1, "error": 0}
    assert preview.functions == []
    assert "1 block changed" in repr(preview)
    assert "~ update" in html_of(preview)
    assert "item * 5" in repr(preview.diff(doubled.name))
    assert doubled["double"].config["code"] == "item * 5"
    done = bench.import_(file, on_conflict="update", message="as it was")
    assert done.functions == [doubled]
    assert doubled["double"].config["code"] == "item * 2"
    assert doubled.versions[0].message == "as it was"
    done.undo()
    assert doubled.reload()["double"].config["code"] == "item * 5"


def test_what_is_wrong_with_a_file_is_said(bench: Bench, doubled: Function, tmp_path: Path) -> None:
    for text, words in (("{", "Cannot read"), ("{}", "bundle.format"), ('{"format": "x"}', "workbench.bundle")):
        file = tmp_path / "x.flow.json"
        file.write_text(text)
        with pytest.raises(InvalidInput, match=words):
            bench.import_(file)
    with pytest.raises(InvalidInput, match="Cannot read"):
        bench.import_(tmp_path / "nowhere.json")
    bundle = {**bench.export(doubled), "checksum": "sha256:0"}
    with pytest.raises(InvalidInput, match="damaged"):
        bench.import_(bundle)


def test_a_canvas_goes_out_whole_and_in_beside_itself(bench: Bench, request: pytest.FixtureRequest) -> None:
    canvas = bench.canvas(request.node.name)
    canvas.function("one").start()
    canvas.function("two").start()
    told = bench.import_(bench.export(canvas), on_conflict="create")
    assert [f.name for f in told.functions] == ["one", "two"]
    there = [c for c in bench.canvases() if c.name == canvas.name]
    assert len(there) == 2
    moved = bench.import_(bench.export(canvas.function("one")), on_conflict="create", canvas=there[1])
    assert sorted(f.name for f in there[1].functions()) == ["one", "one", "two"]
    assert moved.functions[0].key not in {f.key for f in canvas.functions()}
    named = {canvas.function("two").key: {"action": "create", "name": "three"}}
    assert bench.import_(bench.export(canvas.function("two")), overrides=named).functions[0].name == "three"
    assert canvas.duplicate("a copy").stats()["functionCount"] == 3
    for each in (*there, *(c for c in bench.canvases() if c.name == "a copy")):
        each.delete()


def test_ones_own_last_change_anywhere_can_be_taken_back(bench: Bench, doubled: Function) -> None:
    doubled["double"].configure(code="item * 7")
    assert bench.undo() == "Change of “double”"
    assert doubled["double"].config["code"] == "item * 2"
    assert bench.redo() == "Change of “double”"
    assert doubled["double"].config["code"] == "item * 7"


def test_what_is_no_function_and_no_canvas_is_said_and_nothing_else_is_done(bench: Bench, doubled: Function) -> None:
    for call in (
        lambda: bench.export(doubled.name),  # type: ignore[arg-type]
        lambda: bench.export(doubled, doubled.name),  # type: ignore[arg-type]
        lambda: bench.import_(doubled.export(), canvas="Tests"),  # type: ignore[arg-type]
        lambda: doubled.clone_to("Tests"),
        lambda: bench.runs(doubled.name),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidInput, match=r"is no (function|canvas)") as caught:
            call()
        assert "bench.canvas(name)" in (caught.value.hint or "")


def test_an_undo_of_nothing_in_particular_is_no_undo_of_the_last_change(doubled: Function) -> None:
    doubled["double"].configure(code="item * 3")
    with pytest.raises(InvalidInput, match="which change"):
        doubled.undo_to(None)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        doubled.undo("")
    assert doubled["double"].config["code"] == "item * 3"


def test_a_snapshot_is_restored_by_its_name_the_newest_of_it(doubled: Function) -> None:
    doubled.snapshot("safe")
    doubled["double"].configure(code="item * 3")
    doubled.snapshot("safe")
    doubled["double"].configure(code="item * 4")
    doubled.restore("safe")
    assert doubled["double"].config["code"] == "item * 3"
    with pytest.raises(NotFound, match="no snapshot “save”") as caught:
        doubled.restore("save")
    assert "“safe”" in (caught.value.hint or "")


def test_a_long_change_is_in_the_history_whole(doubled: Function) -> None:
    with doubled.edit() as f:
        for n in range(250):
            f.transform(f"t {n}", code="1")
    changes = doubled.history
    assert sum(c["type"] == "ADD_BLOCK" for c in changes[0].commands) == 250
    assert len(changes) == 2


def test_the_order_of_keys_and_the_kind_of_a_number_are_changes_too(doubled: Function) -> None:
    first = {"z": 1, "a": 1}
    doubled.set_variables_to(columns=first, flag=1).save()
    version = doubled.version
    doubled.set_variables_to(columns={"a": 1, "z": 1}, flag=1).save()
    assert list(doubled.reload().variables["columns"]) == ["a", "z"]
    doubled.set_variables_to(columns={"a": 1, "z": 1}, flag=True).save()
    assert doubled.reload().variables["flag"] is True
    assert doubled.version == version + 2
