"""Log events: one line each, a traceback without values, in little time."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import structlog
from workbench.base import logs
logs.configure("info")
def fails(key, rows):
    raise ValueError("broken")
try:
    fails("wb_secret_key", ["a value"] * 1000)
except ValueError:
    structlog.get_logger().exception("request.failed", request_id="r1")
structlog.get_logger().debug("not.shown")
"""


def test_a_traceback_in_the_log_shows_no_values() -> None:
    said = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stderr
    assert "request.failed" in said
    assert "request_id=r1" in said
    assert "ValueError: broken" in said
    assert "in fails" in said
    for hidden in ("wb_secret_key", "a value", "not.shown"):
        assert hidden not in said.replace('fails("wb_secret_key", ["a value"] * 1000)', "")


def test_a_host_that_set_structlog_up_keeps_its_way() -> None:
    code = "import structlog; structlog.configure(processors=[]); from workbench.base import logs; "
    code += "logs.configure('info'); assert structlog.get_config()['processors'] == []"
    subprocess.run([sys.executable, "-c", code], check=True)
