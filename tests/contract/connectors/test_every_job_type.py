"""The contract of every job type, including faulty platforms."""

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
from tests.contract.connectors.job_type_case import (
    ATTEMPTS,
    CANARY,
    Behaviour,
    ConnectorHarness,
    Step,
)

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


def needs(harness: ConnectorHarness, *wanted: Capability | Behaviour) -> None:
    """Skip a test for job types without a capability or behaviour."""
    for each in wanted:
        has = harness.case.capabilities if isinstance(each, Capability) else harness.case.jobs
        if each not in has:
            pytest.skip(f"{harness.case.job_type} has no {each}")


def start_hanging_run(harness: ConnectorHarness) -> str:
    """Return the id of an active run."""
    needs(harness, Behaviour.HANGS)
    request = harness.request(Behaviour.HANGS)
    return harness.job.submit(request).external_run_id


def refusal(action: Callable[[], object]) -> PlatformRefused:
    with pytest.raises(PlatformRefused) as caught:
        action()
    return caught.value


# Running


def test_an_artefact_runs_to_success(harness: ConnectorHarness) -> None:
    request = harness.request()
    submitted = harness.job.submit(request)

    report = harness.poll_until_end(request.job, submitted)

    assert report.status is ProviderStatus.SUCCESS, report
    assert list(harness.case.started_runs(request)) == [submitted.external_run_id]
    assert (submitted.monitor_url or report.monitor_url or "").startswith("http")


def test_a_failing_artefact_is_reported_as_its_own_failure_with_a_message(
    harness: ConnectorHarness,
) -> None:
    needs(harness, Behaviour.FAILS)

    report = harness.run(Behaviour.FAILS)

    assert report.status is ProviderStatus.FAILED
    assert report.cause in {None, FailureCause.ARTEFACT}
    assert report.message


def test_outputs_arrive_with_the_final_report(harness: ConnectorHarness) -> None:
    needs(harness, Capability.OUTPUTS, Behaviour.RETURNS_OUTPUTS)

    report = harness.run(Behaviour.RETURNS_OUTPUTS)

    assert (dict(report.outputs), report.outputs_missing) == (dict(harness.case.outputs), None)


def test_a_missing_artefact_fails_with_the_cause_submit(harness: ConnectorHarness) -> None:
    needs(harness, Behaviour.MISSING)
    try:
        report = harness.run(Behaviour.MISSING)
    except PlatformRefused as error:
        cause, message = error.cause, str(error)
    else:
        assert report.status is ProviderStatus.FAILED
        cause, message = report.cause, report.message
    assert cause is FailureCause.SUBMIT
    assert message


def test_a_secret_is_sent_to_the_artefact(harness: ConnectorHarness) -> None:
    request = harness.request(parameters={"rows": Secret("8")})

    report = harness.poll_until_end(request.job, harness.job.submit(request))

    assert report.status is ProviderStatus.SUCCESS, report


def test_a_secret_without_its_parameters_type_is_never_sent(
    harness: ConnectorHarness,
) -> None:
    if not harness.case.typed:
        pytest.skip(f"{harness.case.job_type} takes texts")
    number = Parameter(name="rows", data_type=DataType.INT)
    job = harness.case.jobs[Behaviour.SUCCEEDS]
    others = [each for each in job.parameters if each.name != number.name]
    job = job.model_copy(update={"parameters": (number, *others)})
    request = harness.request(job=job, parameters={"rows": Secret(CANARY)})

    error = refusal(lambda: harness.job.submit(request))

    assert error.cause is FailureCause.PARAMETERS
    assert CANARY not in str(error)
    assert not harness.case.started_runs(request)


# Submitting once


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_starts_one_run(harness: ConnectorHarness, fault: dict[str, Any]) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, **fault)

    submitted = harness.submit_until_answered(request)

    assert len(harness.case.started_runs(request)) == 1
    if submitted is not None:
        assert submitted.external_run_id in harness.case.started_runs(request)


def test_repeatedly_lost_answers_start_one_run(harness: ConnectorHarness) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, "lost-response", times=2 * ATTEMPTS)

    harness.submit_until_answered(request)

    assert len(harness.case.started_runs(request)) == 1


def test_a_submit_that_never_arrived_starts_one_run(harness: ConnectorHarness) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, "lost-response", effect=False)

    submitted = harness.submit_until_answered(request)

    assert len(harness.case.started_runs(request)) == (0 if submitted is None else 1)


def test_a_crash_after_a_submit_starts_no_second_run(harness: ConnectorHarness) -> None:
    """The answer is lost, so the attempt is submitted again as a resend."""
    request = harness.request()
    harness.job.submit(request)

    harness.submit_until_answered(request, is_resend=True)

    assert len(harness.case.started_runs(request)) == 1


def test_another_attempt_is_another_run(harness: ConnectorHarness) -> None:
    first, second = harness.request(), harness.request()
    harness.poll_until_end(first.job, harness.job.submit(first))
    harness.poll_until_end(second.job, harness.job.submit(second))

    assert len({*harness.case.started_runs(first), *harness.case.started_runs(second)}) == 2


