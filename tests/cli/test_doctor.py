"""What `workbench doctor` finds."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command


def test_doctor_says_versions_settings_and_where_they_come_from(workbench: Command, tmp_path: Path) -> None:
    told = workbench("doctor", WORKBENCH_RUNS_PER_WORKSPACE="7", WORKBENCH_DISABLED_BLOCKS="delay")
    assert "duckdb" in told.stdout
    assert "environment WORKBENCH_RUNS_PER_WORKSPACE" in told.stdout
    assert "delay cannot be used: switched off" in told.stdout
    assert str(tmp_path / "home") in told.stdout
    assert not (tmp_path / "home").exists()


def test_doctor_names_a_setting_that_is_wrong(workbench: Command) -> None:
    told = workbench("doctor", WORKBENCH_PORT="many")
    assert told.returncode == 1
    assert "port" in told.stdout
    assert "environment WORKBENCH_PORT" in told.stdout
    assert "Traceback" not in told.stderr


def test_doctor_finds_a_server_that_does_not_answer(workbench: Command, tmp_path: Path) -> None:
    folder = tmp_path / "runtime"
    folder.mkdir()
    (folder / "jpserver-1.json").write_text('{"url": "http://127.0.0.1:9/", "pid": 1, "token": "secret"}')
    told = workbench("doctor")
    assert told.returncode == 1
    assert "http://127.0.0.1:9 does not answer" in told.stdout
    assert "secret" not in told.stdout
