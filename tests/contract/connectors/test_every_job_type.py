"""What every job type must do, whatever its platform, and however badly that behaves."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import (
    Invalid,
    PlatformRefused,
    PolysyncError,
    Unavailable,
    Uncertain,
)
from polysync_core.domain.secrets import Secret
from polysync_core.platforms.connector import CannotStop, ProviderStatus, RunNotFound
from polysync_core.platforms.plugin import Capability
from polysync_core.platforms.registry import check_job, check_platform
from tests.contract.connectors.bench import ATTEMPTS, CANARY, Behaviour, Rig, Step

LOST = [
    pytest.param({"fault": "lost-response"}, id="the connection is reset after the act"),
    pytest.param({"fault": "cut"}, id="the connection is reset within the answer"),
    pytest.param({"fault": "truncated"}, id="half of the JSON"),
    pytest.param({"fault": "malformed"}, id="no JSON"),
    pytest.param({"fault": "huge", "megabytes": 1}, id="more than is accepted"),
    pytest.param({"fault": "status", "status": 500, "effect": True}, id="an error after the act"),
    pytest.param(
        {"fault": "status", "status": 504, "effect": True, "body": "html"}, id="a gateway gives up"
    ),
]
UNREADABLE = [
    pytest.param({"fault": "truncated"}, id="half of the JSON"),
    pytest.param({"fault": "malformed"}, id="no JSON"),
    pytest.param({"fault": "cut"}, id="reset within the answer"),
    pytest.param({"fault": "lost-response"}, id="no answer"),
    pytest.param({"fault": "huge", "megabytes": 1}, id="more than is accepted"),
    pytest.param({"fault": "status", "status": 500}, id="the server fails"),
    pytest.param({"fault": "status", "status": 503, "body": "html"}, id="a proxy's page"),
]


def needs(rig: Rig, *wanted: Capability | Behaviour) -> None:
    """Leave a case to the job types that have what it is about."""
    for each in wanted:
        has = rig.bench.capabilities if isinstance(each, Capability) else rig.bench.jobs
        if each not in has:
            pytest.skip(f"{rig.bench.job_type} has no {each}")


def follows(rig: Rig) -> str:
    """Return the id of a run that is under way."""
    needs(rig, Behaviour.HANGS)
    order = rig.order(Behaviour.HANGS)
    return rig.job.submit(order).external_run_id


def refusal(action: Callable[[], object]) -> PlatformRefused:
    with pytest.raises(PlatformRefused) as caught:
        action()
    return caught.value


# Running


def test_an_artefact_runs_to_success(rig: Rig) -> None:
    order = rig.order()
    submitted = rig.job.submit(order)

    report = rig.follow(order.job, submitted)

    assert report.status is ProviderStatus.SUCCESS, report
    assert list(rig.bench.started(order)) == [submitted.external_run_id]
    assert (submitted.monitor_url or report.monitor_url or "").startswith("http")


def test_an_artefact_that_fails_is_its_own_failure_with_words_for_people(rig: Rig) -> None:
    needs(rig, Behaviour.FAILS)

    report = rig.run(Behaviour.FAILS)

    assert report.status is ProviderStatus.FAILED
    assert report.cause in {None, FailureCause.ARTEFACT}
    assert report.message


def test_outputs_come_with_the_end(rig: Rig) -> None:
    needs(rig, Capability.OUTPUTS, Behaviour.GIVES_OUTPUTS)

    report = rig.run(Behaviour.GIVES_OUTPUTS)

    assert (dict(report.outputs), report.outputs_missing) == (dict(rig.bench.outputs), None)


def test_an_artefact_that_is_missing_is_told_by_its_cause(rig: Rig) -> None:
    needs(rig, Behaviour.MISSING)
    try:
        report = rig.run(Behaviour.MISSING)
    except PlatformRefused as error:
        cause, message = error.cause, str(error)
    else:
        assert report.status is ProviderStatus.FAILED
        cause, message = report.cause, report.message
    assert cause is FailureCause.SUBMIT
    assert message


def test_a_secret_is_sent_and_shown_nowhere(rig: Rig) -> None:
    order = rig.order(parameters={"rows": Secret("8")})

    report = rig.follow(order.job, rig.job.submit(order))

    assert report.status is ProviderStatus.SUCCESS, report


def test_a_secret_that_is_not_of_its_parameters_type_is_never_sent(rig: Rig) -> None:
    if not rig.bench.typed:
        pytest.skip(f"{rig.bench.job_type} takes texts")
    number = Parameter(name="rows", data_type=DataType.INT)
    job = rig.bench.jobs[Behaviour.SUCCEEDS]
    others = [each for each in job.parameters if each.name != number.name]
    job = job.model_copy(update={"parameters": (number, *others)})
    order = rig.order(job=job, parameters={"rows": Secret(CANARY)})

    error = refusal(lambda: rig.job.submit(order))

    assert error.cause is FailureCause.PARAMETERS
    assert CANARY not in str(error)
    assert not rig.bench.started(order)


# Submitting once


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_starts_one_run(rig: Rig, fault: dict[str, Any]) -> None:
    order = rig.order()
    rig.fault(Step.SUBMIT, **fault)

    submitted = rig.carry_out(order)

    assert len(rig.bench.started(order)) == 1
    if submitted is not None:
        assert submitted.external_run_id in rig.bench.started(order)


def test_answers_that_are_lost_again_and_again_start_one_run(rig: Rig) -> None:
    order = rig.order()
    rig.fault(Step.SUBMIT, "lost-response", times=2 * ATTEMPTS)

    rig.carry_out(order)

    assert len(rig.bench.started(order)) == 1


def test_a_submit_that_never_arrived_starts_one_run(rig: Rig) -> None:
    order = rig.order()
    rig.fault(Step.SUBMIT, "lost-response", effect=False)

    submitted = rig.carry_out(order)

    assert len(rig.bench.started(order)) == (0 if submitted is None else 1)


def test_a_crash_after_a_submit_starts_no_second_run(rig: Rig) -> None:
    """Nobody remembers the answer: the attempt is submitted again, and told so."""
    order = rig.order()
    rig.job.submit(order)

    rig.carry_out(order, again=True)

    assert len(rig.bench.started(order)) == 1


def test_another_attempt_is_another_run(rig: Rig) -> None:
    first, second = rig.order(), rig.order()
    rig.follow(first.job, rig.job.submit(first))
    rig.follow(second.job, rig.job.submit(second))

    assert len({*rig.bench.started(first), *rig.bench.started(second)}) == 2


def test_a_platform_that_is_full_says_when_to_come_back_and_has_started_nothing(rig: Rig) -> None:
    order = rig.order()
    rig.fault(Step.SUBMIT, "status", status=429, headers={"Retry-After": "120"})

    with pytest.raises(Unavailable) as caught:
        rig.job.submit(order)

    assert caught.value.retry_after == 120
    assert not rig.bench.started(order)


# Being refused


def test_refused_credentials_are_told_as_such(rig: Rig) -> None:
    order = rig.order()
    rig.fault(Step.SUBMIT, "status", status=401, times=2)

    error = refusal(lambda: rig.job.submit(order))

    assert (error.status, error.cause) == (401, FailureCause.SECRET)
    assert not rig.bench.started(order)


def test_a_missing_permission_is_told_with_a_remedy(rig: Rig) -> None:
    order = rig.order()
    rig.fault(Step.SUBMIT, "status", status=403, message=f"{CANARY} may not")

    error = refusal(lambda: rig.job.submit(order))

    assert error.status == 403
    assert CANARY not in str(error)
    assert ":" in str(error)
    assert not rig.bench.started(order)


def test_what_the_platform_does_not_accept_is_not_sent_twice(rig: Rig) -> None:
    order = rig.order()
    rig.fault(Step.SUBMIT, "status", status=400)

    error = refusal(lambda: rig.job.submit(order))

    assert error.status == 400
    assert not rig.bench.started(order)


@pytest.mark.parametrize("step", [Step.SUBMIT, Step.READ])
def test_a_redirect_is_refused(rig: Rig, step: Step) -> None:
    action = submitting(rig) if step is Step.SUBMIT else reading(rig)
    rig.fault(step, "redirect", location=f"https://evil.example/?t={CANARY}")

    error = refusal(action)

    assert "redirects to evil.example" in str(error)
    assert CANARY not in str(error)


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "status", "status": 403},
        {"fault": "status", "status": 400},
        {"fault": "redirect"},
        {"fault": "malformed", "times": 9},
        {"fault": "lost-response", "times": 9},
    ],
    ids=lambda fault: f"{fault['fault']}{fault.get('status', '')}",
)
def test_no_error_and_nothing_behind_it_holds_a_secret(rig: Rig, fault: dict[str, Any]) -> None:
    """The engine stores an error with everything in its `__context__`."""
    order = rig.order(parameters={"rows": Secret(CANARY)})
    rig.fault(Step.SUBMIT, **fault)

    try:
        rig.job.submit(order)
    except PolysyncError as error:
        assert error.__context__ is None
        assert CANARY not in "".join(traceback.format_exception(error))
    else:
        # What cannot be read is no error where the run is found all the same, or has answered.
        assert fault["fault"] == "malformed"


# Following


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_look_that_fails_says_nothing_of_the_run(rig: Rig, fault: dict[str, Any]) -> None:
    look = reading(rig)
    rig.fault(Step.READ, times=ATTEMPTS, **fault)

    with pytest.raises(Unavailable):
        look()


def test_a_state_that_nobody_knows_is_no_end(rig: Rig) -> None:
    look = reading(rig)
    rig.fault(Step.READ, "wrong-type", replace=dict(rig.bench.strange_state))

    report = look()

    assert report.status is ProviderStatus.UNKNOWN
    assert not report.status.is_final


def test_a_look_may_be_asked_to_come_later(rig: Rig) -> None:
    look = reading(rig)
    rig.fault(Step.READ, "status", status=429, headers={"Retry-After": "90"})

    with pytest.raises(Unavailable) as caught:
        look()

    assert caught.value.retry_after == 90


def test_a_look_with_refused_credentials_says_so(rig: Rig) -> None:
    look = reading(rig)
    rig.fault(Step.READ, "status", status=401, times=2)

    assert refusal(look).cause is FailureCause.SECRET


def test_a_run_that_the_platform_does_not_have_is_not_found(rig: Rig) -> None:
    job = rig.bench.jobs[Behaviour.SUCCEEDS]
    for run_id in rig.bench.unknown_runs:
        with pytest.raises(RunNotFound):
            rig.job.read(job, run_id)
        if Capability.CANCEL in rig.bench.capabilities:
            with pytest.raises(RunNotFound):
                rig.job.cancel(job, run_id)


def test_a_run_is_listed(rig: Rig) -> None:
    needs(rig, Capability.RUNS)
    order = rig.order()
    submitted = rig.job.submit(order)
    rig.follow(order.job, submitted)

    newest = next(rig.job.runs(order.job))

    assert newest.external_run_id == submitted.external_run_id
    assert newest.report.status is ProviderStatus.SUCCESS


# Stopping


def test_a_run_is_stopped_and_stopping_it_again_is_no_error(rig: Rig) -> None:
    needs(rig, Capability.CANCEL, Behaviour.HANGS)
    order = rig.order(Behaviour.HANGS)
    submitted = rig.job.submit(order)
    assert not rig.job.read(order.job, submitted.external_run_id).status.is_final

    rig.job.cancel(order.job, submitted.external_run_id)
    report = rig.follow(order.job, submitted)
    rig.job.cancel(order.job, submitted.external_run_id)

    stopped = report.status is ProviderStatus.CANCELLED
    assert stopped or (report.status is ProviderStatus.FAILED and report.may_be_stopped)


def test_stopping_a_run_that_has_succeeded_leaves_it_so(rig: Rig) -> None:
    needs(rig, Capability.CANCEL)
    order = rig.order()
    submitted = rig.job.submit(order)
    rig.follow(order.job, submitted)

    rig.job.cancel(order.job, submitted.external_run_id)

    assert rig.job.read(order.job, submitted.external_run_id).status is ProviderStatus.SUCCESS


def test_a_stop_whose_answer_is_lost_can_be_asked_for_again(rig: Rig) -> None:
    needs(rig, Capability.CANCEL, Behaviour.HANGS)
    order = rig.order(Behaviour.HANGS)
    submitted = rig.job.submit(order)
    rig.fault(Step.CANCEL, "lost-response", times=ATTEMPTS)
    try:
        rig.job.cancel(order.job, submitted.external_run_id)
    except (Uncertain, Unavailable):
        rig.job.cancel(order.job, submitted.external_run_id)

    assert rig.follow(order.job, submitted).status.is_final


def test_a_job_type_that_cannot_stop_says_so(rig: Rig) -> None:
    if Capability.CANCEL in rig.bench.capabilities:
        pytest.skip(f"{rig.bench.job_type} can stop")
    order = rig.order()
    submitted = rig.job.submit(order)

    with pytest.raises(CannotStop):
        rig.job.cancel(order.job, submitted.external_run_id)


# Finding


def test_an_artefact_is_found_and_searched_for_by_its_name(rig: Rig) -> None:
    needs(rig, Capability.DISCOVERY)
    external_id = rig.bench.jobs[Behaviour.SUCCEEDS].external_id

    found = {
        each.external_id: each for each in rig.connector.artefacts(job_type=rig.bench.job_type)
    }

    assert external_id in found
    assert {each.job_type for each in found.values()} == {rig.bench.job_type}
    name = found[external_id].name
    searched = list(rig.connector.artefacts(job_type=rig.bench.job_type, search=name.upper()))
    assert external_id in [each.external_id for each in searched]
    assert all(name.casefold() in each.name.casefold() for each in searched)
    assert not list(rig.connector.artefacts(search="no artefact has this name"))


def test_an_artefact_is_described_by_its_parameters(rig: Rig) -> None:
    needs(rig, Capability.PARAMETERS)

    schema = rig.job.describe(rig.bench.jobs[Behaviour.SUCCEEDS].external_id)

    assert list(schema.parameters) == list(rig.bench.parameters)


def test_what_a_list_tells_of_an_artefact_is_what_the_artefact_tells(rig: Rig) -> None:
    needs(rig, Capability.DISCOVERY)
    for found in rig.connector.artefacts(job_type=rig.bench.job_type):
        if found.schema is not None:
            assert found.schema == rig.job.describe(found.external_id)


def test_an_artefact_that_is_missing_cannot_be_described(rig: Rig) -> None:
    needs(rig, Capability.PARAMETERS, Behaviour.MISSING)

    assert str(refusal(lambda: rig.job.describe(rig.bench.jobs[Behaviour.MISSING].external_id)))


@pytest.mark.parametrize("fault", UNREADABLE[:2])
@pytest.mark.parametrize("step", [Step.FIND, Step.DESCRIBE])
def test_an_answer_that_cannot_be_read_finds_nothing_wrong(
    rig: Rig, step: Step, fault: dict[str, Any]
) -> None:
    needs(rig, Capability.DISCOVERY, Capability.PARAMETERS)
    rig.fault(step, times=ATTEMPTS, **fault)

    with pytest.raises(Unavailable):
        if step is Step.FIND:
            list(rig.connector.artefacts(job_type=rig.bench.job_type))
        else:
            rig.job.describe(rig.bench.jobs[Behaviour.SUCCEEDS].external_id)


# Being tested and checked


def test_a_test_says_what_was_reached(rig: Rig) -> None:
    assert "127.0.0.1" in rig.connector.test()


def test_a_test_with_refused_credentials_says_so(rig: Rig) -> None:
    rig.fault(Step.TEST, "status", status=401, times=2)

    assert refusal(rig.connector.test).cause is FailureCause.SECRET


def test_the_definitions_of_the_bench_are_accepted(rig: Rig) -> None:
    check_platform(rig.bench.platform, allow_loopback=True)
    for job in rig.bench.jobs.values():
        check_job(rig.bench.platform, job)


def test_what_cannot_be_right_is_refused_before_anything_is_sent(rig: Rig) -> None:
    job = rig.bench.jobs[Behaviour.SUCCEEDS]
    for changes, path in rig.bench.refused:
        with pytest.raises(Invalid) as caught:
            check_job(rig.bench.platform, job.model_copy(update=dict(changes)))
        assert [problem.path for problem in caught.value.problems] == [path]


def submitting(rig: Rig) -> Callable[[], Any]:
    order = rig.order()
    return lambda: rig.job.submit(order)


def reading(rig: Rig) -> Callable[[], Any]:
    run_id = follows(rig)
    return lambda: rig.job.read(rig.bench.jobs[Behaviour.HANGS], run_id)
