"""Claims about the repository itself: dependencies, addresses, documents that name files."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("workbench", "widgets/workbench_widgets", "server_ext/workbench_server")
OWN = {"workbench", "workbench_widgets", "workbench_server"}
BROUGHT_ALONG = {
    "jupyter_core": "jupyterlab",
    "jupyter_server": "jupyterlab",
    "jupyter_client": "jupyterlab",
    "tornado": "jupyterlab",
    "traitlets": "jupyterlab",
    "starlette": "fastapi",
    "httpcore": "httpx",
    "referencing": "jsonschema",
    "pydantic_core": "pydantic",
    "IPython": "ipykernel",
    "ipywidgets": "anywidget",
    "traittypes": "anywidget",
    "psygnal": "anywidget",
    "click": "typer",
}
"""Imports that a declared dependency is made of, so that declaring them too would only let versions part."""


OPTIONAL = {"workbench/client/showing/charts.py": ("altair",)}
"""What one function needs that few call; it says so, and an extra brings it."""


def declared() -> set[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    return {re.split(r"[\[<>=;! ]", text)[0].lower().replace("_", "-") for text in project["dependencies"]}


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


def test_each_import_is_a_declared_dependency() -> None:
    distributions = packages_distributions()
    missing = {}
    for package in PACKAGES:
        for file in (REPOSITORY / package).rglob("*.py"):
            for name in imported(file):
                if name in sys.stdlib_module_names or name in OWN:
                    continue
                dists = {d.lower().replace("_", "-") for d in distributions.get(name, [name])}
                if name in OPTIONAL.get(str(file.relative_to(REPOSITORY)), ()):
                    continue
                if not dists & declared() and BROUGHT_ALONG.get(name, "") not in declared():
                    missing[name] = str(file.relative_to(REPOSITORY))
    assert missing == {}


def test_each_declared_dependency_is_used() -> None:
    """A package that is only run, not imported, says so here."""
    run_only = {"jupyterlab", "ipykernel", "tzdata"}
    distributions = packages_distributions()
    names = {name for package in PACKAGES for f in (REPOSITORY / package).rglob("*.py") for name in imported(f)}
    used = {d.lower().replace("_", "-") for name in names for d in distributions.get(name, [])}
    assert declared() - used - run_only == set()


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout: what is tracked is not known")
    return [REPOSITORY / name for name in done.stdout.splitlines()]


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile(
        "|".join(("pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs", "index" + "-url *="))
    )
    named = [
        str(file.relative_to(REPOSITORY))
        for file in tracked()
        if file.is_file() and file.suffix not in {".png", ".parquet"} and hosts.search(file.read_text(errors="ignore"))
    ]
    assert named == []


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_documents_name_files_that_exist(document: str) -> None:
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:workbench|widgets|server_ext|tests|docs|notebooks|\.ci)/[\w./-]*)`", text))
    named |= set(re.findall(r"\]\(([^)#:]+)\)", text))
    assert named
    assert [name for name in sorted(named) if not (REPOSITORY / name).exists()] == []


@pytest.mark.parametrize("command", ["lab", "test", "check", "bench"])
def test_make_help_lists_the_commands(command: str) -> None:
    done = subprocess.run(["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert f"make {command} " in done.stdout
