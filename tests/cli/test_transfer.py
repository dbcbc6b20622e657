"""`workbench export`, `workbench import`, and running what they write."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command

BUILD = """
import workbench

bench = workbench.connect()
digest = bench.canvas("Sums").function("digest")
with digest.build():
    digest.start() >> digest.transform("twice", code="input.n * 2")
"""


def test_a_function_goes_to_a_file_and_comes_back_as_bundle_and_as_script(workbench: Command, tmp_path: Path) -> None:
    (tmp_path / "build.py").write_text(BUILD)
    assert workbench("run", "build.py", "-i", "n=1").returncode == 0

    written = workbench("export", "digest.flow.json", "digest")
    assert written.returncode == 0, written.stderr
    assert "Bundle of 1 function" in written.stderr
    assert workbench("export", "digest.py", "digest", "--canvas", "Sums").returncode == 0
    assert 'f.transform("twice", code="input.n * 2")' in (tmp_path / "digest.py").read_text()

    changed = (tmp_path / "digest.flow.json").read_text().replace("input.n * 2", "input.n * 3")
    (tmp_path / "digest.flow.json").write_text(changed)
    seen = workbench("import", "digest.flow.json", "--preview", "--on-conflict", "update")
    assert seen.returncode == 0, seen.stderr
    assert "~ update function “digest”" in seen.stdout

    elsewhere = str(tmp_path / "elsewhere")
    ran = workbench("run", "digest.flow.json", "-i", "n=5", "--home", elsewhere)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == 15
    ran = workbench("run", "digest.py", "-i", "n=5", "--home", elsewhere)
    assert json.loads(ran.stdout) == 10, "the script makes the function that it says, in the same store"
    brought = workbench("import", "digest.flow.json", "--on-conflict", "create", "--home", elsewhere)
    assert "+ create function “digest”" in brought.stdout


def test_what_cannot_be_exported_or_imported_is_said(workbench: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.flow.json").write_text('{"format": "workbench.bundle", "formatVersion": 9}')
    (tmp_path / "build.py").write_text(BUILD.replace('"digest"', '"here"'))
    assert workbench("run", "build.py", "-i", "n=1").returncode == 0
    for arguments, words in (
        (("export", "x.flow.json", "nobody"), "no function “nobody”"),
        (("export", "x.flow.json", "--canvas", "nowhere"), "no canvas “nowhere”"),
        (("export", "x.py"), "one function"),
        (("export", "nowhere/x.json", "here"), "Cannot write nowhere/x.json: No such file or directory."),
        (("export", ".", "here"), "A bundle is JSON: . is not called so."),
        (("import", "bad.flow.json"), "newer workbench"),
        (("run", "bad.flow.json"), "no function"),
    ):
        done = workbench(*arguments)
        assert done.returncode == 1, arguments
        assert words in done.stderr, (arguments, done.stderr)
        assert "Traceback" not in done.stderr


def test_a_preview_makes_no_canvas_and_an_import_that_fails_leaves_none(workbench: Command, tmp_path: Path) -> None:
    (tmp_path / "build.py").write_text(BUILD)
    assert workbench("run", "build.py", "-i", "n=1").returncode == 0
    assert workbench("export", "digest.flow.json", "digest").returncode == 0
    seen = workbench("import", "digest.flow.json", "--preview", "--canvas", "Elsewhere")
    assert seen.returncode == 1
    assert "no canvas “Elsewhere” yet" in seen.stderr
    (tmp_path / "bad.flow.json").write_text('{"format": "workbench.bundle", "formatVersion": 9}')
    assert workbench("import", "bad.flow.json", "--canvas", "Elsewhere").returncode == 1
    assert "no canvas “Elsewhere”" in workbench("export", "x.json", "--canvas", "Elsewhere").stderr
    assert workbench("import", "digest.flow.json", "--canvas", "Elsewhere", "--on-conflict", "create").returncode == 0
    assert workbench("import", "digest.flow.json", "--preview", "--canvas", "Elsewhere").returncode == 0
    assert workbench("export", "both.json").returncode == 0
    ran = workbench("run", "both.json", "--name", "digest")
    assert "2 functions of the bundle are called “digest”" in ran.stderr
    assert "holds “digest”.\n" in workbench("run", "both.json").stderr


def test_what_looks_like_markup_in_a_name_is_printed_as_it_is(workbench: Command) -> None:
    done = workbench("export", "x.json", "[/b] [red]x")
    assert done.stderr == "Error: There is no function “[/b] [red]x”.\n"
