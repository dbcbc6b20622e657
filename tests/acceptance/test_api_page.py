"""docs/api.md is true: its examples run, its tables are the code's, every code has its heading."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.acceptance.api_page import BEGIN, END, PAGE, operations_table, with_table
from tests.acceptance.doors import STATUS_OF
from tests.server_ext.conftest import TOKEN, Server
from tests.serving import Bench
from workbench.base.errors import BlockFailed, WorkbenchError
from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.validation import Code

TEXT = PAGE.read_text(encoding="utf-8")


def section(title: str) -> str:
    """What stands below a heading of the second level."""
    return re.split(r"^## ", TEXT.split(f"\n## {title}\n", 1)[1], flags=re.MULTILINE)[0]


def errors_of(cls: type[WorkbenchError]) -> Iterator[type[WorkbenchError]]:
    yield cls
    for child in cls.__subclasses__():
        if not issubclass(child, (BlockFailed, ExpressionError)) and not child.__module__.startswith(
            "workbench.client"
        ):
            yield from errors_of(child)


def test_the_examples_run_one_after_the_other(in_jupyter: Server, tmp_path: Path) -> None:
    script = "\n".join(re.findall(r"^```bash\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL))
    assert script.count("curl") > 10
    environment = {
        "PATH": os.environ["PATH"],
        "JUPYTER_URL": in_jupyter.url,
        "JUPYTER_TOKEN": TOKEN,
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-2000:])
    assert "[2, 4, 10]" in done.stderr
    assert '"status":"completed","runs":1' in done.stdout
    assert (tmp_path / "runs.arrows").stat().st_size > 100


EDITING = ("Canvases", "Functions", "Versions", "Commands", "Snapshots", "Import and export", "Blocks")
SETTINGS = {"getFunctionSettings", "setFunctionSettings"}


def test_the_examples_use_every_operation_of_editing(bench: Bench) -> None:
    used: set[tuple[str, str]] = set()
    for line in TEXT.splitlines():
        used |= {(m, path) for m, path in re.findall(r'ask ([A-Z]+) "?(/[^\s"?]+)', line)}
        for options, path, rest in re.findall(r'curl (.*?)"\$API(/[^"?]+)[^"]*"(.*)', line):
            method = re.search(r"-X ([A-Z]+)", options)
            used.add((method[1] if method else "POST" if "application/json" in rest else "GET", path))
    left: list[str] = []
    for template, methods in bench.client().get("/openapi.json").json()["paths"].items():
        pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template.removeprefix("/api/v1/workflow"))))
        for method, operation in methods.items():
            if operation["tags"][0] not in EDITING or operation["operationId"] in SETTINGS:
                continue
            if not any(method.upper() == m and pattern.fullmatch(path) for m, path in used):
                left.append(operation["operationId"])
    assert left == []


def test_the_tables_of_operations_are_those_of_the_document(bench: Bench) -> None:
    table = operations_table(bench.client().get("/openapi.json").json())
    assert BEGIN in TEXT
    assert END in TEXT
    assert with_table(TEXT, table) == TEXT, "run: python -m tests.acceptance.api_page"


def test_every_error_code_has_its_heading_and_its_status() -> None:
    told = dict(re.findall(r"^### `([A-Z_]+)`\n(\d{3})\. \S", section("Error codes"), flags=re.MULTILINE))
    coded = {cls.code: str(cls.status) for cls in errors_of(WorkbenchError)}
    assert told == coded
    assert told == {code: str(status) for code, status in STATUS_OF.items()}


def test_every_validation_problem_has_its_heading() -> None:
    told = re.findall(r"^### `([A-Z_]+)`\n\S", section("Validation problems"), flags=re.MULTILINE)
    assert told == [code.value for code in Code]
