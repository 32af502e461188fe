"""AWS Step Functions: boto3 at our simulator, and our connector there and at moto's server."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from boto3 import client

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import (
    ArtefactNotFound,
    JobConnector,
    OutcomeUnknown,
    ProviderStatus,
    Report,
    RunNotFound,
    Submitted,
)
from tests.contract.aws.clients import FEDERATED, a_request, connector, options
from tests.fakes.simulators import SimulatorProcess

OWNER = "arn:aws:states:eu-west-1:123456789012"
FAILING = {"outcome": "FAILED", "error": "ValueError", "cause": "no sales"}


def a_job(arn: str, **settings: Any) -> Job:
    return Job(
        name="load",
        platform="aws",
        job_type=JobType.STEP_FUNCTIONS_STATE_MACHINE,
        external_id=arn,
        parameters=(
            Parameter(name="rows", data_type=DataType.INT, direction=Direction.INPUT_OUTPUT),
        ),
        settings=settings,
    )


def put(simulator: SimulatorProcess, name: str, **script: Any) -> str:
    """Define a state machine, and return its ARN."""
    simulator.control("PUT", f"state-machines/{name}", script)
    return f"{OWNER}:stateMachine:{name}"


def machines_at(url: str) -> JobConnector:
    platform = connector("AwsStepFunctions", url, FEDERATED)
    return platform.job(JobType.STEP_FUNCTIONS_STATE_MACHINE)


def ended(machines: JobConnector, job: Job, submitted: Submitted) -> Report:
    deadline = time.monotonic() + 30
    report = submitted.report
    while report is None or not report.status.is_final:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        report = machines.read(job, submitted.external_run_id)
    return report


def test_the_simulator_runs_stops_and_redrives_for_boto3(simulator: SimulatorProcess) -> None:
    hanging, failing = put(simulator, "hangs", outcome=None), put(simulator, "fails", **FAILING)
    states = client("stepfunctions", **options(simulator.url))

    running = states.start_execution(stateMachineArn=hanging, name="boto-1", input="{}")
    again = states.start_execution(stateMachineArn=hanging, name="boto-1", input="{}")
    assert running["executionArn"] == again["executionArn"]
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=hanging, name="boto-1", input='{"other": 1}')
    states.stop_execution(executionArn=running["executionArn"])
    stopped = states.describe_execution(executionArn=running["executionArn"])
    assert (stopped["status"], stopped["redriveCount"]) == ("ABORTED", 0)

    failed = states.start_execution(stateMachineArn=failing)["executionArn"]
    time.sleep(0.1)
    first = states.redrive_execution(executionArn=failed, clientToken="one")
    repeated = states.redrive_execution(executionArn=failed, clientToken="one")
    assert first["redriveDate"] == repeated["redriveDate"]
    with pytest.raises(states.exceptions.ExecutionNotRedrivable):
        states.redrive_execution(executionArn=failed, clientToken="two")
    time.sleep(0.1)
    events = states.get_execution_history(executionArn=failed, reverseOrder=True)["events"]
    assert events[0]["executionFailedEventDetails"]["error"] == "ValueError"


def test_the_simulator_lists_for_boto3(simulator: SimulatorProcess) -> None:
    for name in ("one", "two", "three"):
        arn = put(simulator, name, qualifiers=["1", "PROD"])
    states = client("stepfunctions", **options(simulator.url))

    pages = [*states.get_paginator("list_state_machines").paginate()]
    first = states.list_state_machines(maxResults=1)
    for _ in range(3):
        states.start_execution(stateMachineArn=f"{arn}:PROD")
    runs = states.list_executions(stateMachineArn=arn, maxResults=2)

    assert len(pages) > 1
    assert len(first["stateMachines"]) == 1
    assert (len(runs["executions"]), "nextToken" in runs) == (2, True)
    assert states.describe_state_machine(stateMachineArn=f"{arn}:1")["type"] == "STANDARD"
    with pytest.raises(states.exceptions.StateMachineDoesNotExist):
        states.start_execution(stateMachineArn=f"{arn}:2")


def test_the_simulator_runs_express_machines_for_boto3(simulator: SimulatorProcess) -> None:
    quick = put(simulator, "quick", type="EXPRESS", output={"rows": 7})
    states = client("stepfunctions", **options(simulator.url))

    found = states.start_sync_execution(stateMachineArn=quick, input="{}")

    assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", {"rows": 7})
    assert ":express:quick:" in found["executionArn"]
    with pytest.raises(states.exceptions.StateMachineTypeNotSupported):
        states.list_executions(stateMachineArn=quick)


def test_values_are_one_typed_object_and_return_as_outputs(simulator: SimulatorProcess) -> None:
    machines = machines_at(simulator.url)
    job = a_job(put(simulator, "echo"))

    submitted = machines.submit(a_request(job, parameters={"rows": 7}))

    assert dict(ended(machines, job, submitted).outputs) == {"rows": 7}


@pytest.mark.parametrize("qualifier", ["7", "PROD"])
def test_a_version_and_an_alias_are_run_and_described(
    simulator: SimulatorProcess, qualifier: str
) -> None:
    arn = put(simulator, "versioned", qualifiers=["7", "PROD"])
    machines, job = machines_at(simulator.url), a_job(f"{arn}:{qualifier}")

    submitted = machines.submit(a_request(job))

    assert ended(machines, job, submitted).status is ProviderStatus.SUCCESS
    assert machines.describe(job.external_id).notes
    assert next(machines.runs(job)).external_run_id == submitted.external_run_id
    with pytest.raises(ArtefactNotFound):
        machines.describe(f"{arn}:missing")


def test_a_failure_has_the_message_of_the_function_that_failed(simulator: SimulatorProcess) -> None:
    cause = json.dumps({"errorMessage": "no sales today", "trace": ["a", "b"]})
    arn = put(simulator, "lambda", outcome="FAILED", error="ValueError", cause=cause)
    machines, job = machines_at(simulator.url), a_job(arn)
    submitted = machines.submit(a_request(job))

    report = ended(machines, job, submitted)

    assert (report.provider_state, report.message) == ("FAILED", "ValueError: no sales today")
    part = machines.failure_details(job, submitted.external_run_id).parts[0]
    assert (part.part, part.error, part.trace) == ("Work", "ValueError", cause)


def test_an_express_machine_ends_with_its_answer(simulator: SimulatorProcess) -> None:
    machines = machines_at(simulator.url)
    good = a_job(put(simulator, "quick", type="EXPRESS", output={"rows": 7}))
    bad = a_job(put(simulator, "quick-fails", type="EXPRESS", **FAILING))

    succeeded, failed = machines.submit(a_request(good)), machines.submit(a_request(bad))

    assert succeeded.report is not None
    assert dict(succeeded.report.outputs) == {"rows": 7}
    assert failed.report is not None
    assert (failed.report.status, failed.report.message) == (
        ProviderStatus.FAILED,
        "ValueError: no sales",
    )
    assert "/express-executions/details/" in (succeeded.monitor_url or "")
    assert list(machines.runs(good)) == []
    with pytest.raises(RunNotFound):
        machines.read(good, succeeded.external_run_id)
    with pytest.raises(PlatformRefused, match="cannot be redriven"):
        machines.submit(a_request(bad, repairs=failed.external_run_id))


@pytest.mark.parametrize("resubmit", ["Never", "WhenIdempotent"])
def test_a_lost_answer_of_an_express_machine_is_unknown_unless_it_is_idempotent(
    simulator: SimulatorProcess, resubmit: str
) -> None:
    machines = machines_at(simulator.url)
    job = a_job(put(simulator, "quick", type="EXPRESS"), resubmit=resubmit)
    request = replace(a_request(job), is_resend=True)

    if resubmit == "Never":
        with pytest.raises(OutcomeUnknown):
            machines.submit(request)
    else:
        assert machines.submit(request).report is not None


def test_a_read_that_is_older_than_the_redrive_is_not_its_end(simulator: SimulatorProcess) -> None:
    machines, job = machines_at(simulator.url), a_job(put(simulator, "fails", **FAILING))
    failed = machines.submit(a_request(job))
    ended(machines, job, failed)
    redriven = machines.submit(a_request(job, repairs=failed.external_run_id))
    stale = {"status": "FAILED", "redriveDate": None}
    simulator.fault(endpoint="DescribeExecution", fault="wrong-type", replace=stale)

    report = machines.read(job, redriven.external_run_id)

    assert report.status is ProviderStatus.STARTING
    assert ended(machines, job, redriven).status is ProviderStatus.FAILED


def test_a_new_execution_that_cannot_be_read_yet_is_not_found(simulator: SimulatorProcess) -> None:
    simulator.control("PUT", "quirks", {"quirks": ["late-lists"]})
    machines, job = machines_at(simulator.url), a_job(put(simulator, "echo"))
    submitted = machines.submit(a_request(job))

    with pytest.raises(RunNotFound):
        machines.read(job, submitted.external_run_id)
    time.sleep(0.25)
    assert machines.read(job, submitted.external_run_id).status is ProviderStatus.SUCCESS


def test_an_expired_temporary_key_is_replaced_within_the_call(simulator: SimulatorProcess) -> None:
    machines, job = machines_at(simulator.url), a_job(put(simulator, "echo"))
    machines.submit(a_request(job))
    simulator.control("POST", "expire-keys", {})

    submitted = machines.submit(a_request(job))

    assert ended(machines, job, submitted).status is ProviderStatus.SUCCESS


def test_values_and_arns_that_aws_would_refuse_are_not_sent(simulator: SimulatorProcess) -> None:
    machines, arn = machines_at(simulator.url), put(simulator, "echo")

    with pytest.raises(PlatformRefused, match="256 KiB") as caught:
        machines.submit(a_request(a_job(arn), parameters={"text": "ä" * 140_000}))
    assert caught.value.cause is FailureCause.PARAMETERS
    with pytest.raises(Invalid, match="us-east-1"):
        machines.submit(a_request(a_job(arn.replace("eu-west-1", "us-east-1"))))


@pytest.mark.slow
def test_our_connector_works_with_moto(moto: str) -> None:
    states = client("stepfunctions", **options(moto))
    role = client("iam", **options(moto)).create_role(
        RoleName="states", AssumeRolePolicyDocument="{}"
    )["Role"]["Arn"]

    for name in ("load", "report"):
        definition = json.dumps({"StartAt": "W", "States": {"W": {"Type": "Pass", "End": True}}})
        states.create_state_machine(name=name, definition=definition, roleArn=role)
    platform = connector("AwsStepFunctions", moto)
    machines = platform.job(JobType.STEP_FUNCTIONS_STATE_MACHINE)
    job = a_job(f"{OWNER}:stateMachine:load")
    request = a_request(job, parameters={"rows": 1})

    submitted = machines.submit(request)
    resent = machines.submit(replace(request, is_resend=True))

    assert resent.external_run_id == submitted.external_run_id
    assert machines.read(job, submitted.external_run_id).status is ProviderStatus.RUNNING
    machines.cancel(job, submitted.external_run_id)
    assert ended(machines, job, submitted).status is ProviderStatus.CANCELLED
    assert [each.external_run_id for each in machines.runs(job)] == [submitted.external_run_id]
    assert {each.name for each in platform.artefacts()} == {"load", "report"}
    assert "can be listed" in platform.test()
    with pytest.raises(ArtefactNotFound):
        machines.submit(a_request(a_job(f"{OWNER}:stateMachine:missing")))
    with pytest.raises(RunNotFound):
        machines.read(job, f"{OWNER}:execution:load:missing")
