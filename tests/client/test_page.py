"""docs/python.md is true: its examples run, its names exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import workbench
from workbench.client.function import Function
from workbench.client.run import Run

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")


def test_its_examples_run_as_one_script(tmp_path: Path) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
    environment = {**kept, "WORKBENCH_HOME": str(tmp_path / "home")}
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_the_methods_that_it_names_exist() -> None:
    for owner, kind in (("f", Function), ("run", Run), ("bench", workbench.Bench)):
        for name in re.findall(rf"\b{owner}\.(\w+)\(", PAGE):
            if not hasattr(kind, name):
                assert name in {"start", "loop", "condition", "transform", "return_"}, f"{owner}.{name}"
