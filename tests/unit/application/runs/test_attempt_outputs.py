"""Outputs, secrets and parameters of an attempt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.api.run_views import run_view
from polysync_core.domain.errors import PlatformRefused, TooLarge, Unavailable
from polysync_core.domain.runs.events import is_note
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import (
    RunStatus,
    TaskRun,
)
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import (
    ProviderStatus,
    Report,
)
from tests.fakes.builders import a_job, a_run
from tests.fakes.runs import FakeRunTable
from tests.unit.application.runs.attempt_bench import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    yield Bench()


class SmallRuns(FakeRunTable):
    """A store that takes rows of a few hundred characters only."""

    def save(self, stored: StoredRun, run: TaskRun) -> StoredRun:
        if len(str(run.outputs)) > 200:
            raise TooLarge("the text is longer than can be stored")
        return super().save(stored, run)


@pytest.mark.parametrize(
    ("outputs", "why"),
    [
        pytest.param({"table": "x" * 300}, "longer than can be stored", id="no room in the row"),
        pytest.param({"table": "x" * 65_535}, "has 65,537 bytes as JSON", id="too long"),
        pytest.param({"text": "\ud800"}, "half of a surrogate pair", id="half a character"),
        pytest.param({"rate": float("inf")}, "rate (must be a finite number)", id="not finite"),
        pytest.param({"__class__": "x"}, "this key is not allowed", id="a key of the engine"),
    ],
)
def test_a_run_succeeds_even_if_its_outputs_cannot_be_stored(
    outputs: dict[str, Any], why: str
) -> None:
    bench = Bench(runs=SmallRuns())
    bench.platform.reports = [Report(status=ProviderStatus.SUCCESS, outputs=outputs)]
    bench.submit()

    assert bench.poll().done

    assert (bench.run.status, bench.run.outputs) == (RunStatus.SUCCEEDED, {})
    assert bench.run.attempts[0].error is None
    notes = [entry.reason for entry in bench.run.history if is_note(entry)]
    assert len(notes) == 1
    assert why in notes[0]


def test_an_output_that_cannot_be_kept_does_not_remove_other_outputs(bench: Bench) -> None:
    outputs = {"rows": 5, "table": "x" * 70_000, "path": "/mnt/a"}
    bench.platform.reports = [Report(status=ProviderStatus.SUCCESS, outputs=outputs)]
    bench.submit()
    bench.poll()

    assert bench.run.outputs == {"rows": 5, "path": "/mnt/a"}
    assert set(bench.run.outputs_not_kept) == {"table"}
    assert "70,002 bytes" in bench.run.outputs_not_kept["table"]


def test_a_sensitive_output_is_in_no_row_and_no_view() -> None:
    job = a_job(parameters=[{"name": "token", "direction": "Output", "sensitive": True}])
    bench = Bench(a_run(job=job))
    outputs = {"token": "canary", "rows": 1}
    bench.platform.reports = [Report(status=ProviderStatus.SUCCESS, outputs=outputs)]
    bench.submit()
    bench.poll()

    assert "canary" not in repr(bench.runs.rows)
    assert run_view(bench.run).outputs == {"rows": 1, "token": {"redacted": True}}


def test_a_failed_attempt_has_no_outputs(bench: Bench) -> None:
    report = Report(status=ProviderStatus.FAILED, outputs={"rows": 5})
    bench.platform.reports = [report]
    bench.submit()
    bench.poll()

    assert (bench.run.status, bench.run.outputs) == (RunStatus.FAILED, {})


def test_a_run_names_the_outputs_that_its_platform_could_not_return(bench: Bench) -> None:
    report = Report(status=ProviderStatus.SUCCESS, outputs_missing="The value was cut.")
    bench.platform.reports = [report]
    bench.submit()
    bench.poll()

    assert bench.run.reason == "The platform reports success. The value was cut."


def test_a_secret_that_cannot_be_read_ends_the_run_before_anything_is_sent() -> None:
    bench = Bench(a_run(parameters={"key": "vault://v/missing"}))
    bench.secrets["vault://v/missing"] = PlatformRefused(
        "Vault v has no secret 'missing'.", cause=FailureCause.SECRET
    )
    assert bench.submit().done
    assert bench.run.attempts[0].cause is FailureCause.SECRET
    assert not bench.platform.orders


def test_a_secret_reaches_the_platform_and_no_row() -> None:
    bench = Bench(a_run(parameters={"key": "vault://v/s"}))
    bench.secrets["vault://v/s"] = Secret("canary")
    bench.submit()
    assert bench.platform.orders[0].parameters["key"] == Secret("canary")
    assert "canary" not in repr(bench.runs.rows)


_ECHO = Report(status=ProviderStatus.SUCCESS, outputs={"title": "a canary-7 sings", "rows": 7})


@pytest.mark.parametrize("at_once", [True, False])
def test_a_secret_that_an_artefact_returns_is_in_no_row(at_once: bool) -> None:
    bench = Bench(a_run(parameters={"text": "vault://v/s"}))
    bench.secrets["vault://v/s"] = Secret("canary-7")
    bench.platform.at_once = _ECHO if at_once else None
    bench.platform.reports = [_ECHO]
    result = bench.submit()
    if not result.done:
        bench.poll(result.memo)

    assert (bench.run.status, bench.run.outputs) == (RunStatus.SUCCEEDED, {"rows": 7})
    assert "canary-7" not in repr(bench.runs.rows)


def test_outputs_are_not_kept_if_a_secret_cannot_be_compared_any_more() -> None:
    bench = Bench(a_run(parameters={"text": "vault://v/s"}))
    bench.secrets["vault://v/s"] = Secret("canary-7")
    bench.platform.reports = [_ECHO]
    memo = bench.submit().memo
    bench.secrets["vault://v/s"] = PlatformRefused("It is gone.", cause=FailureCause.SECRET)

    assert bench.poll(memo).done

    assert (bench.run.status, bench.run.outputs) == (RunStatus.SUCCEEDED, {})
    assert "outputs are not kept" in bench.run.reason


def test_a_vault_that_does_not_answer_delays_the_end_and_loses_no_output() -> None:
    bench = Bench(a_run(parameters={"text": "vault://v/s"}))
    bench.secrets["vault://v/s"] = Secret("canary-7")
    bench.platform.reports = [_ECHO, _ECHO]
    memo = bench.submit().memo
    bench.secrets["vault://v/s"] = Unavailable("The vault is away.")
    result = bench.poll(memo)
    assert not result.done
    bench.secrets["vault://v/s"] = Secret("canary-7")

    assert bench.poll(result.memo).done

    assert bench.run.outputs == {"rows": 7}


def test_run_variables_are_filled_in_for_the_attempt() -> None:
    bench = Bench(a_run(parameters={"tag": "${run.id}/${run.attempt}"}))
    bench.submit()
    assert bench.platform.orders[0].parameters["tag"] == f"{bench.run_id}/1"


def test_a_variable_in_a_typed_parameter_becomes_of_its_type() -> None:
    job = a_job(parameters=[{"name": "attempt", "dataType": "Int"}])
    bench = Bench(a_run(job=job, parameters={"attempt": "${run.attempt}"}))
    bench.submit()
    assert bench.platform.orders[0].parameters["attempt"] == 1


def test_a_variable_that_does_not_fit_its_parameter_fails_the_run_before_it_is_sent() -> None:
    job = a_job(parameters=[{"name": "day", "dataType": "Int"}])
    bench = Bench(a_run(job=job, parameters={"day": "${run.scheduledTime:%A}"}))
    assert bench.submit().done
    assert bench.run.attempts[0].cause is FailureCause.PARAMETERS
    assert not bench.platform.orders


def test_output_parameters_are_not_sent() -> None:
    job = a_job(parameters=[{"name": "rows", "direction": "Output"}])
    bench = Bench(a_run(job=job, parameters={"rows": "1", "in": "2"}))
    bench.submit()
    assert dict(bench.platform.orders[0].parameters) == {"in": "2"}
