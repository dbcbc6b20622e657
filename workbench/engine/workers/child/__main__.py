"""A worker process: takes jobs from one pipe, answers on another, ends with the server.

Started as ``python -I <this folder> <parent pid>``. The first two descriptors carry frames; what code prints goes to
the third, which the server reads as log lines.
"""

from __future__ import annotations

import faulthandler
import os
import queue
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

sys.path.pop(0)  # code must not import this folder's modules by their short names

_HERE = Path(__file__).parent
_FOLDER = Path.cwd()
THREADS = min(4, os.cpu_count() or 1)


def _load(name: str) -> Any:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(f"_workbench_worker_{name}", _HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


limits = _load("limits")


def main() -> None:
    """Serve jobs until the server closes the pipe."""
    limits.die_with_parent(int(sys.argv[1]))
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] - what was printed before a crash is known
    sys.stdin = os.fdopen(0, closefd=False)
    faults = Path("faults.txt").open("w", buffering=1)  # noqa: SIM115 - faulthandler writes to it until the end
    faulthandler.enable(faults)
    framing, python_job, sql_job, plain = (_load(n) for n in ("framing", "python_job", "sql_job", "plain"))
    _warm_up()
    worker = Worker(sink, faults, (framing, python_job, sql_job, plain))
    jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read_jobs, args=(source, framing, jobs), daemon=True).start()
    worker.send({"ready": True, "boundsMemory": limits.address_space() is not None})
    while True:
        worker.serve(jobs.get())


def _read_jobs(source: BinaryIO, framing: Any, jobs: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Take frames from the server; its end is this process's end, even in the middle of a job."""
    while True:
        header = source.read(framing.HEADER.size)
        if len(header) < framing.HEADER.size:
            limits.end_group()
        jobs.put(framing.unpack(source.read(framing.HEADER.unpack(header)[0])))


def _warm_up() -> None:
    """Start the libraries' threads now, so that their stacks are not counted as a job's memory."""
    import duckdb
    import polars as pl

    frame: Any = pl.DataFrame({"a": range(1000)}).with_columns(b=pl.col("a") % 7)
    frame.lazy().group_by("b").agg(pl.col("a").sum()).sort("b").collect()
    with duckdb.connect(":memory:") as connection:
        connection.register("t", frame.to_arrow())
        connection.sql("SELECT b, sum(a) FROM t GROUP BY b").to_arrow_table()


class Worker:
    """Runs one job after another and answers each."""

    def __init__(self, sink: BinaryIO, faults: Any, parts: tuple[Any, Any, Any, Any]) -> None:
        self.sink, self.faults = sink, faults
        self.framing, self.python_job, self.sql_job, self.plain = parts
        self.threads = 2
        self.tables = 0

    def send(self, message: dict[str, Any]) -> None:
        self.sink.write(self.framing.pack(message))
        self.sink.flush()

    def serve(self, job: dict[str, Any]) -> None:
        """Run one job; every way in which it can end is an answer."""
        os.chdir(_FOLDER)
        memory = int(job["memory"])
        names = self.framing.decode(job["names"], _read_table)
        bound = limits.bound_memory(memory)
        if bound == "stale":
            self.send({"stale": True})
            return
        self.threads = threading.active_count()
        self.faults.seek(0)
        self.faults.truncate()
        timeout = float(job["timeout"])
        faulthandler.dump_traceback_later(max(timeout / 2, timeout - 0.3), file=self.faults)  # where it was, if stopped
        answer = self._answer(job, names, memory)
        faulthandler.cancel_dump_traceback_later()
        limits.unbound_memory()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os.write(2, job["end"])
        answer["dirty"] = job["language"] == "python" and limits.left_running(self.threads)
        del names
        self.send(answer)

    def _answer(self, job: dict[str, Any], names: dict[str, Any], memory: int) -> dict[str, Any]:
        import duckdb

        try:
            if job["language"] == "sql":
                value: Any = self.sql_job.run_sql(job["code"], names, memory, THREADS)
            else:
                import polars as pl

                value = self.plain.plain(self.python_job.run_python(job["code"], {"pl": pl, **names}))
            limits.unbound_memory()
            return self._packed(value, int(job["output"]))
        except MemoryError as error:
            return self._failure("MEMORY", "", error)
        except self.sql_job.SqlRefused as error:
            return {"error": {"kind": "CODE", "message": str(error)}}
        except duckdb.OutOfMemoryException as error:
            return {"error": {"kind": "MEMORY", "message": _first_lines(str(error))}}
        except duckdb.Error as error:
            if job["language"] == "sql":
                kind = "MEMORY" if "bad_alloc" in str(error) or "bad allocation" in str(error) else "CODE"
                return {"error": {"kind": kind, "message": _first_lines(str(error))}}
            return self._failure("CODE", f"{type(error).__name__}: {error}", error)
        except self.framing.Unstorable as error:
            return {"error": {"kind": "CODE", "message": f"{error}, which no wire can carry", "unstorable": True}}
        except _TooLarge as error:
            return {"error": {"kind": "OUTPUT_LIMIT", "message": str(error)}}
        except SystemExit as error:
            return self._failure("CODE", f"the code called exit({error.code!r})", error)
        except RecursionError as error:
            return self._failure("CODE", f"RecursionError: {error}", error)
        except BaseException as error:  # noqa: BLE001 - whatever code raises is its failure, not this process's
            return self._failure("CODE", _sentence(error), error)

    def _failure(self, kind: str, message: str, error: BaseException) -> dict[str, Any]:
        return {"error": {"kind": kind, "message": message[:4000], "line": self.python_job.line_of(error)}}

    def _packed(self, value: Any, most: int) -> dict[str, Any]:
        import polars as pl

        size = 0

        def put(table: pl.DataFrame) -> str:
            nonlocal size
            size += int(table.estimated_size())
            self._within(size, most)
            objects = [name for name, dtype in table.schema.items() if dtype == pl.Object]
            if objects:
                raise self.framing.Unstorable(f"Column `{objects[0]}` holds Python objects")
            self.tables += 1
            name = f"out-{self.tables}.arrow"
            table.write_ipc(name, compression="uncompressed")
            return name

        os.chdir(_FOLDER)
        data = self.framing.encode(value, put, _is_table)
        self._within(size + len(data), most)
        return {"value": data}

    def _within(self, size: int, most: int) -> None:
        if size > most:
            raise _TooLarge(f"the value has {size / 1e6:,.1f} MB, more than {most / 1e6:,.1f} MB")


class _TooLarge(Exception):
    """The answer is over the job's output limit."""


def _is_table(value: object) -> bool:
    import polars as pl

    return isinstance(value, pl.DataFrame)


def _read_table(name: str) -> Any:
    import polars as pl

    pa: Any = import_module("pyarrow")
    with pa.memory_map(name) as mapped:
        table: Any = pl.from_arrow(pa.ipc.open_file(mapped).read_all())  # pyright: ignore[reportUnknownMemberType]
    return table


def _sentence(error: BaseException) -> str:
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ is the user's
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _first_lines(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines()[:4] if line.strip() and set(line.strip()) != {"^"})[
        :1000
    ]


main()
