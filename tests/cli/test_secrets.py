"""`workbench secrets` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import workbench as package


def test_a_secret_is_set_from_standard_input_listed_rotated_backed_up_and_deleted(environment, tmp_path):
    def call(*arguments: str, given: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "workbench.cli", *arguments],
            cwd=tmp_path, env={**environment, **more}, input=given,
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip

    made = call("secrets", "set", "shop_token", "--description", "of the shop", given="a value of mine\n")
    assert made.returncode == 0, made.stderr
    assert "secrets.shop_token" in made.stderr
    refused = call("secrets", "set", "shop-token", given="x")
    assert refused.returncode == 1
    assert "secretName" in refused.stderr
    listed = call("secrets", "list")
    assert listed.stdout.startswith("secrets.shop_token (set ")
    backup = call("backup", "saved")
    assert backup.returncode == 0, backup.stderr
    assert not list((tmp_path / "saved").rglob("secret.key"))
    turned = call("secrets", "rotate")
    assert "Encrypted 1 secret with a new key" in turned.stderr
    restored = call("restore", "saved", WORKBENCH_HOME=str(tmp_path / "other"))
    assert restored.returncode == 0, restored.stderr
    without = call("secrets", "list", WORKBENCH_HOME=str(tmp_path / "other"))
    assert "is not here" in without.stdout
    gone = call("secrets", "delete", "shop_token")
    assert gone.stderr.strip() == "Deleted shop_token."
    again = call("secrets", "delete", "shop_token")
    assert (again.returncode, "There is no secret" in again.stderr) == (1, True)
    assert "There are no secrets" in call("secrets", "list").stderr
    for told in (made, listed, backup, turned, restored, without, gone):
        assert "a value of mine" not in told.stdout + told.stderr


def test_starting_does_not_import_what_encrypts(environment, tmp_path):
    code = (
        "import sys, workbench\n"
        "with workbench.connect() as bench:\n"
        "    assert list(bench.secrets) == []\n"
        "    assert 'cryptography' not in sys.modules\n"
        "    bench.secrets['a'] = 'x'\n"
        "    assert 'cryptography' in sys.modules\n"
    )
    root = str(Path(package.__file__).parents[1])
    env = {**environment, "PYTHONPATH": os.pathsep.join([root, environment.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
