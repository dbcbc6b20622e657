"""Both homes: named, told by the environment, found beside a Jupyter server, or in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import workbench
from workbench.base.errors import InvalidInput, NotAuthenticated, Unavailable
from workbench.client.bench import Bench
from workbench.client.servers import find_server
from workbench.storage.lock import owner_of

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        if name.startswith("WORKBENCH_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    return monkeypatch


def test_importing_the_package_loads_neither_server_nor_tables() -> None:
    code = "import sys, workbench; print({'polars', 'httpx', 'duckdb', 'fastapi'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


def test_url_and_key_lead_to_it(bench: Bench) -> None:
    with workbench.connect(url=bench.api.address.url + "/", key=bench.api.address.key) as other:
        assert other.canvas("By url").id == bench.canvas("By url").id


def test_the_environment_that_a_kernel_gets_leads_to_it(bench: Bench, plain_environment: pytest.MonkeyPatch) -> None:
    plain_environment.setenv("WORKBENCH_URL", bench.api.address.url)
    plain_environment.setenv("WORKBENCH_API_KEY", bench.api.address.key or "")
    with workbench.connect() as other:
        assert other.api.address.url == bench.api.address.url
        assert other.canvas("By environment").id == bench.canvas("By environment").id


def test_a_wrong_key_and_a_wrong_address_say_so(bench: Bench) -> None:
    with pytest.raises(NotAuthenticated, match="not known here"):
        workbench.connect(url=bench.api.address.url, key="wb_wrong")
    with pytest.raises(Unavailable, match="No workbench answers at"):
        workbench.connect(url=NOWHERE)
    with pytest.raises(InvalidInput, match="not by both"):
        workbench.connect(url=NOWHERE, home="somewhere")


@pytest.mark.usefixtures("plain_environment")
def test_running_jupyter_servers_without_a_workbench_are_passed_by(bench: Bench, tmp_path: Path) -> None:
    for name, url, pid in (("1", NOWHERE, os.getpid()), ("2", bench.api.address.url, 2**22 + 1)):
        (tmp_path / f"jpserver-{name}.json").write_text(json.dumps({"url": url, "pid": pid, "token": "t"}))
    (tmp_path / "jpserver-3.json").write_text("{")
    assert find_server() is None
    told = {"url": bench.api.address.url + "/", "pid": os.getpid(), "token": "t", "root_dir": "/"}
    (tmp_path / "jpserver-4.json").write_text(json.dumps(told))
    found = find_server()
    assert found is not None
    assert found.headers() == {"Authorization": "token t"}


def test_one_process_has_one_workbench_a_home(tmp_path: Path) -> None:
    first, second = workbench.connect(home=tmp_path), workbench.connect(home=tmp_path)
    assert first.api.address == second.api.address
    first.close()
    first.close()
    assert second.canvas("Still here").name == "Still here"
    second.close()
    assert owner_of(tmp_path) is None
    with pytest.raises(Unavailable, match="closed"):
        second.canvas("Gone")


def test_a_store_that_another_process_owns_is_spoken_to_and_taken_over_when_it_dies(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workbench.cli", "serve", "--home", str(tmp_path), "--port", "0"]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout is not None
        owner.stdout.readline()
        with workbench.connect(home=tmp_path) as mine:
            f = mine.canvas("Sales").function("rests")
            f.start() >> f.delay("rest", delay_ms=300) >> f.return_("done", value=42)
            run = f.run()
            assert owner_of(tmp_path).pid == owner.pid  # type: ignore[union-attr]
            owner.kill()
            owner.wait()
            assert run.wait().output == 42
            assert owner_of(tmp_path).pid == os.getpid()  # type: ignore[union-attr]
            assert mine.frames.runs()["recoveries"].to_list() == [1]
    finally:
        owner.kill()
        owner.wait()
        if owner.stdout is not None:
            owner.stdout.close()


def test_a_script_that_closes_nothing_ends_by_itself_and_loses_nothing(tmp_path: Path) -> None:
    code = "import sys, workbench; f = workbench.connect(home=sys.argv[1]).canvas('C').function('f'); f.start('begin')"
    told = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True)
    assert told.stderr == ""
    with workbench.connect(home=tmp_path) as mine:
        assert "begin" in mine.canvas("C").function("f")


def test_the_names_for_type_checkers_are_the_names_that_there_are() -> None:
    stub = (Path(workbench.__file__).parent / "__init__.pyi").read_text()
    told = {line.rpartition(" as ")[2] for line in stub.splitlines() if " as " in line} | {"__version__"}
    assert told == set(workbench.__all__)
    for name in workbench.__all__:
        assert getattr(workbench, name) is not None
