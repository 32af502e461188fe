from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.secrets import Secret
from polysync_core.outbound.call_budget import CallBudget, read_retry_after
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.sign_in.authenticators import HeaderToken
from polysync_core.outbound.transport import AddressRefused
from polysync_core.platforms.calls import Call, UnexpectedAnswer
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from tests.fakes.http import Reply, ScriptedTransport, Step, VirtualTime

HOST = "adb-1.7.azuredatabricks.net"
CANARY = "canary-3f9b"


@dataclass
class Tokens:
    """A credential that counts its renewals."""

    values: list[str] = field(default_factory=lambda: [CANARY])
    renewed: int = 0
    error: Exception | None = None

    def token(self) -> Secret:
        if self.error is not None:
            raise self.error
        return Secret(self.values[min(self.renewed, len(self.values) - 1)])

    def renew(self) -> None:
        self.renewed += 1


class Stage:
    """A client on a script, in virtual time."""

    def __init__(self, *steps: Step, size_limit: int = 1000, tokens: Tokens | None = None) -> None:
        self.time = VirtualTime()
        self.transport = ScriptedTransport(steps)
        self.tokens = tokens or Tokens()
        http = HttpOptions(
            transport=self.transport,
            timer=self.time.timer,
            budget=CallBudget(),
            size_limit=size_limit,
        )
        base = BaseAddress(f"https://{HOST}", HOST, AddressScope.PUBLIC)
        self.client = PlatformClient(base, HeaderToken(self.tokens), http=http)

    def get(self) -> JsonObject:
        return self.client.get("api", "thing", read=whole)

    def post(self, *, repeatable: bool) -> JsonObject:
        return self.client.post("api", "thing", body={"a": 1}, repeatable=repeatable, read=whole)


def whole(answer: JsonObject) -> JsonObject:
    return answer


def picky(answer: JsonObject) -> JsonObject:
    if "run_id" not in answer:
        raise UnexpectedAnswer
    return answer


def refused_connection() -> Exception:
    reason = NewConnectionError(None, "refused")  # pyright: ignore[reportArgumentType]
    return requests.ConnectionError(MaxRetryError(None, "/", reason))  # pyright: ignore[reportArgumentType]


def reset_connection() -> Exception:
    return requests.ConnectionError(ProtocolError("aborted", ConnectionResetError(104)))


PASSING = [
    pytest.param(refused_connection, id="the connection is refused"),
    pytest.param(reset_connection, id="the connection is reset"),
    pytest.param(requests.ConnectTimeout, id="the connection times out"),
    pytest.param(requests.ReadTimeout, id="the answer times out"),
    pytest.param(lambda: Reply(429), id="too many requests"),
    pytest.param(lambda: Reply(408), id="the request timed out there"),
    pytest.param(lambda: Reply(500), id="the server fails"),
    pytest.param(lambda: Reply(502, b"<html>"), id="bad gateway in HTML"),
    pytest.param(lambda: Reply(503, b""), id="unavailable without a word"),
    pytest.param(lambda: Reply(504), id="gateway time-out"),
    pytest.param(lambda: Reply(200, b"<html>hello</html>"), id="HTML with status 200"),
    pytest.param(lambda: Reply(200, b'{"a": '), id="truncated JSON"),
    pytest.param(lambda: Reply(200, b""), id="nothing at all"),
    pytest.param(lambda: Reply(200, b"[1]"), id="a list"),
    pytest.param(lambda: Reply(200, b'{"a": NaN}'), id="a number that is none"),
    pytest.param(lambda: Reply(200, b'{"a": "\xff"}'), id="not UTF-8"),
    pytest.param(lambda: Reply(200, b"[" * 100_000), id="nesting without end"),
]


@pytest.mark.parametrize("fault", PASSING)
def test_a_read_is_retried_after_a_transient_fault(fault: Callable[[], Step]) -> None:
    stage = Stage(fault(), fault(), Reply.json({"a": 1}), size_limit=200_000)

    assert stage.get() == {"a": 1}
    assert stage.time.naps == [0.5, 1.0]


@pytest.mark.parametrize("fault", PASSING)
def test_a_read_that_never_succeeds_is_unavailable_after_four_sendings(
    fault: Callable[[], Step],
) -> None:
    stage = Stage(fault(), size_limit=200_000)

    with pytest.raises(Unavailable):
        stage.get()

    assert len(stage.transport.requests) == 4
    assert stage.time.naps == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("fault", PASSING)
def test_a_call_that_may_not_be_repeated_is_sent_once(fault: Callable[[], Step]) -> None:
    stage = Stage(fault(), size_limit=200_000)

    with pytest.raises((Unavailable, Uncertain)):
        stage.post(repeatable=False)

    assert len(stage.transport.requests) == 1


@pytest.mark.parametrize(
    ("fault", "family"),
    [
        pytest.param(refused_connection(), Unavailable, id="nothing was sent"),
        pytest.param(Reply(429), Unavailable, id="it was turned away"),
        pytest.param(
            Reply(503, b"", {"Retry-After": "60"}), Unavailable, id="a 503 with Retry-After"
        ),
        pytest.param(reset_connection(), Uncertain, id="the connection broke after sending"),
        pytest.param(requests.ReadTimeout(), Uncertain, id="no answer in time"),
        pytest.param(Reply(500), Uncertain, id="the server failed on the way"),
        pytest.param(Reply(200, b"{"), Uncertain, id="a success that cannot be read"),
        pytest.param(Reply(200, b" " * 2000), Uncertain, id="a success that is too large"),
    ],
)
@pytest.mark.parametrize("repeatable", [True, False])
def test_a_call_with_an_effect_is_uncertain_only_if_it_may_have_arrived(
    fault: Step, family: type[Exception], repeatable: bool
) -> None:
    with pytest.raises(family) as caught:
        Stage(fault).post(repeatable=repeatable)

    assert type(caught.value) is family