def test_a_throttled_submit_has_a_retry_after_and_starts_nothing(
    harness: ConnectorHarness,
) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, "status", status=429, headers={"Retry-After": "120"})

    with pytest.raises(Unavailable) as caught:
        harness.job.submit(request)

    assert caught.value.retry_after == 120
    assert not harness.case.started_runs(request)


# Refusals


def test_refused_credentials_have_the_cause_secret(harness: ConnectorHarness) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, "status", status=401, times=2)

    error = refusal(lambda: harness.job.submit(request))

    assert (error.status, error.cause) == (401, FailureCause.SECRET)
    assert not harness.case.started_runs(request)


def test_a_missing_permission_is_reported_with_a_remedy(harness: ConnectorHarness) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, "status", status=403, message=f"{CANARY} may not")

    error = refusal(lambda: harness.job.submit(request))

    assert error.status == 403
    assert CANARY not in str(error)
    assert ":" in str(error)
    assert not harness.case.started_runs(request)


def test_a_refused_submit_is_not_sent_twice(harness: ConnectorHarness) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, "status", status=400)

    error = refusal(lambda: harness.job.submit(request))

    assert error.status == 400
    assert not harness.case.started_runs(request)


@pytest.mark.parametrize("step", [Step.SUBMIT, Step.READ])
def test_a_redirect_is_refused(harness: ConnectorHarness, step: Step) -> None:
    action = submitting(harness) if step is Step.SUBMIT else reading(harness)
    harness.fault(step, "redirect", location=f"https://evil.example/?t={CANARY}")

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
def test_no_error_and_no_context_of_an_error_contains_a_secret(
    harness: ConnectorHarness, fault: dict[str, Any]
) -> None:
    """The engine stores an error together with its `__context__`."""
    request = harness.request(parameters={"rows": Secret(CANARY)})
    harness.fault(Step.SUBMIT, **fault)

    try:
        harness.job.submit(request)
    except PolysyncError as error:
        assert error.__context__ is None
        assert CANARY not in "".join(traceback.format_exception(error))
    else:
        # An unreadable answer is not an error if the run is found or has answered.
        assert fault["fault"] == "malformed"


# Polling


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_failed_poll_raises_unavailable_and_no_state(
    harness: ConnectorHarness, fault: dict[str, Any]
) -> None:
    poll = reading(harness)
    harness.fault(Step.READ, times=ATTEMPTS, **fault)

    with pytest.raises(Unavailable):
        poll()


def test_an_unknown_state_is_not_final(harness: ConnectorHarness) -> None:
    poll = reading(harness)
    harness.fault(Step.READ, "wrong-type", replace=dict(harness.case.unknown_state))

    report = poll()

    assert report.status is ProviderStatus.UNKNOWN
    assert not report.status.is_final


def test_a_throttled_poll_has_a_retry_after(harness: ConnectorHarness) -> None:
    poll = reading(harness)
    harness.fault(Step.READ, "status", status=429, headers={"Retry-After": "90"})

    with pytest.raises(Unavailable) as caught:
        poll()

    assert caught.value.retry_after == 90


def test_a_poll_with_refused_credentials_has_the_cause_secret(harness: ConnectorHarness) -> None:
    poll = reading(harness)
    harness.fault(Step.READ, "status", status=401, times=2)

    assert refusal(poll).cause is FailureCause.SECRET


def test_an_unknown_run_is_not_found(harness: ConnectorHarness) -> None:
    job = harness.case.jobs[Behaviour.SUCCEEDS]
    for run_id in harness.case.unknown_runs:
        with pytest.raises(RunNotFound):
            harness.job.read(job, run_id)
        if Capability.CANCEL in harness.case.capabilities:
            with pytest.raises(RunNotFound):
                harness.job.cancel(job, run_id)


def test_a_run_is_listed(harness: ConnectorHarness) -> None:
    needs(harness, Capability.RUNS)
    request = harness.request()
    submitted = harness.job.submit(request)
    harness.poll_until_end(request.job, submitted)

    newest = next(harness.job.runs(request.job))

    assert newest.external_run_id == submitted.external_run_id
    assert newest.report.status is ProviderStatus.SUCCESS


# Stopping


def test_a_run_is_stopped_and_a_second_stop_is_not_an_error(harness: ConnectorHarness) -> None:
    needs(harness, Capability.CANCEL, Behaviour.HANGS)
    request = harness.request(Behaviour.HANGS)
    submitted = harness.job.submit(request)
    assert not harness.job.read(request.job, submitted.external_run_id).status.is_final

    harness.job.cancel(request.job, submitted.external_run_id)
    report = harness.poll_until_end(request.job, submitted)
    harness.job.cancel(request.job, submitted.external_run_id)

    stopped = report.status is ProviderStatus.CANCELLED
    assert stopped or (report.status is ProviderStatus.FAILED and report.may_be_stopped)


