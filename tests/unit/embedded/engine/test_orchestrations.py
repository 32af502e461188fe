"""The steps of an orchestration on the embedded engine."""

from __future__ import annotations

import logging
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from durabletask.task import RetryPolicy, TaskCancelledError, TaskFailedError, when_all, when_any

from polysync_embedded.engine.activity_calls import ActivityCall
from tests.unit.embedded.engine.world import EngineWorld

type Steps = Generator[Any, Any]


def _calls_twice(context: Any, work: Any) -> Steps:
    first = yield context.call_activity("add", input=work)
    second = yield context.call_activity("add", input=first)
    context.set_custom_status({"total": second["total"]})
    yield context.call_activity("keep", input=second)


def _add(work: Any) -> Any:
    return {"total": work["total"] + 1}


def test_each_step_gets_the_result_of_the_step_before() -> None:
    world = EngineWorld(_calls_twice, add=_add, keep=lambda work: None)
    world.start({"total": 1})
    world.run_to_the_end()
    assert world.inputs == [{"total": 1}, {"total": 2}, {"total": 3}]
    assert not world.live


def test_a_live_id_is_not_started_again_and_an_ended_id_is() -> None:
    world = EngineWorld(_calls_twice, add=_add, keep=lambda work: None)
    world.start({"total": 1})
    world.start({"total": 100})
    world.run_to_the_end()
    assert [each["total"] for each in world.inputs] == [1, 2, 3]
    world.start({"total": 5})
    world.run_to_the_end()
    assert [each["total"] for each in world.inputs[3:]] == [5, 6, 7]


def test_the_custom_status_is_readable_while_the_orchestration_is_live() -> None:
    world = EngineWorld(_calls_twice, add=_add, keep=lambda work: None)
    world.start({"total": 1})
    while len(world.inputs) < 2:
        assert world.loop.run_next() or world.workers.run_next()
    world.loop.run_next()
    assert world.engine.live() == {"one": {"total": 3}}
    world.run_to_the_end()
    assert world.engine.live() == {}


def _calls(world: EngineWorld) -> list[ActivityCall]:
    """Execute the calls one by one, and wake the orchestration when it waits; return the calls."""
    calls: list[ActivityCall] = []
    while True:
        while world.loop.run_next():
            """The engine requests the next call."""
        calls += world.workers.calls
        if not world.workers.run_next():
            if not world.live:
                return calls
            world.wake()


def test_calls_name_the_platform_that_they_wait_for_also_after_continue_as_new() -> None:
    def polls(context: Any, work: Any) -> Steps:
        yield context.call_activity("poll", input=work)
        yield context.call_activity("keep", input=work)
        if work["more"]:
            context.continue_as_new({"more": False})

    world = EngineWorld(polls, poll=lambda _: None, keep=lambda _: None)
    world.start({"more": True}, platform="lakehouse")

    seen = [(call.name, call.platform) for call in _calls(world)]
    assert seen == [("poll", "lakehouse"), ("keep", None)] * 2


def test_the_call_after_a_wake_up_is_urgent_and_later_ones_are_not() -> None:
    def polls(context: Any, work: Any) -> Steps:
        yield context.call_activity("poll", input=work)
        yield context.wait_for_external_event("wake")
        yield context.call_activity("poll", input=work)
        yield context.call_activity("poll", input=work)

    world = EngineWorld(polls, poll=lambda _: None)
    world.start()

    assert [call.is_urgent for call in _calls(world)] == [False, True, False]


def test_a_wake_up_moves_the_call_that_waits_for_a_thread_to_the_front() -> None:
    def polls(context: Any, work: Any) -> Steps:
        yield context.call_activity("poll", input=work)

    world = EngineWorld(polls, poll=lambda _: None)
    for name in ("one", "two"):
        world.start(name, instance_id=name)
    while world.loop.run_next():
        """The engine requests both calls."""

    world.wake("two")
    world.run_to_the_end()
    world.wake("two")

    assert world.inputs == ["two", "one"]


def test_activities_of_one_group_run_side_by_side_and_answer_in_order() -> None:
    def group(context: Any, work: Any) -> Steps:
        calls = [context.call_activity("add", input={"total": each}) for each in work]
        results = yield when_all(calls)
        yield context.call_activity("keep", input=results)

    world = EngineWorld(group, add=_add, keep=lambda work: None)
    world.start([10, 20, 30])
    world.loop.run_next()
    world.loop.run_next()
    assert len(world.workers.calls) == 3
    world.workers.calls.reverse()
    world.run_to_the_end()
    assert world.inputs[-1] == [{"total": 11}, {"total": 21}, {"total": 31}]


# Failures


