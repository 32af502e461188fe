"""The client announces each request with an effect, and says which certainly had none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest

from polysync_core.domain.errors import PolysyncError, Uncertain, VaultUnavailable
from polysync_core.platforms.send_observer import Withheld, observing_sends
from tests.fakes.http import Reply, Step
from tests.unit.platforms.platform_client.stage import (
    Stage,
    Tokens,
    refused_connection,
    reset_connection,
)


@dataclass
class Observer:
    """Counts the announcements; refuses those after `allowed`."""

    allowed: int = 100
    announced: int = 0
    open: int = 0

    def before_send(self) -> None:
        if self.announced == self.allowed:
            raise Withheld
        self.announced += 1
        self.open += 1

    def not_arrived(self) -> None:
        self.open -= 1


@pytest.mark.parametrize(
    ("answer", "open_sends"),
    [
        pytest.param(lambda: Reply.json({"a": 1}), 1, id="success"),
        pytest.param(reset_connection, 1, id="no answer"),
        pytest.param(lambda: Reply(500), 1, id="the server fails"),
        pytest.param(refused_connection, 0, id="not reached"),
        pytest.param(lambda: Reply(403), 0, id="refused"),
        pytest.param(lambda: Reply(429), 0, id="too many requests"),
    ],
)
def test_a_request_is_announced_and_withdrawn_if_it_had_no_effect(
    answer: Callable[[], Step], open_sends: int
) -> None:
    stage, observer = Stage(answer()), Observer()
    with observing_sends(observer), suppress(PolysyncError):
        stage.post(repeatable=False)
    assert (observer.announced, observer.open) == (1, open_sends)


def test_a_sign_in_that_fails_is_no_send() -> None:
    error = VaultUnavailable("the vault does not answer", vault="team")
    stage, observer = Stage(tokens=Tokens(error=error)), Observer()
    with observing_sends(observer), pytest.raises(VaultUnavailable):
        stage.post(repeatable=True)
    assert observer.announced == 0


def test_a_read_is_no_send() -> None:
    stage, observer = Stage(Reply.json({"a": 1})), Observer()
    with observing_sends(observer):
        stage.get()
    assert observer.announced == 0


def test_a_withheld_request_is_not_sent() -> None:
    stage, observer = Stage(), Observer(allowed=0)
    with observing_sends(observer), pytest.raises(Withheld):
        stage.post(repeatable=True)
    assert stage.transport.requests == []


def test_a_withheld_repetition_leaves_the_doubt_about_the_first_request() -> None:
    stage, observer = Stage(reset_connection()), Observer(allowed=1)
    with observing_sends(observer), pytest.raises(Uncertain):
        stage.post(repeatable=True)
    assert len(stage.transport.requests) == 1


def test_a_withheld_repetition_of_a_request_without_effect_is_certain() -> None:
    stage, observer = Stage(refused_connection()), Observer(allowed=1)
    with observing_sends(observer), pytest.raises(Withheld):
        stage.post(repeatable=True)
    assert observer.open == 0


def test_nothing_is_announced_after_the_observation() -> None:
    stage, observer = Stage(Reply.json({"a": 1})), Observer()
    with observing_sends(observer):
        pass
    stage.post(repeatable=False)
    assert observer.announced == 0