def test_stopping_a_successful_run_does_not_change_it(harness: ConnectorHarness) -> None:
    needs(harness, Capability.CANCEL)
    request = harness.request()
    submitted = harness.job.submit(request)
    harness.poll_until_end(request.job, submitted)

    harness.job.cancel(request.job, submitted.external_run_id)

    assert harness.job.read(request.job, submitted.external_run_id).status is ProviderStatus.SUCCESS


def test_a_stop_with_a_lost_answer_can_be_repeated(harness: ConnectorHarness) -> None:
    needs(harness, Capability.CANCEL, Behaviour.HANGS)
    request = harness.request(Behaviour.HANGS)
    submitted = harness.job.submit(request)
    harness.fault(Step.CANCEL, "lost-response", times=ATTEMPTS)
    try:
        harness.job.cancel(request.job, submitted.external_run_id)
    except (Uncertain, Unavailable):
        harness.job.cancel(request.job, submitted.external_run_id)

    assert harness.poll_until_end(request.job, submitted).status.is_final


def test_a_job_type_without_cancel_raises_cannot_stop(harness: ConnectorHarness) -> None:
    if Capability.CANCEL in harness.case.capabilities:
        pytest.skip(f"{harness.case.job_type} can stop")
    request = harness.request()
    submitted = harness.job.submit(request)

    with pytest.raises(CannotStop):
        harness.job.cancel(request.job, submitted.external_run_id)


# Discovery


def test_an_artefact_is_found_by_discovery_and_by_its_name(harness: ConnectorHarness) -> None:
    needs(harness, Capability.DISCOVERY)
    external_id = harness.case.jobs[Behaviour.SUCCEEDS].external_id

    found = {
        each.external_id: each
        for each in harness.connector.artefacts(job_type=harness.case.job_type)
    }

    assert external_id in found
    assert {each.job_type for each in found.values()} == {harness.case.job_type}
    name = found[external_id].name
    searched = list(
        harness.connector.artefacts(job_type=harness.case.job_type, search=name.upper())
    )
    assert external_id in [each.external_id for each in searched]
    assert all(name.casefold() in each.name.casefold() for each in searched)
    assert not list(harness.connector.artefacts(search="no artefact has this name"))


def test_describe_returns_the_parameters_of_an_artefact(harness: ConnectorHarness) -> None:
    needs(harness, Capability.PARAMETERS)

    schema = harness.job.describe(harness.case.jobs[Behaviour.SUCCEEDS].external_id)

    assert list(schema.parameters) == list(harness.case.parameters)


def test_the_schema_in_a_list_equals_the_described_schema(
    harness: ConnectorHarness,
) -> None:
    needs(harness, Capability.DISCOVERY)
    for found in harness.connector.artefacts(job_type=harness.case.job_type):
        if found.schema is not None:
            assert found.schema == harness.job.describe(found.external_id)


def test_a_missing_artefact_cannot_be_described(harness: ConnectorHarness) -> None:
    needs(harness, Capability.PARAMETERS, Behaviour.MISSING)

    assert str(
        refusal(lambda: harness.job.describe(harness.case.jobs[Behaviour.MISSING].external_id))
    )


@pytest.mark.parametrize("fault", UNREADABLE[:2])
@pytest.mark.parametrize("step", [Step.FIND, Step.DESCRIBE])
def test_discovery_raises_unavailable_for_an_unreadable_answer(
    harness: ConnectorHarness, step: Step, fault: dict[str, Any]
) -> None:
    needs(harness, Capability.DISCOVERY, Capability.PARAMETERS)
    harness.fault(step, times=ATTEMPTS, **fault)

    with pytest.raises(Unavailable):
        if step is Step.FIND:
            list(harness.connector.artefacts(job_type=harness.case.job_type))
        else:
            harness.job.describe(harness.case.jobs[Behaviour.SUCCEEDS].external_id)


# Tests of connections and checks of definitions


def test_a_connection_test_names_the_reached_host(harness: ConnectorHarness) -> None:
    assert "127.0.0.1" in harness.connector.test()


def test_a_connection_test_with_refused_credentials_has_the_cause_secret(
    harness: ConnectorHarness,
) -> None:
    harness.fault(Step.TEST, "status", status=401, times=2)

    assert refusal(harness.connector.test).cause is FailureCause.SECRET


def test_the_definitions_of_the_case_are_accepted(harness: ConnectorHarness) -> None:
    check_platform(harness.case.platform, allow_loopback=True)
    for job in harness.case.jobs.values():
        check_job(harness.case.platform, job)


def test_an_invalid_job_is_refused_before_a_call(harness: ConnectorHarness) -> None:
    job = harness.case.jobs[Behaviour.SUCCEEDS]
    for changes, path in harness.case.refused:
        with pytest.raises(Invalid) as caught:
            check_job(harness.case.platform, job.model_copy(update=dict(changes)))
        assert [problem.path for problem in caught.value.problems] == [path]


def submitting(harness: ConnectorHarness) -> Callable[[], Any]:
    request = harness.request()
    return lambda: harness.job.submit(request)


def reading(harness: ConnectorHarness) -> Callable[[], Any]:
    run_id = start_hanging_run(harness)
    return lambda: harness.job.read(harness.case.jobs[Behaviour.HANGS], run_id)
