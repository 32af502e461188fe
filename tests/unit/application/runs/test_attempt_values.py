"""An attempt records the values that it sends, with secrets as references."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.errors import TooLarge, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.parameters.values import TOTAL_BYTES, VALUE_BYTES, values_of
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.domain.security.secrets import Secret
from tests.fakes.builders import a_job, a_run
from tests.fakes.platform import FAILED, RUNNING
from tests.fakes.runs import FakeRunTable
from tests.unit.application.runs.attempt_bench import RETRY, Bench

JOB = a_job(
    parameters=[
        {"name": "day"},
        {"name": "label"},
        {"name": "number", "dataType": "Int"},
        {"name": "options", "dataType": "Json"},
        {"name": "key", "dataType": "Secret"},
        {"name": "rows", "direction": "Output"},
    ]
)


def a_bench(runs: FakeRunTable | None = None, **parameters: Any) -> Bench:
    bench = Bench(a_run(job=JOB, parameters=parameters, retry=RETRY), runs=runs)
    bench.secrets["vault://v/key"] = Secret("s3cr3t-value")
    bench.platform.reports = [RUNNING]
    return bench


def shown(bench: Bench, attempt: int = 1) -> Any:
    found = values_of(bench.run, bench.run.attempts[attempt - 1])
    assert found is not None
    return found


def test_the_recorded_values_are_those_that_the_platform_received() -> None:
    given = {
        "day": "${run.scheduledTime:%Y-%m-%d}",
        "label": "$${literal} ${run.id}",
        "number": "${run.attempt}",
        "options": '{"attempt": "${run.attempt}"}',
        "rows": "0",
    }
    bench = a_bench(**given)
    bench.submit()
    (order,) = bench.platform.orders
    assert shown(bench).values == order.parameters
    assert shown(bench).values == {
        "day": "2026-03-01",
        "label": "${literal} " + bench.run_id,
        "number": 1,
        "options": {"attempt": "1"},
    }
    assert shown(bench).not_kept == ()


def test_a_secret_stays_a_reference() -> None:
    bench = a_bench(key="vault://v/key", day="${run.id}")
    bench.submit()
    assert bench.platform.orders[0].parameters["key"] == Secret("s3cr3t-value")
    assert shown(bench).values["key"] == "vault://v/key"
    assert "s3cr3t" not in str(bench.run)


def test_the_values_cost_no_write_of_their_own() -> None:
    plain, rich = a_bench(day="x"), a_bench(day="${run.scheduledTime:%Y}", key="vault://v/key")
    for bench in (plain, rich):
        bench.submit()
    assert plain.runs.writes == rich.runs.writes


def test_each_attempt_keeps_its_own_values() -> None:
    bench = a_bench(number="${run.attempt}")
    bench.platform.reports = [FAILED]
    for attempt in (1, 2):
        bench.submit(attempt=attempt)
        bench.poll(attempt=attempt)
    assert [shown(bench, attempt).values["number"] for attempt in (1, 2)] == [1, 2]


def test_the_values_of_an_unanswered_submit_are_known() -> None:
    """The submit may have been executed, so its values matter most."""
    bench = a_bench(day="${run.scheduledTime:%Y-%m-%d}")
    bench.platform.lost_answers = 1
    bench.submit()
    assert shown(bench).values == {"day": "2026-03-01"}


def test_a_value_that_does_not_fit_ends_the_attempt_and_nothing_was_sent() -> None:
    bench = a_bench(number="${run.id}", day="${run.attempt}")
    bench.submit()
    assert bench.run.attempts[0].cause is FailureCause.PARAMETERS
    assert values_of(bench.run, bench.run.attempts[0]) is None


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("${run.id}" + "x" * VALUE_BYTES, id="long"),
        pytest.param("${run.id}" + "ü" * (VALUE_BYTES // 2), id="long in UTF-8"),
    ],
)
def test_a_long_value_is_sent_but_not_kept(value: str) -> None:
    bench = a_bench(label=value, day="${run.attempt}")
    bench.submit()
    assert len(bench.platform.orders[0].parameters["label"]) > VALUE_BYTES // 2
    assert (shown(bench).values, shown(bench).not_kept) == ({"day": "1"}, ("label",))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param('{"a": "\\ud800 ${run.id}"}', id="half of a surrogate pair"),
        pytest.param('{"a":' * 60 + '"${run.id}"' + "}" * 60, id="nested too deeply"),
    ],
)
def test_a_value_that_no_row_can_hold_is_not_kept(options: str) -> None:
    bench = a_bench(options=options)
    bench.submit()
    assert (shown(bench).values, shown(bench).not_kept) == ({}, ("options",))


def test_all_attempts_together_keep_a_limited_amount() -> None:
    bench = Bench(
        a_run(
            job=JOB,
            parameters={"label": "${run.attempt}" + "x" * (VALUE_BYTES - 100)},
            retry=RETRY.model_copy(update={"max_retry_attempts": 20, "max_delay_seconds": 30}),
        )
    )
    bench.platform.reports = [FAILED]
    for attempt in range(1, 15):
        bench.submit(attempt=attempt)
        bench.poll(attempt=attempt)
    kept = [len(str(each.parameters)) for each in bench.run.attempts if each.parameters]
    assert 0 < sum(kept) <= TOTAL_BYTES
    assert shown(bench, 14).not_kept == ("label",)


class FullTable(FakeRunTable):
    """A table whose rows have no room for recorded values."""

    def save(self, stored: StoredRun, run: TaskRun) -> StoredRun:
        if any(each.parameters for each in run.attempts):
            raise TooLarge
        return super().save(stored, run)


def test_a_row_without_room_for_the_values_does_not_keep_the_run_from_its_start() -> None:
    bench = a_bench(runs=FullTable(), day="${run.id}")
    bench.submit()
    assert bench.platform.orders[0].parameters == {"day": bench.run_id}
    assert shown(bench).not_kept == ("day",)


def test_without_a_secret_nothing_was_sent_until_it_can_be_read() -> None:
    bench = a_bench(key="vault://v/key", day="${run.attempt}")
    bench.secrets["vault://v/key"] = Unavailable("the vault does not answer")
    step = bench.submit()
    assert values_of(bench.run, bench.run.attempts[0]) is None
    bench.secrets["vault://v/key"] = Secret("s3cr3t-value")
    bench.submit(step.memo)
    assert shown(bench).values == {"key": "vault://v/key", "day": "1"}
