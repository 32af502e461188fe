"""Tests that the platform client repeats a call only if a repetition is safe."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.call_budget import CallBudget, read_retry_after
from polysync_core.platforms.calls import Call, UnexpectedAnswer
from tests.fakes.http import Reply, Step
from tests.unit.platforms.platform_client.stage import (
    CALL,
    CANARY,
    PASSING,
    Stage,
    Tokens,
    refused_connection,
    reset_connection,
)


def picky(answer: JsonObject) -> JsonObject:
    if "run_id" not in answer:
        raise UnexpectedAnswer
    return answer


@pytest.mark.parametrize("fault", PASSING)
def test_a_read_is_retried_after_a_transient_fault(fault: Callable[[], Step]) -> None:
    stage = Stage(fault(), fault(), Reply.json({"a": 1}), size_limit=200_000)

    assert stage.get() == {"a": 1}
    assert stage.time.naps == [0.5, 1.0]


@pytest.mark.parametrize("fault", PASSING)
def test_a_read_that_never_succeeds_is_unavailable_after_four_requests(
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


def test_json_of_another_shape_counts_as_no_answer() -> None:
    stage = Stage(Reply.json({"other": 1}), Reply.json({"run_id": 1}))
    call = Call(method="POST", segments=("api",), body={}, repeatable=True)

    assert stage.client.execute(call, picky) == {"run_id": 1}


def test_a_read_with_an_effect_is_uncertain_when_its_answer_is_lost() -> None:
    call = Call(method="GET", segments=("run",), effect=True)

    with pytest.raises(Uncertain):
        Stage(reset_connection()).client.exchange(call, lambda _: None)
    with pytest.raises(Uncertain):
        Stage(Reply(500)).client.exchange(call, lambda _: None)


@pytest.mark.parametrize(
    ("unstarted", "error"), [(True, Unavailable), (False, Uncertain)], ids=["service", "function"]
)
def test_a_retry_after_proves_that_nothing_happened_only_if_the_call_says_so(
    unstarted: bool, error: type[Exception]
) -> None:
    stage = Stage(Reply(503, b"", {"Retry-After": "60"}))

    with pytest.raises(error):
        stage.client.exchange(replace(CALL, busy_proves_not_started=unstarted), lambda _: None)


def test_a_call_may_have_its_own_budget() -> None:
    stage = Stage(Reply())

    stage.client.exchange(replace(CALL, budget=CallBudget(total=240, read=230)), lambda _: None)

    assert stage.transport.timeouts == [(5.0, 230)]
