"""The memory that authentication reads: keys by prefix, compared whole."""

from __future__ import annotations

from workbench.access.identity import DEFAULT_WORKSPACE, PREFIX_LENGTH, Directory, hash_of, new_key, prefix_of
from workbench.access.models import Key
from workbench.access.store import KeyRow


def row(key, id="1"):
    shown = Key(
        id=id,
        name="k",
        prefix=prefix_of(key),
        workspace_id=DEFAULT_WORKSPACE,
        scopes=("read",),
        expires_at=None,
        last_used_at=None,
        created_at=0,
    )
    return KeyRow(shown, hash_of(key))


def test_keys_have_at_least_128_random_bits_and_no_two_are_alike():
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) - PREFIX_LENGTH - 1 >= 43 for key in keys)


def test_two_keys_with_one_prefix_are_told_apart():
    first = new_key()
    second = first[:-1] + ("a" if first[-1] != "a" else "b")
    directory = Directory()
    directory.add_key(row(first, "1"))
    directory.add_key(row(second, "2"))
    assert directory.find(first).key.id == "1"
    assert directory.find(second).key.id == "2"
    directory.drop_key("1")
    assert directory.find(first) is None
    assert directory.find(second).key.id == "2"


def test_adding_a_key_again_and_dropping_an_unknown_one_change_nothing():
    key, directory = new_key(), Directory()
    directory.add_key(row(key))
    directory.add_key(row(key))
    directory.drop_key("unknown")
    assert len(directory.by_prefix[prefix_of(key)]) == 1
    directory.drop_key("1")
    assert directory.by_prefix == {}
