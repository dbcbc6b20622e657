"""Worker processes: python and sql code, its limits and every way in which it can end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from workbench.base.errors import BlockFailed, Unavailable
from workbench.blocks.context import WorkerJob
from workbench.engine.workers import processes
from workbench.engine.workers.pool import WorkerPool
from workbench.engine.workers.worker import Worker


@pytest.fixture(scope="module")
def loop():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def pool(loop, tmp_path_factory):
    temp = tmp_path_factory.mktemp("workers")
    made = loop.run(open_pool(temp))
    yield made
    loop.run(made.stop())
    assert list(temp.iterdir()) == []


async def open_pool(temp):
    pool = WorkerPool(2, temp=temp)
    await pool.start()
    return pool


@pytest.fixture
def do(loop, pool):
    def run(language, code, names=None, *, log=None, owner="", **limits):
        job = WorkerJob(language, code, names or {}, **limits)
        return loop.run(pool.run(job, log.append if log is not None else None, owner=owner))

    return run


@pytest.fixture
def fails(do):
    def run(language, code, names=None, **more):
        with pytest.raises(BlockFailed) as caught:
            do(language, code, names, **more)
        return caught.value

    return run


VALUES = [
    None,
    True,
    2**70,
    -(2**63) - 1,
    1.5,
    "text ✓",
    [1, [2, {"a": None}]],
    date(2013, 1, 1),
    datetime.fromisoformat("2013-01-01T05:30:00"),
    datetime(2013, 1, 1, 5, 30, tzinfo=UTC),
    timedelta(seconds=-1.5),
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_values_come_back_as_they_were_sent(do, value):
    assert do("python", "x", {"x": value}) == value


def test_tables_come_back_as_they_were_sent_also_inside_objects(do):
    table = pl.DataFrame({"a": [1, None], "b": ["x", "y"], "c": [date(2013, 1, 1), None], "d": [[1], []]})
    assert do("python", "t", {"t": table}).equals(table)
    assert do("python", "t", {"t": table}).schema == table.schema
    assert do("python", "{'one': t, 'n': t.height}", {"t": table})["one"].equals(table)


RESULTS = [
    ("1\n2 + 3", 5),
    ("result = 4", 4),
    ("result = 4\nprint('x')", 4),
    ("if x > 1:\n    return 'large'\n'small'", "large"),
    ("if x > 10:\n    return 'large'\n'small'", "small"),
    ("for i in range(3):\n    if i == 1: return i\nresult = 9", 1),
    ("result = 7\nif x > 10: return 1", 7),
    ("x = x * 2\nx", 4),
    ("def f(n):\n    return 1 if n == 0 else n * f(n - 1)\nf(5)", 120),
    ("from math import *\nfloor(2.5)", 2),
    ("", None),
    ("(1, {2}, pl.Series([3]))", [1, [2], [3]]),
    ("import numpy as np\n[np.int64(1), np.array([1.5])]", [1, [1.5]]),
    ("pl.LazyFrame({'a': [1]}).collect().to_dicts()", [{"a": 1}]),
]


@pytest.mark.parametrize(("code", "value"), RESULTS)
def test_the_value_is_what_is_returned_the_last_expression_or_result(do, code, value):
    assert do("python", code, {"x": 2}) == value


def test_a_failure_says_the_line_of_the_code_and_what_stands_there(fails):
    error = fails("python", "a = 1\ndef f():\n    return a / 0\nf()\n")
    assert error.message == "Line 3: ZeroDivisionError: division by zero"
    assert (error.kind, error.data) == ("CODE", {"line": 3, "source": "return a / 0"})


def test_code_that_does_not_parse_fails_with_its_line(fails):
    assert fails("python", "a = 1\nb = (").message == "Line 2: SyntaxError: '(' was never closed"


def test_exit_is_a_failure_of_the_code_and_the_worker_lives(do, fails):
    assert fails("python", "exit(2)").message == "Line 1: the code called exit(2)"
    assert do("python", "1") == 1


UNSTORABLE = [
    ("(x for x in [1])", "The value is a `generator`"),
    ("{'a': [print]}", r"The value.a\[0\] is a `builtin_function_or_method`"),
    ("{1: 2}", "The value has the key 1, which is no text"),
    ("x = []\nx.append(x)\nx", "nested deeper than 200 levels, or holds itself"),
    ("pl.DataFrame({'o': [object()]})", "Column `o` holds Python objects"),
]


@pytest.mark.parametrize(("code", "message"), UNSTORABLE)
def test_what_no_wire_can_carry_is_said_with_its_place(fails, code, message):
    error = fails("python", code)
    assert error.kind == "CODE"
    assert re.search(message, error.message)


def test_an_endless_block_is_stopped_at_its_time_limit_with_its_line(fails):
    error = fails("python", "a = 1\nwhile True:\n    a += 1", timeout_ms=400)
    assert (error.kind, error.unknown) == ("TIMEOUT", True)
    assert "(at line" in error.message


def test_an_endless_query_is_stopped_and_its_outcome_is_known(fails):
    error = fails("sql", "SELECT count(*) FROM range(100000000000) a, range(1000) b", timeout_ms=400)
    assert (error.kind, error.unknown) == ("TIMEOUT", False)


def test_memory_is_bounded_for_python_polars_and_sql(fails):
    assert fails("python", "len(bytearray(3 * 10**9))", memory_mb=300).kind == "MEMORY"
    assert fails("python", "pl.select(pl.int_range(0, 10**10))", memory_mb=300).kind == "MEMORY"
    assert fails("sql", "SELECT length(repeat('a', 2000000000))", memory_mb=300).kind == "MEMORY"


def test_a_job_with_more_memory_than_the_one_before_gets_it(do):
    table = pl.DataFrame({"a": [1]})
    assert do("sql", "SELECT * FROM t", {"t": table}, memory_mb=64).height == 1
    assert do("sql", "SELECT * FROM t", {"t": table}, memory_mb=8192, timeout_ms=20_000).height == 1


def test_too_large_a_value_is_refused(fails):
    assert fails("python", "'a' * 10**7", output_bytes=10**6).kind == "OUTPUT_LIMIT"
    assert fails("python", "pl.select(pl.int_range(0, 10**6))", output_bytes=10**6).kind == "OUTPUT_LIMIT"


def test_what_is_printed_becomes_log_lines(do):
    log = []
    code = "import os, sys\nprint('one')\nprint('two', file=sys.stderr)\nos.system('echo three')\nprint('four', end='')"
    do("python", code, log=log)
    assert log == ["one", "two", "three", "four"]


def test_log_lines_have_limits_and_the_next_job_has_its_own(do):
    log = []
    do("python", "for i in range(5000): print(i)\nprint('x' * 100_000)", log=log)
    assert (len(log), log[-1]) == (1001, "… what it printed further is left out")
    again = []
    do("python", "print('x' * 100_000)", log=again)
    assert len(again[0]) < 9000


def test_a_flood_of_output_stops_the_block(fails):
    error = fails("python", "for i in range(10**6): print('x' * 1000)")
    assert (error.kind, error.unknown) == ("OUTPUT_LIMIT", True)


def test_a_crash_says_its_signal_and_line(fails):
    error = fails("python", "import ctypes\nctypes.string_at(0)")
    assert error.message == "The code's process was killed by SIGSEGV (at line 2)."
    assert (error.kind, error.unknown, error.data) == ("WORKER_DIED", True, {"line": 2})


def test_a_sudden_exit_says_its_code(fails):
    assert fails("python", "import os\nos._exit(3)").message == "The code's process ended with exit code 3."


def alive(pid):
    """Whether a process runs (one that is dead but not yet collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


FORK = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child == 0:
    {leave}
    time.sleep(1000)
{end}
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork, which this system has not")
@pytest.mark.parametrize("leave", ["pass", "os.setsid()"])
@pytest.mark.parametrize("end", ["child", "print(child)\nos._exit(1)", "print(child)\nwhile True: pass"])
def test_nothing_that_code_started_outlives_it(loop, pool, leave, end):
    async def run():
        log = []
        try:
            child = await pool.run(WorkerJob("python", FORK.format(leave=leave, end=end), timeout_ms=700), log.append)
        except BlockFailed:
            child = int(log[0])
        await asyncio.gather(*pool._burials)
        return child

    assert not alive(loop.run(run()))


def test_cancelling_kills_the_process(loop, pool):
    async def run():
        started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        job = WorkerJob("python", "import os\nprint(os.getpid())\nwhile True: pass")
        task = asyncio.create_task(pool.run(job, lambda line: started.done() or started.set_result(int(line))))
        pid = await started
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.gather(*pool._burials)
        return pid

    assert not alive(loop.run(run()))


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="the system cannot stop a process and continue it")
def test_a_worker_that_was_stopped_past_its_time_and_goes_on_later_is_refused(loop, pool):
    code = "import os, time\nprint(os.getpid(), flush=True)\nwhile not os.path.exists('go'): time.sleep(0.01)\n1"

    async def run():
        started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        job = WorkerJob("python", code, timeout_ms=2000)
        task = asyncio.create_task(pool.run(job, lambda line: started.done() or started.set_result(int(line))))
        pid = await started
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(BlockFailed) as caught:
            await task
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        await asyncio.gather(*pool._burials)
        return caught.value, pid, await pool.run(WorkerJob("python", "2"))

    error, pid, following = loop.run(run())
    assert (error.kind, error.unknown) == ("TIMEOUT", True)
    assert not alive(pid)  # it did not live to give its late answer
    assert following == 2


