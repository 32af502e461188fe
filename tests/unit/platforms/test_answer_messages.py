"""The platform's own message in answers of every content type."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.answer_messages import LONGEST_PLATFORM_MESSAGE, message_in
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime


def message_of(body: Any) -> str | None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return message_in(Answer(status=403, content=content))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error_code": "403", "message": "Invalid access token."}, "Invalid access token."),
        ({"error": {"code": "NotFound", "message": "No such run."}}, "No such run."),
        ({"Message": "Something went wrong."}, "Something went wrong."),
        ({"error": "invalid_client", "error_description": "The key expired."}, "The key expired."),
        ({"error": "The key expired."}, "The key expired."),
        ({"detail": "No access.", "status": "403"}, "No access."),
        ({"errors": [{"message": "First."}, {"message": "Second."}]}, "First."),
        ([{"error": {"message": "In a list."}}], "In a list."),
        ({"message": "  ", "error": {"message": "Inside."}}, "Inside."),
        ("a JSON text", "a JSON text"),
        (b"a plain text\r\nof two lines", "a plain text of two lines"),
        (
            b"<html><head><title>Error 403 Invalid access token.</title></head>"
            b"<body><h2>HTTP ERROR 403</h2></body></html>",
            "Error 403 Invalid access token.",
        ),
        (b"\n<!DOCTYPE html><TITLE>Bad &amp; gone</TITLE>", "Bad & gone"),
        (
            b"<html><head><style>p {}</style></head><body><script>x()</script>"
            b"<p>This app is stopped.</p></body></html>",
            "This app is stopped.",
        ),
        (b"<Error><Code>X</Code><Message>Denied</Message></Error>", "X Denied"),
        (b"<title>never closed", "never closed"),
        ({"code": "JobExists", "message": {"lang": "en-US", "value": "It is."}}, "It is."),
        ({"odata.error": 1, "error": {"message": {"lang": "x", "value": "Inner."}}}, "Inner."),
        ({"message": {"lang": "en-US"}}, None),
        ({"message": {"value": "of another form"}}, None),
        ({"message": 7}, None),
        ({}, None),
        (b"", None),
        (b"   ", None),
        (b"\x00\x01binary", None),
    ],
)
def test_the_platforms_message_is_found_in_any_body(body: Any, message: str | None) -> None:
    assert message_of(body) == message


def test_a_message_is_one_line_without_control_characters_and_bounded() -> None:
    assert message_of({"message": "a\r\n\x1b[31mb\u202ec"}) == "a [31mb c"
    long = message_of({"message": "x" * 100_000})
    assert long is not None
    assert len(long) == LONGEST_PLATFORM_MESSAGE


@pytest.mark.slow
@pytest.mark.parametrize("part", [b"<a ", b"<", b"<!--", b"<title>", b"<script>", b"</", b"&amp"])
def test_a_hostile_page_is_read_in_linear_time(part: bytes) -> None:
    started = time.process_time()

    message_in(Answer(status=403, content=b"<" + part * (200_000 // len(part))))

    assert time.process_time() - started < 1


@given(st.binary(max_size=200))
def test_no_body_breaks_the_search_for_a_message(body: bytes) -> None:
    message = message_in(Answer(status=500, content=body))

    assert message is None or 0 < len(message) <= LONGEST_PLATFORM_MESSAGE


def client_answering(reply: Reply) -> PlatformClient:
    host = "adb-1.7.azuredatabricks.net"
    base = BaseAddress(f"https://{host}", host, AddressScope.PUBLIC)
    http = HttpOptions(transport=ScriptedTransport([reply]), timer=VirtualTime().timer)
    return PlatformClient(base, None, http=http)


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, PlatformRefused), (403, PlatformRefused), (429, Unavailable), (503, Unavailable)],
)
def test_errors_carry_the_message_beside_their_text(
    status: int, error: type[PlatformRefused | Unavailable]
) -> None:
    client = client_answering(Reply(status, b"<title>Down for canary</title>"))

    with pytest.raises(error) as caught:
        client.get("api", read=lambda answer: answer)

    assert caught.value.platform_message == "Down for canary"
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(caught.value)


def test_an_uncertain_call_carries_the_message_of_its_last_answer() -> None:
    client = client_answering(Reply.json({"message": "Down for canary"}, 502))

    with pytest.raises(Uncertain) as caught:
        client.post("api", body={}, repeatable=False, read=lambda answer: answer)

    assert caught.value.platform_message == "Down for canary"
    assert "canary" not in str(caught.value)


def test_an_answer_without_a_message_leaves_none() -> None:
    with pytest.raises(PlatformRefused) as caught:
        client_answering(Reply(404, b"")).get("api", read=lambda answer: answer)

    assert caught.value.platform_message is None
