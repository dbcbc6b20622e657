"""The wheel and the sdist hold what an installation needs, and no more."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> list[str]:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        return archive.namelist()


def test_the_wheel_has_three_import_packages_and_nothing_else_at_its_top(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.startswith("workflow_workbench-")} == {
        "workbench",
        "workbench_widgets",
        "workbench_server",
    }
    assert not [name for name in wheel if "node_modules" in name or name.endswith((".ts", ".tsx", ".pyc"))]


def test_the_wheel_has_the_bundle_that_its_manifest_names(built: Path, wheel: list[str]) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        manifest = json.loads(archive.read("workbench_widgets/static/manifest.json"))
    for name in manifest.values():
        assert f"workbench_widgets/static/{name}" in wheel


def test_the_wheel_turns_the_extension_on(wheel: list[str]) -> None:
    name = "data/etc/jupyter/jupyter_server_config.d/workbench_server.json"
    assert any(entry.endswith(name) for entry in wheel)


def test_the_wheel_has_the_migrations_and_the_licence(wheel: list[str]) -> None:
    sources = [file.name for file in (REPOSITORY / "workbench/storage/migrations").glob("*.sql")]
    assert sources
    for name in sources:
        assert f"workbench/storage/migrations/{name}" in wheel
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_the_sdist_can_be_built_again_without_node(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    for needed in ("hatch_build.py", "README.md", "widgets/package-lock.json", "widgets/src/main.tsx"):
        assert needed in names
    assert "widgets/workbench_widgets/static/sources.sha256" in names
    assert not [name for name in names if "node_modules" in name or name.startswith(".venv")]
