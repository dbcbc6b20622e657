"""The keys of secrets: made, lost, too widely readable, of the environment, turned."""

from __future__ import annotations

import base64
import shutil

import pytest

from tests.acceptance.doors import Doors, block, data_of, refused
from tests.secrets.echo import echoing, spellings
from tests.serving import running
from workbench.assembly import open_workbench
from workbench.base.errors import Unavailable
from workbench.base.settings import Settings
from workbench.secrets.keyring import Keyring, MasterKey
from workbench.secrets.sealing import Unreadable, seal, unseal

VALUE = "a token that nobody may see"
HERE = b"w" * 16


def text_of(number: int) -> str:
    return base64.b64encode(bytes([number]) * 32).decode()


def test_the_key_file_is_made_for_its_owner_alone_when_the_first_secret_is_set(tmp_path):
    with running(tmp_path) as bench:
        assert not (tmp_path / "secret.key").exists()
        assert data_of(bench.client().get("/secrets")) == []
        data_of(bench.client().put("/secrets/a", json={"value": VALUE}))
        assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_key_file_that_others_may_read_is_refused_with_what_to_do(tmp_path):
    Keyring(tmp_path).first()
    path = tmp_path / "secret.key"
    path.chmod(0o640)
    with pytest.raises(Unavailable, match="its mode is 0640") as caught:
        Keyring(tmp_path).all()
    assert f"chmod 600 {path}" in (caught.value.hint or "")
    with running(tmp_path) as bench:
        refused(bench.client().put("/secrets/a", json={"value": VALUE}), "UNAVAILABLE", "0640", "chmod 600")
        path.chmod(0o600)
        data_of(bench.client().put("/secrets/a", json={"value": VALUE}))


@pytest.mark.parametrize("text", ["short", text_of(1)[:-4], text_of(1) + "AAAA", "not base64 at all!", "é" * 44])
def test_what_is_no_key_is_refused(tmp_path, text):
    with pytest.raises(Unavailable, match="32 random bytes"):
        Keyring(tmp_path, text).first()


def test_keys_of_the_environment_come_before_those_of_the_file(tmp_path):
    made = Keyring(tmp_path).first()
    ring = Keyring(tmp_path, f"{text_of(1)},{text_of(2).rstrip('=')}")
    assert [key.raw[:1] for key in ring.all()] == [b"\1", b"\2", made.raw[:1]]
    assert ring.first().raw == b"\1" * 32
    assert Keyring(tmp_path / "none", text_of(3)).first().raw == b"\3" * 32


def test_a_box_opens_only_where_it_was_put(tmp_path):
    ring = Keyring(tmp_path)
    box = seal(ring.first(), HERE, "a", 5, VALUE)
    assert unseal(ring, HERE, "a", 5, box) == VALUE
    assert box != seal(ring.first(), HERE, "a", 5, VALUE)
    changed = box[:-1] + bytes([box[-1] ^ 1])
    for place in ((b"x" * 16, "a", 5, box), (HERE, "b", 5, box), (HERE, "a", 6, box), (HERE, "a", 5, changed)):
        with pytest.raises(Unreadable, match="not what was encrypted"):
            unseal(ring, *place)
    with pytest.raises(Unreadable, match="the key that it was encrypted with is not here"):
        unseal(ring, HERE, "a", 5, seal(MasterKey(b"\7" * 32), HERE, "a", 5, VALUE))
    with pytest.raises(Unreadable, match="newer"):
        unseal(ring, HERE, "a", 5, b"\2" + box[1:])


