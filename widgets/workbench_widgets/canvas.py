"""The canvas widget: a function's id and a static picture; everything else is the server's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from workbench_widgets.bundle import bundle_path, loader_source

API = "/api/v1/workflow"
LARGEST_PICTURE = 5_000
"""Characters of SVG that a widget keeps: its whole state, the loader's text included, stays under 10 KB."""


class CanvasWidget(anywidget.AnyWidget):
    """A live canvas of one function.

    The server's store is the truth: a page reload, a restarted kernel and a second view show the same thing. The
    notebook keeps the function's id and a picture for places without scripts.

    Args:
        function_id: which function to show.
        height: in pixels; a drag of the lower edge changes it.
        svg: a picture of the function; left out of the state when it is larger than 5,000 characters.
        api: the workbench's address when it is not the page's own Jupyter server.
        bench: the workbench that values are fetched from for the notebook; found by `workbench.connect` when left out.
    """

    _esm = loader_source()

    function_id = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(560, min=240, max=2000).tag(sync=True)
    svg = traitlets.Unicode("").tag(sync=True)
    api = traitlets.Unicode("").tag(sync=True)
    bundle = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        function_id: str,
        *,
        height: int = 560,
        svg: str = "",
        api: str = "",
        bench: Any = None,
        **more: Any,
    ) -> None:
        self._picture = svg
        self._bench = bench
        kept = svg if len(svg) <= LARGEST_PICTURE else ""
        path = bundle_path()
        name = path.name if path else ""
        super().__init__(function_id=function_id, height=height, svg=kept, api=_root(api), bundle=name, **more)
        self.on_msg(self._answer)

    def _answer(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """What the view asks of the kernel: whether it is there, a value of a run, the bundle."""
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "bundle":
            self._send_bundle()
        elif kind == "kernel":
            self.send({"kind": "kernel"})
        elif kind == "bring":
            self.send({"kind": "brought", "id": content.get("id"), **self._said(self._bring, content)})
        elif kind == "python":
            self.send({"kind": "brought", "id": content.get("id"), **self._said(self._python, content)})

    def _send_bundle(self) -> None:
        """For a page whose server does not have it (VS Code, another host)."""
        path = bundle_path()
        if path is not None:
            self.send({"kind": "bundle", "name": path.name}, buffers=[path.read_bytes()])

    def _said(self, ask: Callable[[Any, dict[str, Any]], str], request: dict[str, Any]) -> dict[str, Any]:
        import workbench
        from workbench.base.errors import WorkbenchError

        try:
            if self._bench is None:
                self._bench = workbench.connect(url=self.api.removesuffix(API) or None)
            return {"text": ask(self._bench, request)}
        except WorkbenchError as error:
            return {"error": error.message, "hint": error.hint}

    def _bring(self, bench: Any, request: dict[str, Any]) -> str:
        run = bench.run(str(request.get("runId")))
        return run.bring(str(request.get("checkpointId")), str(request.get("name")), field=request.get("field"))

    def _python(self, bench: Any, _request: dict[str, Any]) -> str:
        return bench.function_of(self.function_id).to_python()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The live view, and the picture for hosts that cannot show one (a saved notebook, a code host, nbconvert)."""
        answer = super()._repr_mimebundle_(**options)
        if answer is None or not self._picture:
            return answer
        data, metadata = answer if isinstance(answer, tuple) else (answer, {})
        return {**data, "image/svg+xml": self._picture}, metadata

    def __repr__(self) -> str:
        return f"CanvasWidget(function_id={self.function_id!r})"


def _root(address: str) -> str:
    """The root of the REST API at an address; none stays none."""
    bare = address.rstrip("/")
    return bare if not bare or bare.endswith(API) else bare + API