def test_the_environment_holds_no_keys_and_the_folder_is_private(do, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "x")
    seen = do("python", "import os\ndict(os.environ), os.getcwd(), oct(os.stat('.').st_mode & 0o777)", owner="fresh")
    environment, folder, mode = seen
    assert set(environment) <= {*processes._KEPT, "HOME", "TMPDIR", "TEMP", "TMP", "USERPROFILE", "LC_CTYPE"} | {
        "POLARS_MAX_THREADS",
        "OMP_NUM_THREADS",
        "WORKBENCH_WORKER",
        "_RJEM_MALLOC_CONF",  # polars' own
    }
    assert environment["HOME"] == folder
    assert mode == "0o700"


def test_one_owners_code_never_runs_where_anothers_has_run(do):
    pid = "import os\nos.getpid()"
    first = do("python", pid, owner="one")
    assert do("python", pid, owner="one") == first
    assert do("python", pid, owner="two") != first


def test_a_process_in_which_code_left_a_thread_is_not_used_again(do):
    leave = "import os, threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\nos.getpid()"
    assert do("python", leave, owner="t") != do("python", "import os\nos.getpid()", owner="t")


TABLE = pl.DataFrame({"origin": ["JFK", "EWR", "JFK"], "delay": [1, 2, 3]})


