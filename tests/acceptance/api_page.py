"""The parts of docs/api.md that are made from the code. ``python -m tests.acceptance.api_page`` writes them anew."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from workbench.assembly import open_workbench
from workbench.base.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
BEGIN, END = "<!-- operations: made by tests.acceptance.api_page -->", "<!-- /operations -->"
PREFIX = "/api/v1/workflow"


def operations_table(document: dict[str, Any]) -> str:
    """A table of operations for each tag, in the document's order."""
    rows: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            does = (
                operation.get("description", "").split("\n\n")[0].replace("\n", " ")
                or operation["summary"].capitalize()
            )
            scope = operation.get("x-scope", "none, open to all") + ", operator" * operation.get("x-operator", False)
            row = (
                f"| `{operation['operationId']}` | {method.upper()} `{path.removeprefix(PREFIX)}` | {scope} | {does} |"
            )
            rows.setdefault(operation["tags"][0], []).append(row)
    head = "| operationId | Method, path | Scope | Does |\n|---|---|---|---|\n"
    return "\n\n".join(f"### {tag}\n\n{head}" + "\n".join(lines) for tag, lines in rows.items())


def with_table(page: str, table: str) -> str:
    """The page with this table between its marks."""
    return re.sub(
        f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: f"{BEGIN}\n\n{table}\n\n{END}", page, flags=re.DOTALL
    )


def main() -> None:
    """Write the page anew."""
    with tempfile.TemporaryDirectory() as home:
        workbench = open_workbench(Settings.load(environ={}, home=home))
        workbench.start()
        try:
            table = operations_table(workbench.app.openapi())
        finally:
            workbench.stop()
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), table), encoding="utf-8")


if __name__ == "__main__":
    main()