_TWICE_A_SECOND = RetryPolicy(
    first_retry_interval=timedelta(seconds=1), max_number_of_attempts=4, backoff_coefficient=2.0
)


def _with_retries(policy: RetryPolicy) -> Any:
    def orchestration(context: Any, work: Any) -> Steps:
        try:
            result = yield context.call_activity("try", input=work, retry_policy=policy)
        except TaskFailedError as error:
            result = str(error)
        yield context.call_activity("keep", input=result)

    return orchestration


def _fails(times: int) -> Any:
    left = [times]

    def activity(work: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise OSError("no answer")
        return "done"

    return activity


@pytest.mark.parametrize(
    ("failures", "times", "result"),
    [
        (0, [0, 0], "done"),
        (2, [0, 1, 3, 3], "done"),
        (4, [0, 1, 3, 7, 7], "The activity 'try' failed: no answer"),
    ],
)
def test_a_failed_activity_is_repeated_with_back_off(
    failures: int, times: list[float], result: str
) -> None:
    world = EngineWorld(
        _with_retries(_TWICE_A_SECOND), **{"try": _fails(failures)}, keep=lambda work: None
    )
    world.start("x")
    world.run_to_the_end()
    assert [round(each) for each in world.times] == times
    assert world.inputs[-1] == result


@pytest.mark.parametrize(
    ("limits", "times"),
    [
        ({"max_retry_interval": timedelta(seconds=2)}, [0, 1, 3, 5, 7, 7]),
        ({"retry_timeout": timedelta(seconds=5)}, [0, 1, 3, 7, 7]),
        ({"backoff_coefficient": None}, [0, 1, 2, 3, 4, 4]),
    ],
)
def test_every_limit_of_a_retry_policy_holds(limits: dict[str, Any], times: list[float]) -> None:
    given = {"backoff_coefficient": 2.0, **limits}
    policy = RetryPolicy(
        first_retry_interval=timedelta(seconds=1), max_number_of_attempts=5, **given
    )
    world = EngineWorld(_with_retries(policy), **{"try": _fails(99)}, keep=lambda work: None)
    world.start("x")
    world.run_to_the_end()
    assert [round(each) for each in world.times] == times


def test_a_repeated_call_gets_its_first_input_even_if_the_activity_changed_it() -> None:
    def changes(work: Any) -> Any:
        seen.append(dict(work))
        work["changed"] = True
        raise OSError

    seen: list[Any] = []
    world = EngineWorld(_with_retries(_TWICE_A_SECOND), **{"try": changes}, keep=_nothing)
    world.start({})
    world.run_to_the_end()
    assert seen == [{}] * 4


def test_one_failure_in_a_group_is_raised_after_the_others_have_ended() -> None:
    def group(context: Any, work: Any) -> Steps:
        try:
            yield when_all([context.call_activity("try", input=each) for each in (1, 2, 3)])
        except TaskFailedError as error:
            yield context.call_activity("keep", input=str(error))

    def fails_for_the_first(work: Any) -> Any:
        if work == 1:
            raise ValueError("one")
        return work

    world = EngineWorld(group, **{"try": fails_for_the_first}, keep=lambda work: None)
    world.start()
    world.run_to_the_end()
    assert world.inputs == [1, 2, 3, "The activity 'try' failed: one"]


def test_a_failed_orchestration_is_logged_and_its_id_is_free(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(context: Any, work: Any) -> Steps:
        yield context.create_timer(timedelta(seconds=1))
        context.continue_as_new({})
        raise KeyError("gone")

    world = EngineWorld(fails)
    world.start()
    with caplog.at_level(logging.ERROR):
        world.run_to_the_end()
    assert not world.live
    (record,) = caplog.records
    assert record.__dict__["action"] == "orchestration_failed"
    assert record.__dict__["instance_id"] == "one"


@pytest.mark.parametrize(
    "value", [datetime(2026, 1, 1, tzinfo=UTC), {1, 2}, float("nan"), object(), b"x"]
)
def test_a_value_that_is_no_json_fails_where_it_is_given(
    value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def gives_input(context: Any, work: Any) -> Steps:
        yield context.call_activity("keep", input={"value": value})

    world = EngineWorld(gives_input, keep=lambda work: None)
    world.start()
    world.run_to_the_end()
    assert world.inputs == []
    assert "An orchestration failed." in caplog.text

    world = EngineWorld(_with_retries(_TWICE_A_SECOND), **{"try": lambda _: value}, keep=_nothing)
    world.start("x")
    world.run_to_the_end()
    assert world.inputs[:4] == ["x"] * 4
    assert world.inputs[4].startswith("The activity 'try' failed: ")


def _nothing(work: Any) -> None:
    return None


def test_a_tuple_arrives_as_a_list_as_on_any_engine() -> None:
    def gives_tuple(context: Any, work: Any) -> Steps:
        result = yield context.call_activity("keep", input={"pair": (1, 2), 3: "key"})
        yield context.call_activity("keep", input=result)

    world = EngineWorld(gives_tuple, keep=lambda work: (5, 6))
    world.start()
    world.run_to_the_end()
    assert world.inputs == [{"pair": [1, 2], "3": "key"}, [5, 6]]


# Timers and events


def _waits(context: Any, work: Any) -> Steps:
    for _ in range(work["waits"]):
        timer = context.create_timer(timedelta(seconds=100))
        wake = context.wait_for_external_event("wake")
        first = yield when_any([timer, wake])
        (timer if first is wake else wake).cancel()
        yield context.call_activity("keep", input="wake" if first is wake else "timer")


def _waiting(waits: int = 1) -> EngineWorld:
    world = EngineWorld(_waits, keep=lambda work: None)
    world.start({"waits": waits})
    return world


def test_a_timer_ends_a_wait() -> None:
    world = _waiting()
    assert world.run_to_the_end() == 100.0
    assert world.inputs == ["timer"]


def test_an_event_ends_a_wait_and_cancels_its_timer() -> None:
    world = _waiting()
    world.settle()
    world.wake()
    world.settle()
    assert world.inputs == ["wake"]
    assert world.loop.next_due() is None


def test_an_event_that_comes_before_the_wait_ends_the_wait_at_once() -> None:
    world = _waiting()
    world.wake()
    world.settle()
    assert (world.inputs, world.elapsed) == (["wake"], 0.0)


def test_an_event_after_the_end_or_without_an_orchestration_is_ignored() -> None:
    world = _waiting()
    world.run_to_the_end()
    world.wake()
    world.wake("other")
    world.settle()
    assert world.inputs == ["timer"]


def test_a_cancelled_wait_does_not_take_the_next_event() -> None:
    world = _waiting(waits=2)
    world.settle()
    world.advance(100)
    world.wake()
    world.settle()
    assert world.inputs == ["timer", "wake"]


def test_many_events_before_a_wait_end_one_wait_only() -> None:
    world = _waiting(waits=2)
    for _ in range(1_000):
        world.wake()
    world.settle()
    assert world.inputs == ["wake"]
    assert world.live


def test_an_event_and_a_timer_of_the_same_moment_have_one_winner() -> None:
    world = _waiting(waits=2)
    world.settle()
    world.clock.advance(100)
    world.wake()
    world.loop.fire_due()
    world.settle()
    assert world.inputs == ["wake"]
    assert world.run_to_the_end() == 200.0
    assert world.inputs == ["wake", "timer"]


def test_the_result_of_a_cancelled_task_cannot_be_taken() -> None:
    def cancels(context: Any, work: Any) -> Steps:
        timer = context.create_timer(timedelta(seconds=9))
        timer.cancel()
        try:
            yield timer
        except TaskCancelledError:
            yield context.call_activity("keep", input="cancelled")

    world = EngineWorld(cancels, keep=lambda work: None)
    world.start()
    assert world.run_to_the_end() == 0.0
    assert world.inputs == ["cancelled"]


# Continuing as new


def _counts_down(context: Any, work: Any) -> Steps:
    context.create_timer(timedelta(seconds=50))
    context.call_activity("slow", input=work["left"])
    yield context.call_activity("keep", input=work["left"])
    if work["left"]:
        context.continue_as_new({"left": work["left"] - 1})


def test_an_orchestration_continues_as_new_with_its_new_input() -> None:
    world = EngineWorld(_counts_down, keep=lambda work: None, slow=lambda work: None)
    world.start({"left": 2})
    world.run_to_the_end()
    assert [each for each in world.inputs if each == 2] == [2, 2]
    assert sorted(world.inputs) == [0, 0, 1, 1, 2, 2]
    assert not world.live


def test_answers_and_timers_of_an_earlier_execution_have_no_effect() -> None:
    world = EngineWorld(_counts_down, keep=lambda work: None, slow=lambda work: None)
    world.start({"left": 1})
    world.loop.run_next()
    world.loop.run_next()
    slow = world.workers.calls.popleft()
    world.settle()
    assert not world.live
    slow.execute()
    world.settle()
    assert world.loop.next_due() is None


def test_an_orchestration_is_live_while_it_continues_as_new() -> None:
    world = EngineWorld(_counts_down, keep=lambda work: None, slow=lambda work: None)
    world.start({"left": 50})
    world.loop.run_next()
    while world.live:
        assert world.loop.run_next() or world.workers.run_next()
    assert world.inputs.count(0) >= 1
