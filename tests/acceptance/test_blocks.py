"""Blocks that are given what they cannot bear: the run fails with a sentence, nothing else does."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.doors import Doors, block, data_of, expression, flow, python, refused, sql, until
from tests.serving import Bench


def test_a_division_by_zero_names_the_block_and_the_division(api: Doors) -> None:
    error = api.failed(expression("input.a / input.b", "ratio"), inputs={"a": 1, "b": 0})
    assert error["blockId"] == "ratio"
    assert error["type"] in {"EXPRESSION", "ZERO_DIVISION"}
    assert "zero" in error["message"].lower()


@pytest.mark.parametrize(
    "code",
    [
        "''.__class__", "input.__class__", "().__class__.__bases__", "[c for c in ().__class__.__subclasses__()]",
        "__import__('os')", "eval('1')", "open('/etc/passwd')", "globals()", "(lambda: 1)()", "input.x.__dict__",
        "f'{input.__class__}'", "'{0.__class__}'.format(1)", "getattr(input, 'x')", "(x := 1)", "input['__class__'].x",
        "'%s' % input.__class__", "[].append.__self__", "str.mro()", "len.__globals__",
    ],
)  # fmt: skip
def test_there_is_no_way_out_of_an_expression(api: Doors, code: str) -> None:
    for sent in (flow(expression(code, "a")), flow(block("a", "return", "a", value="{{ " + code + " }}"))):
        told = data_of(api.http.post("/validate", json={"flow": sent}))
        if told["valid"]:  # only what is a plain, missing field may wait for the run
            function = data_of(api.http.post("/functions", json={"name": "f", "flow": sent}))
            run = api.run(function, {"x": 1})
            assert run["status"] == "failed" or run["output"] == code, run
        else:
            assert {e["code"] for e in told["errors"]} <= {"BAD_EXPRESSION", "UNKNOWN_NAME"}


@pytest.mark.parametrize(
    ("code", "inputs"),
    [
        ("'a' * input.n", {"n": 10**9}),
        ("input.text * input.n", {"text": "ab", "n": 10**12}),
        ("[0] * input.n", {"n": 10**9}),
        ("2 ** input.n", {"n": 10**9}),
        ("input.n ** input.n", {"n": 10**6}),
        ("range(input.n)", {"n": 10**12}),
        ("[x for x in range(input.n)]", {"n": 10**10}),
        ("sum([x * y for x in range(input.n) for y in range(input.n)])", {"n": 10**5}),
        ("'x'.ljust(input.n)", {"n": 10**9}),
        ("input.text.replace('a', input.text)", {"text": "a" * 5000}),
        ("f\"{'x':>{input.n}}\"", {"n": 10**9}),
        ("'%*d' % (input.n, 1)", {"n": 10**9}),
    ],
)
def test_what_would_be_endless_or_huge_is_stopped_at_run_time(api: Doors, code: str, inputs: dict[str, Any]) -> None:
    sent = flow(expression(code, "big"))
    told = data_of(api.http.post("/validate", json={"flow": sent}))
    if not told["valid"]:
        assert {e["code"] for e in told["errors"]} == {"BAD_EXPRESSION"}
        return
    begun = time.monotonic()
    run = api.run(data_of(api.http.post("/functions", json={"name": "f", "flow": sent})), inputs)
    assert time.monotonic() - begun < 5
    if "replace" in code and run["status"] == "completed":
        assert len(str(run["output"])) < 30_000_000
        return
    assert run["status"] == "failed"
    assert run["error"]["blockId"] == "big"


@pytest.mark.parametrize("code", ["'a' * 10**9", "[1] * 10**9", "9 ** 9 ** 9", "'x'.ljust(10**9)"])
def test_a_huge_constant_is_refused_when_it_is_validated(api: Doors, code: str) -> None:
    for config in ({"code": code}, {"language": "mapping", "code": {"x": code}}):
        told = data_of(api.http.post("/validate", json={"flow": flow(block("a", "transform", "a", **config))}))
        if told["valid"]:
            assert api.failed(block("a", "transform", "a", **config))["blockId"] == "a"
        else:
            assert told["errors"][0]["code"] == "BAD_EXPRESSION"
            assert told["errors"][0]["blockId"] == "a"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')", "SELECT 1; DROP TABLE x", "DROP TABLE x", "CREATE TABLE x AS SELECT 1",
        "COPY (SELECT 1) TO '/tmp/stolen.csv'", "ATTACH '/tmp/x.duckdb'", "INSTALL httpfs", "LOAD httpfs",
        "SET enable_external_access=true", "PRAGMA database_list", "SELECT getenv('HOME')", "EXPORT DATABASE '/tmp/x'",
        "SELECT * FROM duckdb_secrets()", "SELECT * FROM nowhere", "SELECT", "not sql at all", "SELECT 1/0 +",
    ],
)  # fmt: skip
def test_sql_reads_nothing_but_the_wires(api: Doors, query: str) -> None:
    told = data_of(api.http.post("/validate", json={"flow": flow(sql(query))}))
    if not told["valid"]:
        problem = told["errors"][0]
        assert (problem["code"], problem["blockId"], problem["field"]) == ("BAD_CONFIG", "query", "config.code")
        return
    run = api.run(api.function(sql(query)), {"a": 1})
    if run["status"] == "completed":  # a system table may be read: there is nothing in it
        assert run["output"]["$table"]["rows"] == 0 or "root:" not in str(run["output"]), run
        assert query == "SELECT * FROM duckdb_secrets()", run
        return
    assert run["error"]["blockId"] == "query"
    assert not Path("/tmp/stolen.csv").exists()


def test_python_that_raises_says_what_and_in_which_line(api: Doors) -> None:
    error = api.failed(python("a = 1\nb = a / 0\nb"))
    assert error["type"] == "CODE"
    assert "ZeroDivisionError" in error["message"]
    assert "line 2" in error["message"].lower()


def test_endless_python_is_killed_at_its_time_limit(api: Doors) -> None:
    begun = time.monotonic()
    error = api.failed(python("while True: pass", timeoutMs=300))
    assert error["type"] == "TIMEOUT"
    assert "300" in error["message"] or "0.3 s" in error["message"]
    assert time.monotonic() - begun < 8


def test_cancel_kills_endless_python_at_once(api: Doors) -> None:
    run = api.start(api.function(python("while True: pass", timeoutMs=60_000)))
    until(lambda: data_of(api.http.get(f"/runs/{run['id']}/checkpoints?blockId=code")), "the code runs")
    begun = time.monotonic()
    answer = data_of(api.http.post(f"/runs/{run['id']}/cancel", json={"reason": "enough"}))
    assert answer["previousStatus"] == "running"
    assert api.at_status(run, "cancelled")["status"] == "cancelled"
    assert time.monotonic() - begun < 3
    assert api.run(api.function(python("'the next one works'")))["output"] == "the next one works"


@pytest.mark.parametrize(
    "code",
    [
        "import os; os._exit(3)", "import sys; sys.exit(1)", "raise KeyboardInterrupt", "raise SystemExit",
        "bytearray(64 * 1024**3)", "'x' * 64 * 1024**3", "import os; os.kill(os.getpid(), 9)",
        "import os; os.close(0); os.close(1); os.close(2)\nwhile True: pass", "object()", "lambda: 1", "float('nan')",
        "print('x' * 10**8)", "a = []; a.append(a); a", "{1: 2}", "b'bytes'",
        "import sys; sys.setrecursionlimit(10**9)\ndef f(n): return f(n + 1)\nf(0)",
    ],
)  # fmt: skip
def test_no_python_takes_the_server_with_it(api: Doors, code: str) -> None:
    run = api.run(api.function(python(code, timeoutMs=2_000)), waitMs=20_000)
    if run["status"] == "failed":
        assert run["error"]["blockId"] == "code"
        assert run["error"]["message"].strip()
    assert api.run(api.function(python("1 + 1")))["output"] == 2


def test_python_sees_no_keys_and_no_home(api: Doors, bench: Bench) -> None:
    run = api.run(api.function(python("import os\ndict(os.environ)")))
    assert run["status"] == "completed"
    assert "KEY" not in " ".join(run["output"])
    assert str(bench.workbench.settings.home) not in str(run["output"])


def test_nan_and_infinity_are_null_in_json_and_kept_inside(api: Doors) -> None:
    made = python("{'nan': float('nan'), 'inf': float('inf')}", "made", pure=True)
    run = api.run(api.function(made, expression("made.inf > 10**300", "large")))
    assert run["output"] is True
    first = data_of(api.http.get(f"/runs/{run['id']}/checkpoints?blockId=made"))[0]
    assert first["output"] == {"nan": None, "inf": None}


def test_a_csv_that_is_none_names_the_file(api: Doors, root: Path) -> None:
    (root / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50)
    (root / "ragged.csv").write_text('a,b\n1,2\n3,4,5,6\n"unclosed\n')
    (root / "empty.csv").write_text("")
    (root / "wrong.parquet").write_text("not parquet")
    (root / "wrong.json").write_text("{not json")
    (root / "wrong.arrow").write_bytes(b"ARROW1 not really")
    for name in ("picture.csv", "ragged.csv", "empty.csv", "wrong.parquet", "wrong.json", "wrong.arrow", "nowhere.csv"):
        error = api.failed(block("read", "read_table", "read", path=name))
        assert error["type"] == "FILE", (name, error)
        assert name in error["message"], error


@pytest.mark.parametrize(
    "path", ["../outside.csv", "/etc/outside.csv", "a/../../outside.csv", "link/outside.csv", "~/x.csv"]
)
def test_no_table_is_written_outside_the_root(api: Doors, root: Path, tmp_path: Path, path: str) -> None:
    if not (root / "link").is_symlink():
        (root / "link").symlink_to(tmp_path, target_is_directory=True)
    rows = expression("[{'a': 1}]", "rows")
    write = block("write", "write_table", "write", input="{{ rows }}", path=path, createFolders=True)
    told = data_of(api.http.post("/validate", json={"flow": flow(rows, write)}))
    if path == "~/x.csv":
        run = api.run(api.function(rows, write))
        assert run["status"] == "failed" or (root / "~" / "x.csv").exists()
        assert not (Path.home() / "x.csv").exists()
        return
    if told["valid"]:
        error = api.failed(rows, write)
        assert error["blockId"] == "write"
        assert "root" in error["message"] or "folder" in error["message"], error
    assert not (root.parent / "outside.csv").exists()
    assert not list(tmp_path.iterdir())


def test_a_link_to_a_file_outside_is_neither_read_nor_written(api: Doors, root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    link = root / "innocent.csv"
    link.symlink_to(secret)
    assert api.failed(block("read", "read_table", "read", path="innocent.csv"))["type"] == "FILE"
    rows = expression("[{'a': 2}]", "rows")
    write = block("write", "write_table", "write", input="{{ rows }}", path="innocent.csv")
    run = api.run(api.function(rows, write))
    assert run["status"] == "failed", run
    assert secret.read_text() == "a\n1\n"


def test_a_write_that_fails_leaves_the_old_file(api: Doors, root: Path) -> None:
    (root / "kept.csv").write_text("a\n1\n")
    rows = expression("[{'a': {'deep': [1]}}]", "rows")
    write = block("write", "write_table", "write", input="{{ rows }}", path="kept.csv")
    api.run(api.function(rows, write))
    assert (root / "kept.csv").read_text().startswith("a")
    assert [p.name for p in root.iterdir() if "kept" in p.name] == ["kept.csv"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "169.254.169.254", "10.0.0.1", "2130706433", "0x7f.1",
             "[::ffff:127.0.0.1]", "127.1", "[64:ff9b::7f00:1]"],
)  # fmt: skip
def test_a_private_address_is_never_called(api: Doors, host: str) -> None:
    heard = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        port = listening.getsockname()[1]
        error = api.failed(
            block("call", "http_request", "call", method="GET", url=f"http://{host}:{port}/", timeoutMs=2000)
        )
        with pytest.raises(TimeoutError):
            listening.accept()
    assert not heard.is_set()
    assert error["type"] == "HTTP"
    assert error["blockId"] == "call"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.com/", "gopher://x/", "javascript:1", "", "http://", "//x"]
)
def test_only_http_is_spoken(api: Doors, url: str) -> None:
    sent = flow(block("call", "http_request", "call", method="GET", url=url))
    told = data_of(api.http.post("/validate", json={"flow": sent}))
    if told["valid"]:
        assert api.failed(*sent["blocks"][1:])["blockId"] == "call"
    else:
        assert told["errors"][0]["blockId"] == "call"


def test_a_loop_over_too_many_items_fails_before_the_first(api: Doors) -> None:
    run = api.run(
        api.function(
            block("loop", "loop", "each", loopType="times", iterations="{{ input.n }}"),
            expression("index", "inner"),
            edges=[{"source": "start", "target": "loop"}, {"source": "loop", "sourcePort": "body", "target": "inner"}],
        ),
        {"n": 10**7},
    )
    assert run["status"] == "failed"
    assert "10000" in run["error"]["message"].replace(",", "")
    assert api.http.get(f"/runs/{run['id']}/checkpoints?blockId=inner").json()["meta"]["total"] == 0


def test_inputs_that_do_not_fit_the_schema_are_refused(api: Doors) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    sent = {"blocks": [block("start", "start", "start", inputSchema=schema)], "edges": []}
    function = data_of(api.http.post("/functions", json={"name": "f", "flow": sent}))
    for inputs in ({}, {"n": "seven"}):
        answer = api.http.post("/runs", json={"functionId": function["id"], "inputs": inputs, "async": False})
        if answer.status_code == 400:
            refused(answer, "VALIDATION_ERROR", "n")
        else:
            run = data_of(answer)
            assert run["status"] == "failed"
            assert "n" in run["error"]["message"]
