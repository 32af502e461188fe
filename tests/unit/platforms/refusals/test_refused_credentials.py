"""A refused credential is read again once; then the error names its reference."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from requests import PreparedRequest

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import Connector, ProviderStatus, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

REFERENCE = "vault://env/TOKEN"
OLD, NEW = "canary-old", "canary-new"


@dataclass
class RotatedSecrets:
    """A vault whose cache holds the old value until it is dropped."""

    values: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    forgotten: list[str] = field(default_factory=list[str])

    def resolve(self, reference: str) -> Secret:
        return Secret(NEW if reference in self.forgotten else OLD)

    def forget(self, reference: str) -> None:
        self.forgotten.append(reference)


@dataclass
class Rig:
    """A platform whose host refuses the old credential with one answer."""

    kind: str
    auth: dict[str, str]
    attributes: dict[str, Any]
    header: str
    refusal: Reply
    accepted: Reply
    accepts_new: bool = True
    sent: list[str] = field(default_factory=list[str])
    secrets: RotatedSecrets = field(default_factory=RotatedSecrets)

    def answer(self, request: PreparedRequest) -> Reply:
        self.sent.append(str(request.headers[self.header]))
        if NEW in self.sent[-1] and self.accepts_new:
            return self.accepted
        return self.refusal

    def connect(self) -> Connector:
        platform = Platform.model_validate(
            {"name": "p", "type": self.kind, "auth": self.auth, "attributes": self.attributes}
        )
        http = HttpOptions(transport=ScriptedTransport([self.answer]), timer=VirtualTime().timer)
        return platform_plugin(self.kind).open(
            platform, PluginContext(secrets=self.secrets, http=http)
        )


def databricks(refusal: Reply, accepted: Any = None, **more: Any) -> Rig:
    return Rig(
        kind="AzureDatabricks",
        auth={"method": "PersonalAccessToken", "personalAccessToken": REFERENCE},
        attributes={
            "workspaceUrl": "https://adb-1.7.azuredatabricks.net",
            "computeType": "Serverless",
        },
        header="Authorization",
        refusal=refusal,
        accepted=Reply.json(accepted if accepted is not None else {}),
        **more,
    )


def functions(refusal: Reply, accepted: Any = None, **auth: str) -> Rig:
    return Rig(
        kind="AzureFunctions",
        auth={"method": "FunctionKey", "functionKey": REFERENCE, **auth},
        attributes={
            "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
            "resourceGroupName": "rg",
            "functionAppName": "app",
        },
        header="x-functions-key",
        refusal=refusal,
        accepted=Reply.json(accepted if accepted is not None else {}),
    )


def a_job(job_type: str, external_id: str, **settings: Any) -> Job:
    return Job(
        name="j", platform="p", job_type=job_type, external_id=external_id, settings=settings
    )


def submit(connector: Connector, job: Job) -> Any:
    request = SubmitRequest(
        job=job,
        token="t" * 40,
        run_name="r",
        parameters={},
        begun_at=datetime(2030, 1, 1, tzinfo=UTC),
    )
    return connector.job(job.job_type).submit(request)


NOTEBOOK = a_job("DatabricksNotebook", "/Shared/x", outputsFromExitValue=True)
WORKSPACE_JOB = a_job("DatabricksJob", "7")
PIPELINE = a_job("DatabricksPipeline", "2f1e5c4a-0000-0000-0000-000000000000")
RUNNING = {"run_id": 5, "state": {"life_cycle_state": "RUNNING"}}
TOKEN_REFUSALS = [
    pytest.param(Reply(403, b"<title>Error 403 Invalid access token.</title>"), id="403 page"),
    pytest.param(Reply.json({"error_code": 403, "message": "token expired"}, 403), id="403 JSON"),
    pytest.param(
        Reply.json({"error_code": "403", "message": "Invalid access token."}, 403), id="403 text"
    ),
    pytest.param(
        Reply.json({"error_code": "BAD_REQUEST", "message": "x.ExpiredJwtException: y"}, 400),
        id="400 JWT",
    ),
    pytest.param(Reply(401, b""), id="401 empty"),
    pytest.param(Reply(302, b"", {"Location": "/login.html"}), id="redirect to sign in"),
]
CALLS: Sequence[Any] = [
    pytest.param(lambda c: submit(c, NOTEBOOK), {"run_id": 5}, id="submit notebook"),
    pytest.param(lambda c: submit(c, WORKSPACE_JOB), {"run_id": 5}, id="submit job"),
    pytest.param(lambda c: submit(c, PIPELINE), {"update_id": "u"}, id="submit pipeline"),
    pytest.param(lambda c: c.job("DatabricksJob").read(WORKSPACE_JOB, "5"), RUNNING, id="read"),
    pytest.param(lambda c: c.job("DatabricksJob").cancel(WORKSPACE_JOB, "5"), {}, id="cancel"),
    pytest.param(
        lambda c: c.job("DatabricksJob").describe("7"), {"settings": {}}, id="describe job"
    ),
    pytest.param(lambda c: list(c.job("DatabricksJob").runs(WORKSPACE_JOB)), {}, id="runs"),
    pytest.param(lambda c: list(c.artefacts()), {}, id="artefacts"),
    pytest.param(lambda c: c.test(), {"object_type": "DIRECTORY"}, id="test"),
]


@pytest.mark.parametrize("refusal", TOKEN_REFUSALS)
@pytest.mark.parametrize(("call", "accepted"), CALLS)
def test_a_rotated_token_is_read_again_and_the_call_repeated(
    refusal: Reply, call: Callable[[Connector], Any], accepted: Any
) -> None:
    rig = databricks(refusal, accepted)

    call(rig.connect())

    assert rig.secrets.forgotten == [REFERENCE]
    assert rig.sent[:2] == [f"Bearer {OLD}", f"Bearer {NEW}"]


@pytest.mark.parametrize("refusal", TOKEN_REFUSALS)
@pytest.mark.parametrize(("call", "accepted"), CALLS)
def test_a_token_that_stays_refused_has_the_cause_secret_and_its_reference(
    refusal: Reply, call: Callable[[Connector], Any], accepted: Any
) -> None:
    rig = databricks(refusal, accepted, accepts_new=False)

    with pytest.raises(PlatformRefused) as caught:
        call(rig.connect())

    assert caught.value.cause is FailureCause.SECRET
    assert caught.value.status == refusal.status
    assert REFERENCE in str(caught.value)
    assert "canary" not in str(caught.value)
    assert len(rig.sent) == 2


def test_a_refused_token_never_reads_as_a_missing_exit_value() -> None:
    ended = {"run_id": 5, "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}}
    refusal = Reply.json({"error_code": 403, "message": "token expired"}, 403)
    rig = databricks(refusal, ended)

    def answer(request: PreparedRequest) -> Reply:
        return refusal if "get-output" in str(request.url) else Reply.json(ended)

    rig.answer = answer  # pyright: ignore[reportAttributeAccessIssue]

    with pytest.raises(PlatformRefused) as caught:
        rig.connect().job("DatabricksNotebook").read(NOTEBOOK, "5")

    assert caught.value.cause is FailureCause.SECRET


def refused_text(rig: Rig, call: Callable[[Connector], Any]) -> PlatformRefused:
    with pytest.raises(PlatformRefused) as caught:
        call(rig.connect())
    return caught.value


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Source IP 1.2.3.4 is blocked by the IP ACL of the workspace", "IP access list"),
        ("Public access is not allowed", "IP access list"),
        ("User does not have permission", "lacks a permission"),
    ],
)
@pytest.mark.parametrize(("call", "accepted"), CALLS)
def test_a_blocked_address_differs_from_a_missing_permission(
    call: Callable[[Connector], Any], accepted: Any, message: str, words: str
) -> None:
    rig = databricks(Reply.json({"error_code": 403, "message": message}, 403), accepted)

    error = refused_text(rig, call)

    assert error.cause is FailureCause.SUBMIT
    assert words in str(error)
    assert not rig.secrets.forgotten
    assert error.platform_message == message


def test_a_rejected_function_key_is_read_again_and_then_named() -> None:
    job = a_job("AzureHttpFunction", "Start")
    good = functions(Reply(401, b""), {"rows": 1})
    submitted = submit(good.connect(), job)
    assert submitted.report.status is ProviderStatus.SUCCESS

    bad = functions(Reply(401, b""))
    bad.accepts_new = False
    error = refused_text(bad, lambda connector: submit(connector, job))

    assert error.cause is FailureCause.SECRET
    assert REFERENCE in str(error)
    assert "auth.functionKey" in str(error)
    assert len(bad.sent) == 2


def test_a_poll_without_the_durable_key_names_the_system_key() -> None:
    rig = functions(Reply(401, b""))
    rig.accepts_new = False
    job = a_job("AzureHttpFunction", "Start")
    run_id = "/runtime/webhooks/durabletask/instances/i1"

    error = refused_text(rig, lambda c: c.job(job.job_type).read(job, run_id))

    assert error.cause is FailureCause.SECRET
    assert "auth.systemKey" in str(error)
    assert REFERENCE in str(error)


def test_an_own_answer_of_a_function_is_never_taken_for_a_refused_key() -> None:
    """A repeated call could do the work twice."""
    own = Reply.json({"message": "Invalid access token for the upstream"}, 403)
    rig = functions(own)

    error = refused_text(rig, lambda c: submit(c, a_job("AzureHttpFunction", "Start")))

    assert error.cause is FailureCause.SUBMIT
    assert len(rig.sent) == 1


@pytest.mark.parametrize(
    "message",
    [
        "Workspace 1 does not have any associated worker environments",
        "There is no worker environment with id x",
        "x.UnknownWorkerEnvironmentException: y",
        "The service is temporarily unavailable. Please try again later.",
    ],
)
@pytest.mark.parametrize("status", [400, 404, 409])
def test_a_passing_fault_is_repeated_with_any_status(message: str, status: int) -> None:
    rig = databricks(Reply(status, b"{}"), {"run_id": 5})
    passing = Reply(status, json.dumps({"error_code": "BAD_REQUEST", "message": message}).encode())
    replies = iter([passing, passing])
    rig.answer = lambda request: next(replies, rig.accepted)  # pyright: ignore[reportAttributeAccessIssue]

    assert (
        submit(rig.connect(), WORKSPACE_JOB if status != 404 else NOTEBOOK).external_run_id == "5"
    )
