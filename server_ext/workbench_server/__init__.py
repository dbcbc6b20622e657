"""The Jupyter server extension: hosts one assembly and carries its app inside the server."""


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """What jupyter_server asks for: the application that it links, loads and stops."""
    from workbench_server.extension import WorkbenchExtension

    return [{"module": "workbench_server", "app": WorkbenchExtension}]
