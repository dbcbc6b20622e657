"""Bad bodies: too large, too deep, no JSON, another type. The server stays up."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.api.feature import THING
from tests.api.test_envelope import error_of

JSON = {"Content-Type": "application/json"}
PATH = f"/things/{THING}"


def put(client, content, headers=JSON):
    return client.put(PATH, content=content, headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"expectedVersion": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"name": ' + b"[" * 65 + b"]" * 65 + b"}",
    ],
    ids=["broken", "nan", "infinity", "not-utf-8", "half-surrogate", "huge-number", "endless-lists", "too-deep"],
)
def test_what_is_no_sane_json_is_400(client, body):
    error = error_of(put(client, body), 400, "VALIDATION_ERROR")
    assert error["details"][0]["field"] == "body"


def test_a_whole_surrogate_pair_is_text(client):
    assert put(client, b'{"name": "\\ud83d\\ude00"}').json()["data"]["name"] == "😀"


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_another_content_type_is_415(client, media):
    error_of(put(client, b"{}", {"Content-Type": media}), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_no_content_type_is_415_and_json_with_a_charset_is_fine(client):
    error_of(put(client, b"{}", {}), 415, "UNSUPPORTED_MEDIA_TYPE")
    assert put(client, b"{}", {"Content-Type": "application/json; charset=utf-8"}).status_code == 200


def test_a_large_body_is_refused_by_its_length_before_it_is_read(bench):
    at = urlsplit(bench.address)
    head = (
        f"PUT /api/v1/workflow{PATH} HTTP/1.1\r\nHost: x\r\nX-API-Key: {bench.admin_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {50 * 1024 * 1024}\r\n\r\n"
    )
    with socket.create_connection((at.hostname, at.port), timeout=10) as connection:
        connection.sendall(head.encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 413")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "PAYLOAD_TOO_LARGE"


def test_a_large_body_without_a_length_is_refused_while_it_streams(client):
    def chunks():
        yield b'{"name": "'
        for _ in range(11):
            yield b"x" * 1024 * 1024
        yield b'"}'

    error_of(client.put(PATH, content=chunks(), headers=JSON), 413, "PAYLOAD_TOO_LARGE")


def test_a_body_just_under_the_limit_is_read(client):
    error_of(put(client, json.dumps({"name": "x" * 10_000_000})), 400, "VALIDATION_ERROR")