def test_one_lost_answer_makes_the_whole_call_uncertain() -> None:
    """The last sending was turned away, but an earlier one may have started the run."""
    stage = Stage(reset_connection(), Reply(429))

    with pytest.raises(Uncertain):
        stage.post(repeatable=True)


def test_rights_that_vanish_after_a_lost_answer_leave_the_call_uncertain() -> None:
    with pytest.raises(Uncertain):
        Stage(reset_connection(), Reply(403)).post(repeatable=True)


def test_a_vault_that_fails_after_a_lost_answer_leaves_the_call_uncertain() -> None:
    tokens = Tokens()

    def lose_the_vault(_: Any) -> Reply:
        tokens.error = PlatformRefused("gone", cause=FailureCause.SECRET)
        return Reply(500)

    with pytest.raises(Uncertain):
        Stage(lose_the_vault, tokens=tokens).post(repeatable=True)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_a_refusal_is_final(status: int) -> None:
    stage = Stage(Reply.json({"message": CANARY}, status))

    with pytest.raises(PlatformRefused) as caught:
        stage.get()

    assert caught.value.status == status
    assert CANARY not in str(caught.value)
    assert len(stage.transport.requests) == 1


def test_retry_after_replaces_the_jitter() -> None:
    stage = Stage(Reply(429, b"", {"Retry-After": "7"}), Reply())

    stage.get()

    assert stage.time.naps == [7]


def test_a_date_in_retry_after_is_waited_for() -> None:
    after = {"Retry-After": "Tue, 01 Jan 2030 00:00:09 GMT"}
    stage = Stage(Reply(503, b"", after), Reply())

    stage.get()

    assert stage.time.naps == [9]


@pytest.mark.parametrize("after", ["11", "86400", "Wed, 02 Jan 2030 00:00:00 GMT"])
def test_a_longer_retry_after_is_left_to_the_caller(after: str) -> None:
    stage = Stage(Reply(429, b"", {"Retry-After": after}))

    with pytest.raises(Unavailable) as caught:
        stage.get()

    assert stage.time.naps == []
    assert caught.value.retry_after == (86400 if ":" in after else int(after))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("\uff11\uff12", None),
        ("9" * 40, None),
        (" 12 ", 12),
        ("Tue, 01 Jan 2030 00:00:30 GMT", 30),
        ("Tue, 01 Jan 2030 00:00:30 -0000", 30),
        ("Tue, 01 Jan 2030 01:00:30 +0100", 30),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0),
        ("Tue, 99 Jan 2030 00:00:30 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, seconds: float | None) -> None:
    assert read_retry_after(header, datetime(2030, 1, 1, tzinfo=UTC)) == seconds


def test_a_call_never_lasts_longer_than_its_total() -> None:
    stage = Stage(Reply())

    def slow(_: Any) -> Reply:
        stage.time.seconds += 14
        return Reply(503)

    stage.transport.steps[:] = [slow]
    with pytest.raises(Unavailable):
        stage.get()

    assert stage.time.seconds <= 30 + 14
    assert stage.transport.timeouts == [(5.0, 15.0), (5.0, 15.0), (0.5, 0.5)]


def test_an_answer_beyond_the_limit_is_given_up_while_it_streams() -> None:
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


def test_json_of_another_shape_counts_as_no_answer() -> None:
    stage = Stage(Reply.json({"other": 1}), Reply.json({"run_id": 1}))
    call = Call(method="POST", segments=("api",), body={}, repeatable=True)

    assert stage.client.execute(call, picky) == {"run_id": 1}


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


CALL = Call(method="POST", segments=("run",), body={"a": 1})


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


def test_a_read_that_does_something_leaves_doubt_when_its_answer_is_lost() -> None:
    call = Call(method="GET", segments=("run",), effect=True)

    with pytest.raises(Uncertain):
        Stage(reset_connection()).client.exchange(call, lambda _: None)
    with pytest.raises(Uncertain):
        Stage(Reply(500)).client.exchange(call, lambda _: None)


@pytest.mark.parametrize(
    ("unstarted", "error"), [(True, Unavailable), (False, Uncertain)], ids=["service", "function"]
)
def test_a_server_that_says_when_to_come_back_is_believed_only_if_the_call_says_so(
    unstarted: bool, error: type[Exception]
) -> None:
    stage = Stage(Reply(503, b"", {"Retry-After": "60"}))

    with pytest.raises(error):
        stage.client.exchange(replace(CALL, busy_is_unstarted=unstarted), lambda _: None)


def test_a_call_may_have_its_own_budget() -> None:
    stage = Stage(Reply())

    stage.client.exchange(replace(CALL, budget=CallBudget(total=240, read=230)), lambda _: None)

    assert stage.transport.timeouts == [(5.0, 230)]