def test_sql_reads_tables_by_name_and_parameters(do):
    code = "SELECT origin, sum(delay) AS total FROM flights WHERE delay >= $least GROUP BY origin ORDER BY origin;"
    answer = do("sql", code, {"flights": TABLE, "least": 2})
    assert answer.to_dicts() == [{"origin": "EWR", "total": 2}, {"origin": "JFK", "total": 3}]
    assert answer.schema["total"] == pl.Int64


REFUSED = [
    ("SELECT 1; DROP TABLE x", "must be one SELECT statement; it has 2"),
    ("DROP TABLE x", "must be a SELECT statement, not DROP"),
    ("SET threads=8", "must be a SELECT statement, not SET"),
    ("INSTALL httpfs", "must be a SELECT statement"),
    ("COPY (SELECT 1) TO 'x.csv'", "must be a SELECT statement, not COPY"),
    ("ATTACH 'x.db'", "must be a SELECT statement, not ATTACH"),
    ("SELECT * FROM read_csv('/etc/passwd')", "Cannot access file"),
    ("SELECT * FROM read_text('/etc/passwd')", "Cannot access file"),
    ("SELECT * FROM '/etc/passwd'", "does not exist"),
    ("SELECT * FROM glob('/*')", "Cannot access file"),
    ("SELECT getenv('HOME')", "does not exist"),
    ("SELECT * FROM nothing", "Table with name nothing does not exist"),
    ("SELECT $nobody", r"`$nobody` is no variable that this block sees"),
    ("SELEC 1", "syntax error"),
    ("", "it has 0"),
]


@pytest.mark.parametrize(("code", "message"), REFUSED)
def test_sql_that_is_no_select_or_reaches_out_is_refused(fails, code, message):
    error = fails("sql", code, {"flights": TABLE})
    assert message in error.message
    assert error.kind == "CODE"


def test_a_missing_table_says_which_there_are(fails):
    assert fails("sql", "SELECT * FROM flight", {"flights": TABLE}).hint == "It sees the tables flights."


def test_a_stopped_pool_takes_no_job(tmp_path):
    async def run():
        pool = await open_pool(tmp_path)
        await pool.stop()
        with pytest.raises(Unavailable):
            await pool.run(WorkerJob("python", "1"))

    asyncio.run(run())


SERVER = """
import asyncio, sys
sys.path.insert(0, {root!r})
from workbench.blocks.context import WorkerJob
from workbench.engine.workers.pool import WorkerPool

async def main():
    pool = WorkerPool(2)
    await pool.start()
    code = "import os\\nprint(os.getpid())\\nwhile True: pass"
    await pool.run(WorkerJob("python", code), lambda line: print(line, flush=True))

asyncio.run(main())
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to see another process")
def test_workers_die_with_the_server(tmp_path):
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(
        [sys.executable, "-c", SERVER.format(root=root)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert alive(pid)
        descriptor = os.pidfd_open(pid)
        server.send_signal(signal.SIGKILL)
        server.wait()
    import select

    ended, _, _ = select.select([descriptor], [], [], 10)
    os.close(descriptor)
    assert ended


GROW = """
import resource
_, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
held = b"x" * 600_000_000
while True: pass
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource, which this system has not")
def test_where_the_system_bounds_no_memory_the_server_watches_it(loop, pool):
    async def run():
        worker = await Worker.spawn(pool._temp)
        worker._bounds_memory = False
        with pytest.raises(BlockFailed) as caught:
            await worker.run(WorkerJob("python", GROW, memory_mb=200), print)
        await worker.bury()
        return caught.value

    assert loop.run(run()).kind == "MEMORY"


def test_stopping_while_a_job_runs_and_another_waits_leaves_nothing(tmp_path):
    async def run():
        pool = WorkerPool(1, temp=tmp_path)
        await pool.start()
        started = asyncio.Event()
        endless = WorkerJob("python", "print('on')\nwhile True: pass")
        running = asyncio.create_task(pool.run(endless, lambda _: started.set()))
        waiting = asyncio.create_task(pool.run(endless))
        await started.wait()
        waiting.cancel()
        await pool.stop()
        return await asyncio.gather(running, waiting, return_exceptions=True)

    ended, cancelled = asyncio.run(run())
    assert ended.kind == "WORKER_DIED"
    assert isinstance(cancelled, asyncio.CancelledError)
    assert list(tmp_path.iterdir()) == []
