"""Calls to the REST contract: the envelope opened, errors raised, lost owners found again."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import polars as pl

from workbench.base.errors import NotAuthenticated, Unavailable
from workbench.base.ids import RandomIds
from workbench.client.address import PREFIX, Address, Place
from workbench.client.errors import error_of, short

ARROW = "application/vnd.apache.arrow.stream"
READ_S, CONNECT_S = 60.0, 5.0
TIMEOUT = httpx.Timeout(READ_S, connect=CONNECT_S)
_ids = RandomIds()


class Api:
    """One caller of one API. Every method may be called from any thread."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = threading.RLock()
        self._is_closed = False
        self._address: Address | None = None
        self._http: httpx.Client | None = None

    @property
    def address(self) -> Address:
        """Where it is now."""
        self._client()
        assert self._address is not None
        return self._address

    def describe(self) -> str:
        """Where it is, for people."""
        return self._place.describe()

    def get(self, path: str, /, **query: Any) -> Any:
        """A GET's `data`."""
        return self.answer("GET", path, query=query)["data"]

    def post(self, path: str, body: Any = None, *, wait_s: float = 0.0) -> Any:
        """A POST's `data`; it may be sent again after a lost connection, as it carries an Idempotency-Key."""
        return self.answer("POST", path, body={} if body is None else body, wait_s=wait_s)["data"]

    def put(self, path: str, body: Any) -> Any:
        """A PUT's `data`."""
        return self.answer("PUT", path, body=body)["data"]

    def delete(self, path: str, /, **query: Any) -> Any:
        """A DELETE's `data`."""
        return self.answer("DELETE", path, query=query)["data"]

    def pages(self, path: str, most: int | None = None, /, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page, at most `most`."""
        cursor, seen = None, 0
        while True:
            size = 200 if most is None else min(200, most - seen)
            answer = self.answer("GET", path, query={**query, "limit": size, "cursor": cursor})
            yield from answer["data"]
            seen += len(answer["data"])
            cursor = (answer.get("meta") or {}).get("nextCursor")
            if cursor is None or (most is not None and seen >= most):
                return

    def table(self, method: str, path: str, body: Any = None, /, **query: Any) -> pl.DataFrame:
        """A whole table, through Arrow."""
        response = self._send(method, path, body=body, query=query, headers={"Accept": ARROW})
        if not response.is_success:
            self.open(response)
        return pl.read_ipc_stream(io.BytesIO(response.content))

    def answer(self, method: str, path: str, *, body: Any = None, query: Any = None, wait_s: float = 0.0) -> Any:
        """The opened envelope: `data` and `meta`. Raises the error that it tells."""
        return self.open(self._send(method, path, body=body, query=query, wait_s=wait_s))

    @contextlib.contextmanager
    def stream(self, path: str, read_timeout_s: float, *, method: str = "GET", body: Any = None) -> Iterator[Any]:
        """An event source. Raises httpx's errors: whoever follows events falls back on reading."""
        from httpx_sse import connect_sse

        timeout = httpx.Timeout(READ_S, connect=CONNECT_S, read=read_timeout_s)
        with connect_sse(self._client(), method, path, json=body, timeout=timeout) as source:
            yield source

    def close(self) -> None:
        """Close the connection, and the in-process home with its last user."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            if self._http is not None:
                self._http.close()
            self._place.leave()

    def _client(self) -> httpx.Client:
        with self._lock:
            if self._is_closed:
                raise short(Unavailable("This bench is closed.", hint="Connect again: bench = workbench.connect()"))
            if self._http is None:
                self._use(self._place.find())
            assert self._http is not None
            return self._http

    def _use(self, address: Address) -> None:
        if self._http is not None:
            self._http.close()
        self._address = address
        self._http = httpx.Client(
            base_url=address.url + PREFIX, headers=address.headers(), timeout=TIMEOUT, trust_env=False
        )

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Any = None,
        headers: dict[str, str] | None = None,
        wait_s: float = 0.0,
    ) -> httpx.Response:
        client = self._client()
        timeout = httpx.Timeout(READ_S + wait_s, connect=CONNECT_S) if wait_s else TIMEOUT
        params = {name: value for name, value in (query or {}).items() if value is not None}
        sent = {**(headers or {}), **({"Idempotency-Key": _ids.new()} if method == "POST" else {})}
        kept = self._address
        try:
            response = client.request(method, path, json=body, params=params, headers=sent, timeout=timeout)
            if response.status_code != NotAuthenticated.status:
                return response
        except (httpx.TransportError, RuntimeError) as error:  # RuntimeError: closed by another thread's move
            if not self._move(kept):
                raise self._unreachable(error) from None
        else:
            if not self._move(kept):
                return response
        try:
            return self._client().request(method, path, json=body, params=params, headers=sent, timeout=timeout)
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    def _move(self, lost: Address | None) -> bool:
        """Whether there is now another address than `lost`."""
        with self._lock:
            if lost is None or self._address != lost:
                return self._address is not None
            found = self._place.find_again(lost)
            if found is None:
                return False
            self._use(found)
            return True

    def _unreachable(self, error: Exception) -> Exception:
        told = str(error) or type(error).__name__
        where = self._address.url if self._address else self._place.describe()
        return short(
            Unavailable(
                f"The workbench at {where} does not answer: {told}.",
                hint="Start it again (workbench lab), or connect to another one: workbench.connect(url=…, key=…).",
            )
        )

    def open(self, response: httpx.Response) -> dict[str, Any]:
        """The envelope of an answer that is a success. Raises the error that it tells."""
        try:
            told = response.json()
        except ValueError:
            told = None
        if not isinstance(told, dict) or "success" not in told:
            raise short(
                Unavailable(
                    f"{response.url} answered {response.status_code}, but not as a workbench does.",
                    hint="Check the address; the server extension may be off: workbench doctor.",
                )
            )
        if told["success"]:
            return told
        raise error_of(told.get("error") or {}, response.status_code, response.headers)
