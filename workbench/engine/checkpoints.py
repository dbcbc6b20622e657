"""A checkpoint's id: its path and attempt, as one word that is safe in a URL."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from workbench.base.errors import NotFound


def checkpoint_id(path: str, attempt: int) -> str:
    """base64url of ``{path}~{attempt}`` without padding."""
    return urlsafe_b64encode(f"{path}~{attempt}".encode()).decode().rstrip("=")


def parse_checkpoint_id(text: str) -> tuple[str, int]:
    """Path and attempt of a checkpoint id. Raises NotFound for what is none."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        path, _, attempt = raw.rpartition("~")
        return path, int(attempt)
    except ValueError as error:
        raise NotFound(f"There is no checkpoint {text!r}.", hint="List the run's checkpoints for their ids.") from error
