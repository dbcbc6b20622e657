"""The flows of the fault matrix: every scope and every effect class, with outputs that are the same each time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.engine.flows import block, each, flow, times, transform, when
from workbench.flow.model import Block, Flow

PATIENT_MS = 300_000
FAST = {"backoff": "fixed", "initialDelayMs": 100, "jitter": False}


def call(id: str, url: str, value: Any, route: str = "echo", **more: Any) -> Block:
    """A POST that the server counts; however slow the machine is, it waits for the answer."""
    more.setdefault("timeoutMs", PATIENT_MS)
    return block("http_request", id, method="POST", url=f"{url}/{route}", body={"at": id, "value": value}, **more)


CALLEE = str(UUID(int=2000))
DEEPER = str(UUID(int=2001))
FILE = "written"
"""What python blocks append to, in the home: a line for each time that they run."""


def called(url: str) -> dict[str, Flow]:
    """The functions that the flow `calls` calls, by id."""
    return {
        CALLEE: flow(
            [
                call("c", url, 1),
                times("cl", 2),
                call("ct", url, "{{ index }}"),
                transform("cv", "ct.body.value"),
                block("subflow", "cs", functionId=DEEPER, functionVersion=1, timeoutMs=None),
                transform("cend", "[c.body.value, cl.results, cs]"),
            ],
            "start > c > cl > cs > cend",
            "cl.body > ct > cv",
        ),
        DEEPER: flow(
            [
                block("retry", "dr", maxAttempts=2, **FAST),
                call("df", url, 1, "flaky"),
                transform("dend", "dr.result.body.value"),
            ],
            "start > dr > dend",
            "dr.body > df",
        ),
    }


def python_line(url: str, home: str) -> Flow:
    """Python blocks that touch the world, between calls."""
    line = f"open({home!r} + '/{FILE}', 'a').write('{{}}\\n')"
    return flow(
        [
            call("a", url, 1),
            transform(
                "p", f"{line.format('p')}\nreturn a['body']['value'] + 1", language="python", timeoutMs=PATIENT_MS
            ),
            call("b", url, "{{ p }}"),
            transform(
                "q", f"{line.format('q')}\nreturn [p, b['body']['value']]", language="python", timeoutMs=PATIENT_MS
            ),
        ],
        "start > a > p > b > q",
    )


def flows(url: str) -> dict[str, Flow]:
    """By name; `url` is the server's address with the case behind it."""
    return {
        "line": flow(
            [
                call("a", url, 1),
                transform("b", "a.body.value + 1"),
                call("c", url, "{{ b }}"),
                call("d", url, "{{ c.body.value }}"),
                transform("end", "[b, c.body, d.body]"),
            ],
            "start > a > b > c > d > end",
        ),
        "loop": flow(
            [
                block("set_variables", "v", values={"sum": 0}),
                times("l", 4),
                call("t", url, "{{ index }}"),
                block("set_variables", "s", values={"sum": "{{ vars.sum + t.body.value }}"}),
                transform("end", "vars.sum"),
            ],
            "start > v > l > end",
            "l.body > t > s",
        ),
        "lanes": flow(
            [
                each("l", [1, 2, 3, 4, 5, 6], concurrency=3, errorPolicy="continue"),
                call("t", url, "{{ item }}"),
                transform("r", "6 / (t.body.value - 3)"),
                transform("end", "l.results"),
            ],
            "start > l > end",
            "l.body > t > r",
        ),
        "branches": flow(
            [
                block("parallel", "p", joinStrategy="all", branches=[{"id": "a"}, {"id": "b"}, {"id": "c"}]),
                call("x", url, "x"),
                call("y", url, "y"),
                call("z", url, "{{ y.body }}"),
                block("delay", "w", delayMs=5),
                transform("end", "[r.data.body for r in p.results if r.branchId != 'c']"),
            ],
            "start > p > end",
            "p.branch-a > x",
            "p.branch-b > y > z",
            "p.branch-c > w",
        ),
        "attempts": flow(
            [
                block("retry", "r", maxAttempts=3, **FAST),
                call("f", url, 1, "flaky"),
                call("g", url, "{{ f.body.value }}"),
                transform("body", "g.body.value"),
                transform("end", "[r.result, r.attempts]"),
            ],
            "start > r > end",
            "r.body > f > g > body",
        ),
        "trouble": flow(
            [
                block("error_handler", "h", strategy="catch"),
                call("a", url, 1),
                transform("bad", "1 / 0"),
                call("k", url, "caught"),
                block("timeout", "t", timeoutMs=600_000, onTimeout="error"),
                call("in", url, 3),
                block("error_handler", "back", strategy="fallback", fallbackValue=7),
                transform("worse", "nothing.here"),
                transform("end", "[k.body.value, t.result.body.value, back.result]"),
            ],
            "start > h",
            "h.body > a > bad",
            "h.caught > k > t > back > end",
            "t.body > in",
            "back.body > worse",
        ),
        "large": flow(
            [
                call("a", url, 1, "big"),
                transform("b", "'y' * 90000"),
                transform("c", "[len(a.body.much), len(b)]"),
                call("d", url, "{{ c }}"),
                transform("end", "[b, d.body.value]"),
            ],
            "start > a > b > c > d > end",
        ),
        "waits": flow(
            [
                call("a", url, 1),
                block("wait", "t", waitType="timer", timerMs=20),
                block("delay", "w", delayMs=20),
                block("wait", "e", waitType="event", eventType="go", timeoutMs=600_000),
                call("b", url, "{{ e.payload }}"),
                block("checkpoint", "cp", checkpointId="half"),
                transform("end", "b.body.value"),
            ],
            "start > a > t > w > e > b > cp > end",
        ),
        "files": flow(
            [
                transform("rows", "[{'n': 1}, {'n': 2}]"),
                block("write_table", "w", path="out.csv", input="{{ rows }}"),
                block("read_table", "r", path="out.csv"),
                call("a", url, "{{ w.rows }}"),
                transform("end", "[r.height, a.body.value]"),
            ],
            "start > rows > w > r > a > end",
        ),
        "calls": flow(
            [
                call("a", url, 1),
                block("subflow", "s", functionId=CALLEE, functionVersion=1, timeoutMs=None),
                call("b", url, "{{ s[0] }}"),
                transform("end", "[s, b.body.value]"),
            ],
            "start > a > s > b > end",
        ),
        "joins": flow(
            [
                block("split", "sp", strategy="chunk", source=[1, 2, 3, 4]),
                call("x", url, "{{ sum(input) }}"),
                call("y", url, "{{ sum(input) }}"),
                block("merge", "m", mergeStrategy="all"),
                transform("end", "[b.data.body.value for b in m.branches]"),
            ],
            "start > sp",
            "sp.branch-1 > x > m",
            "sp.branch-2 > y > m > end",
        ),
        "nested": flow(
            [
                times("l", 2),
                block("retry", "r", maxAttempts=3, **FAST),
                block("parallel", "p", joinStrategy="settled", branches=[{"id": "a"}, {"id": "b"}]),
                call("f", url, "{{ index }}", "flaky"),
                call("g", url, "{{ index }}"),
                transform("bad", "[b for b in p.results if b.status == 'failed']"),
                when("c", "len(bad) == 0"),
                transform("no", "1 / 0"),
                transform("yes", "index"),
                transform("end", "[x.attempts for x in l.results]"),
            ],
            "start > l > end",
            "l.body > r",
            "r.body > p > bad > c",
            "c.true > yes",
            "c.false > no",
            "p.branch-a > f",
            "p.branch-b > g",
        ),
    }


AGAIN = "again"
"""One more case: the line fails at `d` (the server holds it against the first key), is retried, then forked."""


PYTHON = "python"
"""Blocks of a user's own code, in worker processes."""
HELD = "held"
"""A line in which the server never gets an answer: its process is killed in the second effect, again and again."""


def held_line(url: str) -> Flow:
    """A line whose last call is held."""
    return flow([call("a", url, 1), call("d", url, 2, "hold")], "start > a > d")


def failing_line(url: str) -> Flow:
    """A line whose last call fails for good the first time."""
    return flow(
        [
            call("a", url, 1),
            transform("b", "a.body.value + 1"),
            call("d", url, "{{ b }}", "flaky"),
            transform("end", "[b, d.body.value]"),
        ],
        "start > a > b > d > end",
    )