def test_without_its_key_a_secret_names_itself_and_the_engine_goes_on(tmp_path):
    with running(tmp_path) as bench:
        bench.client().put("/secrets/lost", json={"value": VALUE})
    kept = tmp_path / "secret.key"
    kept.rename(tmp_path / "elsewhere")
    with echoing() as echo, running(tmp_path, http_allow=("127.0.0.1",)) as bench:
        doors = Doors(bench.client())
        call = block("call", "http_request", url=echo.url, auth={"type": "bearer", "token": "{{ secrets.lost }}"})
        error = doors.failed(call)
        assert (error["type"], error["blockId"]) == ("SECRET", "call")
        assert "`lost`" in error["message"]
        assert "secret.key" in error["hint"]
        assert echo.asked == []
        assert "is not here" in data_of(doors.http.get("/secrets/lost"))["problem"]
        other = block("call", "http_request", url=echo.url, auth={"type": "bearer", "token": "{{ secrets.fresh }}"})
        data_of(doors.http.put("/secrets/fresh", json={"value": VALUE}))
        assert doors.run(doors.function(other))["status"] == "completed"
        kept.write_bytes(kept.read_bytes() + (tmp_path / "elsewhere").read_bytes())
        assert doors.run(doors.function(call))["status"] == "completed", "a key that was brought back is seen at once"
        assert data_of(doors.http.get("/secrets/lost"))["problem"] is None


def test_a_rotation_encrypts_anew_and_what_was_before_can_never_be_read(tmp_path):
    with running(tmp_path) as bench:
        client = bench.client()
        workspace = data_of(client.get("/workspaces"))[0]["id"]
        client.put("/secrets/a", json={"value": VALUE})
        client.put("/secrets/b", json={"value": VALUE})
        client.delete("/secrets/b")
        before = (tmp_path / "secret.key").read_text()
        assert data_of(client.post("/secrets/rotate", json={})) == {
            "rotated": 1, "unreadable": [], "oldKeysKept": False,
        }  # fmt: skip
        after = (tmp_path / "secret.key").read_text()
        assert not set(before.split("\n")) & {line for line in after.split("\n") if line and line[0] != "#"}
        assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
        data_of(client.post("/secrets/rotate", json={"keepOldKeys": True}))
        assert len([line for line in (tmp_path / "secret.key").read_text().split("\n") if line and line[0] != "#"]) == 2
        assert bench.workbench.secrets.read(workspace, ["a"]) == {"a": VALUE}
        assert [e["detail"] for e in data_of(client.get("/audit?action=secrets.rotated"))] == ["1 secrets"] * 2
        assert data_of(client.get("/secrets/a"))["version"] == 1
    with running(tmp_path) as bench:
        assert bench.workbench.secrets.read(workspace, ["a"]) == {"a": VALUE}


def test_a_key_of_the_environment_takes_over_with_a_rotation(tmp_path):
    with running(tmp_path) as bench:
        bench.client().put("/secrets/a", json={"value": VALUE})
        workspace = data_of(bench.client().get("/workspaces"))[0]["id"]
    settings = Settings.load(environ={"WORKBENCH_SECRET_KEY": text_of(9)}, home=tmp_path)
    assert text_of(9) not in repr(settings) + str(settings.origins())
    workbench = open_workbench(settings)
    workbench.start()
    try:
        assert workbench.secrets.read(workspace, ["a"]) == {"a": VALUE}
        caller = workbench.access.add_kernel_key()
        rotate = workbench.secrets.rotate
        from workbench.secrets.models import Rotation

        told = workbench.run(rotate(workbench.access.identify({"x-api-key": caller}, None), Rotation()))
        assert told.rotated == 1
        assert not (tmp_path / "secret.key").exists()
        assert workbench.secrets.read(workspace, ["a"]) == {"a": VALUE}
    finally:
        workbench.stop()


def test_a_copied_home_without_its_key_holds_no_value(tmp_path):
    home, copied = tmp_path / "home", tmp_path / "copied"
    with running(home) as bench:
        bench.client().put("/secrets/a", json={"value": VALUE})
        bench.workbench.run(bench.workbench.store.upkeep.copy())
        shutil.copytree(home, copied, ignore=lambda *_: {"secret.key", "store.lock", "owner.json"})
    for path in copied.rglob("*"):
        if path.is_file():
            assert not any(spelling in path.read_bytes() for spelling in spellings(VALUE)), path
    with running(copied) as bench:
        assert "is not here" in data_of(bench.client().get("/secrets/a"))["problem"]
        assert not (copied / "secret.key").exists()
