"""Tests of the requests and answers of the client of a platform."""

import traceback
from collections.abc import Callable
from dataclasses import replace

import pytest
import requests

from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.sign_in.authenticators import HeaderToken
from polysync_core.outbound.transport import AddressRefused
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from tests.fakes.http import Reply, ScriptedTransport, Step
from tests.unit.platforms.platform_client.stage import (
    CALL,
    CANARY,
    HOST,
    PASSING,
    Stage,
    Tokens,
    whole,
)


def test_the_read_of_an_answer_ends_at_the_size_limit() -> None:
    stage = Stage(Reply(200, b'{"a":"' + b"x" * 1_000_000))

    with pytest.raises(Unavailable, match=r"more than is accepted: at most [0-9.]+ MiB"):
        stage.get()

    assert len(stage.transport.requests) == 1


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        (f"https://login.example/?token={CANARY}", "login.example"),
        (f"https://user:{CANARY}@login.example/", "login.example"),
        ("/relative", "the same host"),
        ("https://[broken", "an unreadable address"),
        ("https://ex\x07ample/", "an unreadable address"),
    ],
)
def test_a_redirect_is_refused_and_only_its_host_is_named(location: str, shown: str) -> None:
    stage = Stage(Reply(302, b"", {"Location": location}))

    with pytest.raises(PlatformRefused) as caught:
        stage.post(repeatable=True)

    assert f"redirects to {shown}," in str(caught.value)
    assert CANARY not in str(caught.value)
    assert len(stage.transport.requests) == 1


def test_a_refused_token_is_renewed_once() -> None:
    tokens = Tokens(["old", "new"])
    stage = Stage(Reply(401), Reply.json({"a": 1}), tokens=tokens)

    assert stage.post(repeatable=False) == {"a": 1}

    sent = [request.headers["Authorization"] for request in stage.transport.requests]
    assert sent == ["Bearer old", "Bearer new"]
    assert stage.time.naps == []


def test_a_token_that_is_refused_twice_is_refused() -> None:
    stage = Stage(Reply(401))

    with pytest.raises(PlatformRefused) as caught:
        stage.get()

    assert caught.value.status == 401
    assert stage.tokens.renewed == 1


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "\u00e4", "a\x00"])
def test_an_invalid_token_is_reported_without_being_shown(token: str) -> None:
    with pytest.raises(PlatformRefused) as caught:
        Stage(Reply(), tokens=Tokens([token])).get()

    assert caught.value.cause is FailureCause.SECRET
    assert not token or token not in str(caught.value)


def test_line_breaks_around_a_token_are_removed() -> None:
    stage = Stage(Reply(), tokens=Tokens(["abc\n"]))

    stage.get()

    assert stage.transport.requests[0].headers["Authorization"] == "Bearer abc"


def test_an_address_that_must_not_be_connected_to_ends_the_call() -> None:
    stage = Stage(AddressRefused())

    with pytest.raises(PlatformRefused, match="must not connect") as caught:
        stage.get()

    assert caught.value.cause is FailureCause.PLATFORM_UNREACHABLE
    assert len(stage.transport.requests) == 1


def test_an_untrusted_server_is_not_called_again() -> None:
    stage = Stage(requests.exceptions.SSLError("certificate verify failed"))

    with pytest.raises(Unavailable, match="TLS"):
        stage.post(repeatable=True)

    assert len(stage.transport.requests) == 1


def test_the_request_is_what_was_asked_for_and_nothing_else() -> None:
    stage = Stage(Reply())

    stage.client.post("api", "a/b", body={"ü": [1]}, repeatable=False, read=whole)

    (request,) = stage.transport.requests
    assert request.url == f"https://{HOST}/api/a%2Fb"
    assert request.body == b'{"\\u00fc":[1]}'
    assert dict(request.headers) == {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "polysync",
        "Authorization": f"Bearer {CANARY}",
        "Content-Type": "application/json",
        "Content-Length": "14",
    }


@pytest.mark.parametrize(
    "fault",
    [
        *[fault for fault in PASSING[:4]],
        pytest.param(lambda: Reply(400, CANARY.encode()), id="a body that quotes the token"),
        pytest.param(lambda: requests.exceptions.SSLError(CANARY), id="an error that quotes it"),
        pytest.param(lambda: requests.RequestException(CANARY), id="another that quotes it"),
    ],
)
def test_no_error_has_a_context(fault: Callable[[], Step]) -> None:
    """The Durable SDK writes an error's `__context__` into the history, even `from None`."""
    with pytest.raises(Exception) as caught:
        Stage(fault()).post(repeatable=True)

    assert caught.value.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_readers_get_the_whole_answer_with_headers_and_any_body() -> None:
    stage = Stage(Reply(202, b"", {"Location": "/runs/7", "X-Run-Id": "7"}))

    answer = stage.client.exchange(CALL, lambda answer: answer)

    assert (answer.status, answer.content) == (202, b"")
    assert (answer.location, answer.headers["x-run-id"]) == ("/runs/7", "7")
    assert answer.value() is None


def test_a_list_or_a_text_is_also_a_value() -> None:
    stage = Stage(Reply(200, b"[1]"), Reply(200, b'"x"'))

    assert stage.client.exchange(CALL, lambda answer: answer.value()) == [1]
    assert stage.client.exchange(CALL, lambda answer: answer.value()) == "x"


def test_a_key_is_sent_in_the_header_of_the_platform() -> None:
    stage = Stage(Reply())
    base = BaseAddress(f"https://{HOST}", HOST, AddressScope.PUBLIC)
    client = PlatformClient(
        base,
        HeaderToken(stage.tokens, "x-functions-key", ""),
        http=HttpOptions(transport=stage.transport),
    )

    client.exchange(replace(CALL, headers={"x-kind": "test"}), lambda _: None)

    (request,) = stage.transport.requests
    assert request.headers["x-functions-key"] == CANARY
    assert request.headers["x-kind"] == "test"
    assert "Authorization" not in request.headers


def test_a_call_whose_address_is_its_permission_carries_no_credential() -> None:
    transport = ScriptedTransport([Reply(401)])
    base = BaseAddress(f"https://{HOST}", HOST, AddressScope.PUBLIC)

    with pytest.raises(PlatformRefused):
        PlatformClient(base, None, http=HttpOptions(transport=transport)).exchange(
            CALL, lambda _: None
        )

    (request,) = transport.requests
    assert "Authorization" not in request.headers
