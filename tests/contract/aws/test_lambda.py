"""AWS Lambda: boto3 at our simulator, and our connector at the simulator and at moto's server."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from boto3 import client
from botocore.exceptions import ClientError

from polysync_core.domain.definitions.jobs import Direction, Job, JobType, Parameter
from polysync_core.domain.errors import Invalid, PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ArtefactNotFound, OutcomeUnknown, ProviderStatus
from tests.contract.aws.clients import FEDERATED, a_request, connector, options
from tests.fakes.simulators import SimulatorProcess


def a_job(external_id: str = "report", *, outputs: tuple[str, ...] = (), **settings: Any) -> Job:
    return Job(
        name="report",
        platform="aws",
        job_type=JobType.AWS_LAMBDA_FUNCTION,
        external_id=external_id,
        parameters=tuple(Parameter(name=name, direction=Direction.OUTPUT) for name in outputs),
        settings=settings,
    )


def put(simulator: SimulatorProcess, name: str, **script: Any) -> None:
    simulator.control("PUT", f"functions/{name}", script)


def submit(simulator: SimulatorProcess, job: Job, **changes: Any) -> Any:
    platform = connector("AwsLambda", simulator.url, FEDERATED)
    return platform.job(JobType.AWS_LAMBDA_FUNCTION).submit(a_request(job, **changes))


def test_the_simulator_answers_boto3_as_lambda_does(simulator: SimulatorProcess) -> None:
    put(simulator, "report", payload={"rows": 7})
    put(simulator, "broken", error={"errorType": "ValueError", "errorMessage": "no"})
    functions = client("lambda", **options(simulator.url))

    answered = functions.invoke(FunctionName="report", Payload=b"{}")
    failed = functions.invoke(FunctionName="broken")
    queued = functions.invoke(FunctionName="report", InvocationType="Event")
    checked = functions.invoke(FunctionName="report", InvocationType="DryRun")

    assert json.loads(answered["Payload"].read()) == {"rows": 7}
    assert answered["ResponseMetadata"]["RequestId"]
    assert failed["FunctionError"] == "Unhandled"
    assert (queued["StatusCode"], checked["StatusCode"]) == (202, 204)
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke(FunctionName="missing")
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke(FunctionName="report", Qualifier="prod")


def test_the_simulator_lists_its_functions_for_boto3(simulator: SimulatorProcess) -> None:
    for name in ("one", "two", "three"):
        put(simulator, name)
    functions = client("lambda", **options(simulator.url))

    pages = [*functions.get_paginator("list_functions").paginate()]
    first = functions.list_functions(MaxItems=1)

    assert {"one", "two", "three"} <= {
        each["FunctionName"] for p in pages for each in p["Functions"]
    }
    assert len(pages) > 1
    assert len(first["Functions"]) == 1


def test_the_simulator_refuses_wrong_signatures_of_boto3(simulator: SimulatorProcess) -> None:
    keys = {"aws_access_key_id": "AKIASIMULATOR00000000", "aws_secret_access_key": "wrong"}
    functions = client("lambda", **options(simulator.url, **keys))

    with pytest.raises(ClientError) as caught:
        functions.list_functions()

    assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"


def test_a_qualifier_of_the_job_overrides_that_of_the_platform(simulator: SimulatorProcess) -> None:
    put(simulator, "versioned", qualifiers=["prod", "7"])
    platform = connector("AwsLambda", simulator.url, FEDERATED, qualifier="prod")
    functions = platform.job(JobType.AWS_LAMBDA_FUNCTION)

    for settings in ({}, {"qualifier": "7"}):
        functions.submit(a_request(a_job("versioned", **settings)))
    with pytest.raises(ArtefactNotFound, match=r"settings\.qualifier"):
        functions.submit(a_request(a_job("versioned", qualifier="test")))


@pytest.mark.parametrize("kind", ["Event", "DryRun"])
def test_an_invocation_without_an_answer_says_why_it_has_no_outputs(
    simulator: SimulatorProcess, kind: str
) -> None:
    put(simulator, "report", payload={"rows": 7})

    submitted = submit(simulator, a_job(outputs=("rows",), invocationType=kind))

    assert submitted.report.status is ProviderStatus.SUCCESS
    assert submitted.report.outputs == {}
    assert submitted.report.outputs_missing


def test_a_failed_function_has_its_message(simulator: SimulatorProcess) -> None:
    put(simulator, "broken", error={"errorType": "KeyError", "errorMessage": "'rows'\n"})

    report = submit(simulator, a_job("broken")).report

    assert report.status is ProviderStatus.FAILED
    assert (report.provider_state, report.message) == ("Unhandled", "KeyError: 'rows'")


def test_a_function_by_its_arn_is_invoked_in_its_region_only(simulator: SimulatorProcess) -> None:
    put(simulator, "report")
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:report"

    assert submit(simulator, a_job(arn)).report.status is ProviderStatus.SUCCESS
    with pytest.raises(Invalid, match="us-east-1"):
        submit(simulator, a_job(arn.replace("eu-west-1", "us-east-1")))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("InvalidRuntimeException", PlatformRefused),
        ("KMSAccessDeniedException", PlatformRefused),
        ("ENINotReadyException", Unavailable),
        ("ResourceNotReadyException", Unavailable),
        ("SomethingElse", OutcomeUnknown),
    ],
)
def test_a_function_that_lambda_cannot_start_did_not_run(
    simulator: SimulatorProcess, code: str, error: type[Exception]
) -> None:
    put(simulator, "unable", refusal=code)

    with pytest.raises(error):
        submit(simulator, a_job("unable"))


def test_values_that_are_too_large_are_named(simulator: SimulatorProcess) -> None:
    put(simulator, "report")
    values = {"text": "x" * (6 * 1024 * 1024)}

    with pytest.raises(PlatformRefused, match="6 MB") as caught:
        submit(simulator, a_job(), parameters=values)

    assert caught.value.cause is FailureCause.PARAMETERS


def test_a_long_function_has_a_note(simulator: SimulatorProcess) -> None:
    put(simulator, "long", timeout=900)
    functions = connector("AwsLambda", simulator.url).job(JobType.AWS_LAMBDA_FUNCTION)

    assert "900 s" in " ".join(functions.describe("long").notes)


@pytest.fixture(scope="module")
def function_of_moto(moto: str) -> str:
    """A function of moto, which answers a fixed text without a container."""
    role = client("iam", **options(moto)).create_role(
        RoleName="function", AssumeRolePolicyDocument="{}"
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("main.py", "def handler(event, context): return event")
    client("lambda", **options(moto)).create_function(
        FunctionName="report",
        Runtime="python3.13",
        Handler="main.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": archive.getvalue()},
        Timeout=900,
    )
    return "report"


@pytest.mark.slow
def test_our_connector_works_with_moto(moto: str, function_of_moto: str) -> None:
    platform = connector("AwsLambda", moto)
    functions = platform.job(JobType.AWS_LAMBDA_FUNCTION)

    submitted = functions.submit(a_request(a_job(function_of_moto)))

    assert submitted.report is not None
    assert submitted.report.status is ProviderStatus.SUCCESS
    assert [each.external_id for each in platform.artefacts()] == [function_of_moto]
    assert "900 s" in " ".join(functions.describe(function_of_moto).notes)
    assert "can be listed" in platform.test()
