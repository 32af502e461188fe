"""The disposition of a queue message after a try."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.triggers.queues import FIRST_PAUSE, Disposition, decoded, disposition_of, next_pause


@pytest.mark.parametrize(
    ("succeeded", "count", "expected"),
    [
        pytest.param(True, 1, Disposition.DELETED, id="a success is deleted"),
        pytest.param(True, 9, Disposition.DELETED, id="a late success is deleted"),
        pytest.param(False, 1, Disposition.SHOWN_AGAIN, id="a first failure is tried again"),
        pytest.param(
            False, 4, Disposition.SHOWN_AGAIN, id="the second last failure is tried again"
        ),
        pytest.param(False, 5, Disposition.POISON, id="the last failure is poison"),
        pytest.param(False, 6, Disposition.POISON, id="a failure beyond the limit is poison"),
    ],
)
def test_a_message_is_accepted_refused_or_left_to_the_host(
    succeeded: bool, count: int, expected: Disposition
) -> None:
    assert disposition_of(succeeded=succeeded, dequeue_count=count, max_dequeue_count=5) is expected


@given(st.floats(min_value=0.01, max_value=60), st.integers(min_value=0, max_value=30))
def test_an_idle_queue_is_polled_less_often_up_to_the_limit(longest: float, looks: int) -> None:
    pause = FIRST_PAUSE
    for _ in range(looks):
        before, pause = pause, next_pause(pause, found=False, longest=longest)
        assert pause >= min(before, longest)

    assert pause <= max(longest, FIRST_PAUSE)
    assert next_pause(pause, found=True, longest=longest) <= FIRST_PAUSE


@pytest.mark.parametrize(
    ("content", "body"),
    [
        pytest.param("aGVsbG8=", "hello", id="text"),
        pytest.param("w7Y=", "ö", id="text beyond ASCII"),
        pytest.param("/w==", b"\xff", id="bytes that are no text"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_base64_message_is_decoded(content: str, body: str | bytes) -> None:
    assert decoded(content) == body


@pytest.mark.parametrize("content", ["hello!", "aGVsbG8", "aGVs bG8="])
def test_content_that_is_not_base64_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        decoded(content)
