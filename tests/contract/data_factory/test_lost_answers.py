"""A start whose answer is lost, where the platform takes no key against a second one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import Uncertain
from polysync_core.platforms.connector import OutcomeUnknown, SubmitRequest
from tests.contract.connectors.bench import Behaviour, Rig, Stage, Step
from tests.contract.connectors.benches.azure_pipelines import a_job, data_factory


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("simulators"))
    yield stage
    stage.clear()


@pytest.fixture
def rig(stage: Stage) -> Iterator[Rig]:
    bench = data_factory(stage)
    bench.simulator.clear_faults()
    yield Rig(bench)
    list_lag(bench.simulator, 0)
    bench.simulator.clear_faults()


def list_lag(simulator: Any, seconds: float) -> None:
    simulator.control("PUT", "list-lag", {"seconds": seconds})


def an_order(rig: Rig, **settings: Any) -> SubmitRequest:
    job = a_job(JobType.ADF_PIPELINE, Behaviour.SUCCEEDS, settings=settings)
    return rig.order(job=job)


def lost(rig: Rig, order: SubmitRequest, *, effect: bool = True) -> SubmitRequest:
    """Submit with an answer that is lost; return the order as it is submitted next."""
    rig.fault(Step.SUBMIT, "lost-response", effect=effect)
    with pytest.raises(Uncertain):
        rig.job.submit(order)
    return replace(order, is_resend=True)


def test_nothing_is_sent_while_the_list_may_be_late_and_then_the_run_is_adopted(rig: Rig) -> None:
    list_lag(rig.bench.simulator, 3600)
    order = lost(rig, rig.order())
    with pytest.raises(Uncertain, match="not be listed yet"):
        rig.job.submit(order)
    list_lag(rig.bench.simulator, 0)

    submitted = rig.job.submit(order)

    assert [submitted.external_run_id] == list(rig.bench.started(order))


def test_a_start_that_never_arrived_is_sent_again_when_the_list_cannot_be_late(rig: Rig) -> None:
    order = lost(rig, rig.order(), effect=False)
    rig.sleep(239)
    with pytest.raises(Uncertain):
        rig.job.submit(order)
    assert not rig.bench.started(order)
    rig.sleep(2)

    submitted = rig.job.submit(order)

    assert [submitted.external_run_id] == list(rig.bench.started(order))


def test_who_wants_to_be_asked_is_not_served_twice(rig: Rig) -> None:
    settings = {"attemptTokenParameter": "attempt", "whenAnswerLost": "Ask"}
    found = lost(rig, an_order(rig, **settings))
    never = lost(rig, an_order(rig, **settings), effect=False)
    rig.sleep(300)

    assert [rig.job.submit(found).external_run_id] == list(rig.bench.started(found))
    with pytest.raises(OutcomeUnknown):
        rig.job.submit(never)
    assert not rig.bench.started(never)


def test_without_a_token_people_are_asked_and_the_remedy_is_told(rig: Rig) -> None:
    order = lost(rig, an_order(rig))

    with pytest.raises(OutcomeUnknown, match=r"settings\.attemptTokenParameter"):
        rig.job.submit(order)


def test_without_a_token_a_run_that_may_be_ours_is_never_doubled(rig: Rig) -> None:
    order = lost(rig, an_order(rig, whenAnswerLost="Resend"))
    rig.sleep(300)

    with pytest.raises(OutcomeUnknown, match="nothing tells"):
        rig.job.submit(order)


def test_of_two_runs_with_one_token_the_first_is_adopted(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody has repeated the attempt's run by hand, parameters and all."""
    order = rig.order()
    first = rig.job.submit(order).external_run_id
    rig.job.submit(order)

    adopted = rig.job.submit(replace(order, is_resend=True)).external_run_id

    assert adopted == first
    assert "duplicate_detected" in {getattr(each, "action", None) for each in caplog.records}


def test_the_token_goes_over_whatever_value_the_parameter_has(rig: Rig) -> None:
    order = rig.order(parameters={"attempt": "by hand"})

    rig.job.submit(order)

    assert len(rig.bench.started(order)) == 1
