"""Values as they are kept: AES-256-GCM, bound to workspace, name and time, so that none can stand for another.

A box is ``1 | key id (8) | nonce (12) | ciphertext and tag``.
"""

from __future__ import annotations

import os

from workbench.secrets.keyring import ID_BYTES, Keyring, MasterKey

FORM = b"\x01"
NONCE_BYTES = 12


class Unreadable(Exception):
    """A box cannot be opened; its argument says why, as the end of a sentence."""


def seal(key: MasterKey, workspace: bytes, name: str, at: int, value: str) -> bytes:
    """The box of a value that was set `at` a time (µs). Two boxes of one value have nothing in common."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = _cipher(key).encrypt(nonce, value.encode(), _bound_to(workspace, name, at))
    return FORM + key.id + nonce + sealed


def unseal(keyring: Keyring, workspace: bytes, name: str, at: int, box: bytes) -> str:
    """The value in a box. Raises Unreadable, and Unavailable when the keys cannot be read."""
    from cryptography.exceptions import InvalidTag

    key = keyring.find(key_id_of(box))
    if box[:1] != FORM:
        raise Unreadable("a newer workbench has encrypted it")
    if key is None:
        raise Unreadable("the key that it was encrypted with is not here")
    nonce, sealed = box[1 + ID_BYTES : 1 + ID_BYTES + NONCE_BYTES], box[1 + ID_BYTES + NONCE_BYTES :]
    try:
        return _cipher(key).decrypt(nonce, sealed, _bound_to(workspace, name, at)).decode()
    except InvalidTag:
        raise Unreadable("what is stored is not what was encrypted") from None


def key_id_of(box: bytes) -> bytes:
    """Which key a box was made with."""
    return box[1 : 1 + ID_BYTES]


def _cipher(key: MasterKey):  # noqa: ANN202 - its class is imported when the first secret is used: 20 ms
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key.raw)


def _bound_to(workspace: bytes, name: str, at: int) -> bytes:
    return b"workbench secret\0" + workspace + at.to_bytes(8, "big") + name.encode()
