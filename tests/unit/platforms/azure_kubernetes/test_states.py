"""The state, the wait, the failures and the outputs of a Kubernetes Job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure_kubernetes.client import KubernetesClient
from polysync_core.platforms.azure_kubernetes.failure_details import failed_containers
from polysync_core.platforms.azure_kubernetes.job import JOBS, KubernetesJobConnector
from polysync_core.platforms.azure_kubernetes.outputs import with_outputs
from polysync_core.platforms.azure_kubernetes.refusals import (
    refused,
    refused_for_run,
    refused_for_source,
)
from polysync_core.platforms.azure_kubernetes.states import report_of, with_wait
from polysync_core.platforms.calls import Refusal, UnexpectedAnswer
from polysync_core.platforms.connector import (
    ArtefactNotFound,
    ProviderStatus,
    Report,
    RunNotFound,
    Wait,
)

AT = "2030-01-01T00:00:00Z"
CANCELLED = {"polysync/cancelled": "true"}


def a_condition(kind: str, reason: str = "", message: str = "", status: str = "True") -> Any:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def a_report(status: dict[str, Any], **annotations: str) -> Report:
    return report_of({"metadata": {"annotations": annotations}, "status": status}, "page")


@pytest.mark.parametrize(
    ("status", "expected", "wait"),
    [
        ({}, ProviderStatus.STARTING, None),
        ({"active": 1, "ready": 0}, ProviderStatus.STARTING, None),
        ({"active": 1, "ready": 1}, ProviderStatus.RUNNING, None),
        # Old versions do not count the ready pods.
        ({"active": 1}, ProviderStatus.RUNNING, None),
        ({"active": 3, "ready": 0, "succeeded": 2}, ProviderStatus.RUNNING, None),
        ({"succeeded": 1}, ProviderStatus.RUNNING, None),
        ({"failed": 1}, ProviderStatus.RUNNING, Wait.RETRY),
        ({"conditions": [a_condition("Complete")]}, ProviderStatus.SUCCESS, None),
        ({"conditions": [a_condition("Complete", status="False")]}, ProviderStatus.STARTING, None),
        ({"conditions": [a_condition("Failed")]}, ProviderStatus.FAILED, None),
        # Pods of the Job still run.
        ({"conditions": [a_condition("SuccessCriteriaMet")]}, ProviderStatus.RUNNING, None),
        ({"conditions": [a_condition("FailureTarget")]}, ProviderStatus.RUNNING, None),
        (
            {"conditions": [a_condition("FailureTarget"), a_condition("Failed")]},
            ProviderStatus.FAILED,
            None,
        ),
        (
            {"conditions": [a_condition("Suspended")]},
            ProviderStatus.STARTING,
            Wait.PLATFORM_QUEUE,
        ),
        (
            {"conditions": [a_condition("Suspended", status="False")], "active": 1, "ready": 1},
            ProviderStatus.RUNNING,
            None,
        ),
        ({"conditions": [a_condition("Dreaming")]}, ProviderStatus.UNKNOWN, None),
        (
            {"conditions": [a_condition("Dreaming")], "active": 1, "ready": 1},
            ProviderStatus.RUNNING,
            None,
        ),
    ],
)
def test_the_state_of_a_job_comes_from_its_conditions_and_counts(
    status: dict[str, Any], expected: ProviderStatus, wait: Wait | None
) -> None:
    report = a_report(status)
    assert (report.status, report.wait) == (expected, wait)


def test_a_job_without_a_status_is_unexpected() -> None:
    with pytest.raises(UnexpectedAnswer):
        report_of({"metadata": {}}, "")


def test_times_and_the_reason_of_a_failure_are_reported() -> None:
    failed = a_condition("Failed", "BackoffLimitExceeded", "limit reached")
    report = a_report({"startTime": AT, "conditions": [{**failed, "lastTransitionTime": AT}]})
    assert report.message == "BackoffLimitExceeded: limit reached"
    assert report.started_at == report.finished_at == datetime.fromisoformat(AT)


def test_a_stopped_job_is_cancelled_and_a_job_that_failed_by_itself_is_not() -> None:
    deadline = {"conditions": [a_condition("Failed", "DeadlineExceeded")]}
    own = {"conditions": [a_condition("Failed", "BackoffLimitExceeded")]}
    suspended = {"conditions": [a_condition("Suspended")]}

    assert a_report(deadline, **CANCELLED).status is ProviderStatus.CANCELLED
    assert a_report(suspended, **CANCELLED).status is ProviderStatus.CANCELLED
    assert a_report(deadline).status is ProviderStatus.FAILED
    failed = a_report(own, **CANCELLED)
    assert (failed.status, failed.may_be_stopped) == (ProviderStatus.FAILED, True)
    done = a_report({"conditions": [a_condition("Complete")]}, **CANCELLED)
    assert done.status is ProviderStatus.SUCCESS


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    state = {"name": "main", "state": {"waiting": {"reason": reason, "message": message}}}
    return {"status": {"containerStatuses": [state]}}


UNSCHEDULABLE = {
    "status": {"conditions": [a_condition("PodScheduled", "Unschedulable", "0/3 nodes", "False")]}
}


@pytest.mark.parametrize(
    ("pods", "wait", "message"),
    [
        ([], None, None),
        ([UNSCHEDULABLE], Wait.COMPUTE, "Unschedulable: 0/3 nodes"),
        ([waiting("ContainerCreating")], Wait.COMPUTE, "Container main: ContainerCreating"),
        (
            [waiting("PodInitializing"), waiting("ImagePullBackOff", "not found")],
            Wait.RETRY,
            "Container main: ImagePullBackOff: not found",
        ),
        ([waiting("CrashLoopBackOff")], Wait.RETRY, "Container main: CrashLoopBackOff"),
    ],
)
def test_the_pods_show_why_a_job_waits(
    pods: list[Any], wait: Wait | None, message: str | None
) -> None:
    report = with_wait(a_report({"active": 1, "ready": 0}), pods)
    assert (report.wait, report.message) == (wait, message)


class Pods:
    """A client with given pods."""

    def __init__(
        self, pods: Iterable[Any], job: Any = None, error: Exception | None = None
    ) -> None:
        self._pods, self._job, self._error = [*pods], job or {"status": {}}, error
        self.logs: list[tuple[str, str]] = []
        self.time = datetime.fromisoformat(AT) + timedelta(minutes=5)
        self.attributes = SimpleNamespace(page="page")

    def now(self) -> datetime:
        return self.time

    def job(self, name: str) -> Any:
        return self._job

    def pods(self, job: str) -> Iterator[Any]:
        if self._error is not None:
            raise self._error
        return iter(self._pods)

    def log_tail(self, pod: str, container: str) -> str:
        self.logs.append((pod, container))
        return "the log"


def client(pods: Pods) -> KubernetesClient:
    return cast("KubernetesClient", pods)


def ended(name: str, code: int = 1, *, index: str | None = None, at: str = AT, **facts: Any) -> Any:
    container = {"name": "main", "state": {"terminated": {"exitCode": code, **facts}}}
    annotations = {} if index is None else {"batch.kubernetes.io/job-completion-index": index}
    return {
        "metadata": {"name": name, "creationTimestamp": at, "annotations": annotations},
        "spec": {"containers": [{"name": "main"}, {"name": "aside"}]},
        "status": {
            "phase": "Failed" if code else "Succeeded",
            "containerStatuses": [
                {"name": "aside", "state": {"terminated": {"exitCode": 0, "message": "aside"}}},
                container,
            ],
        },
    }


def errors(pods: Pods) -> list[tuple[str, str, str]]:
    return [
        (each.part, each.error, each.trace) for each in failed_containers(client(pods), "j").parts
    ]


def test_a_failed_container_is_named_with_its_exit_code_message_and_log() -> None:
    pods = Pods([ended("p1", 3, reason="Error", message="no sales\n")])
    assert errors(pods) == [("main", "Error (exit code 3): no sales", "the log")]
    assert pods.logs == [("p1", "main")]


def test_a_container_without_enough_memory_says_so() -> None:
    (found,) = errors(Pods([ended("p1", 137, reason="OOMKilled")]))
    assert found[1] == "OOMKilled: the container needed more memory than its limit (exit code 137)"


def test_only_the_last_try_of_each_index_is_shown() -> None:
    later = "2030-01-02T00:00:00Z"
    pods = Pods(
        [
            ended("p2", 2, index="0", at=later, reason="Error"),
            ended("p1", 1, index="0", reason="Error"),
            ended("p3", 3, index="1", reason="Error"),
            ended("p4", 0, index="2"),
        ]
    )
    assert sorted(each[:2] for each in errors(pods)) == [
        ("main (index 0)", "Error (exit code 2)"),
        ("main (index 1)", "Error (exit code 3)"),
    ]


def test_an_evicted_pod_without_containers_is_shown() -> None:
    pod = {"metadata": {"name": "p"}, "status": {"reason": "Evicted", "message": "low on memory"}}
    assert errors(Pods([pod])) == [("pod", "Evicted: low on memory", "")]


def test_a_job_without_pods_tells_its_own_reason() -> None:
    failed = {"conditions": [a_condition("Failed", "DeadlineExceeded", "too long")]}
    job = {"metadata": {}, "status": failed}
    assert errors(Pods([], job)) == [("", "DeadlineExceeded: too long", "")]


RUN = Job(name="j", platform="p", job_type=JobType.AKS_JOB, external_id="x")


def read(pods: Pods, status: dict[str, Any]) -> Report:
    pods._job = {"metadata": {}, "status": {"startTime": AT, **status}}
    return KubernetesJobConnector(client(pods), JOBS).read(RUN, "x")


FAILED = {"conditions": [a_condition("Failed", "BackoffLimitExceeded", "limit reached")]}
WAITING = {"active": 1, "ready": 0}


def test_a_failed_run_names_the_failure_of_its_newest_pod() -> None:
    later = ended("p2", 137, at="2030-01-02T00:00:00Z", reason="OOMKilled")
    report = read(Pods([later, ended("p1", 1, reason="Error")]), FAILED)
    assert report.message is not None
    assert report.message.startswith("BackoffLimitExceeded: limit reached; Container main: OOM")


@pytest.mark.parametrize("error", [PlatformRefused("no", cause=FailureCause.SUBMIT), RunNotFound()])
@pytest.mark.parametrize("status", [FAILED, WAITING])
def test_pods_that_cannot_be_read_change_no_state(error: Exception, status: dict[str, Any]) -> None:
    seen = read(Pods([], error=error), status)
    assert seen.status is report_of({"status": status}, "").status


def test_a_job_that_waits_for_long_gives_the_reason_of_its_pods() -> None:
    pods = Pods([waiting("ImagePullBackOff")])
    assert read(pods, WAITING).wait is Wait.RETRY
    pods.time = datetime.fromisoformat(AT) + timedelta(seconds=5)
    assert read(pods, WAITING).wait is None


DONE = Report(status=ProviderStatus.SUCCESS)


def outputs(pods: Pods, **settings: Any) -> Report:
    given = {"outputsFromTerminationMessage": True, **settings}
    job = Job(name="j", platform="p", job_type=JobType.AKS_JOB, external_id="x", settings=given)
    return with_outputs(DONE, job, client(pods), "x")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('{"rows": 7, "path": "a"}', {"rows": 7, "path": "a"}),
        ("42", {"result": "42"}),
        ("[1]", {"result": "[1]"}),
        ("done", {"result": "done"}),
        ('{"rows": 7', {"result": '{"rows": 7'}),
        ("", {}),
        (None, {}),
    ],
)
def test_the_termination_message_becomes_the_outputs(
    message: str | None, expected: dict[str, Any]
) -> None:
    report = outputs(Pods([ended("p", 0, message=message)]))
    assert (report.outputs, report.outputs_missing) == (expected, None)


def test_the_message_of_a_named_container_is_read() -> None:
    report = outputs(Pods([ended("p", 0, message="main")]), containerName="aside")
    assert report.outputs == {"result": "aside"}


@pytest.mark.parametrize(
    ("pods", "text"),
    [
        ([ended("p", 0, message='{"a": "' + "x" * 4089)], "keeps 4096 bytes"),
        ([ended("p", 0, message="1"), ended("q", 0, message="2")], "several pods"),
        ([], "no successful pod"),
        ([ended("p", 1, message="1")], "no successful pod"),
    ],
)
def test_a_message_that_is_not_whole_or_not_alone_is_missing(pods: list[Any], text: str) -> None:
    report = outputs(Pods(pods))
    assert report.status is ProviderStatus.SUCCESS
    assert text in str(report.outputs_missing)


def test_pods_that_cannot_be_read_do_not_fail_the_run() -> None:
    forbidden = PlatformRefused("no permission", cause=FailureCause.SUBMIT)
    assert "no permission" in str(outputs(Pods([], error=forbidden)).outputs_missing)
    secret = PlatformRefused("no token", cause=FailureCause.SECRET)
    with pytest.raises(PlatformRefused):
        outputs(Pods([], error=secret))


def a_refusal(status: int, text: str = "", **body: Any) -> Refusal:
    return Refusal(status=status, body=body, host="h", text=text)


def test_refusals_have_a_remedy() -> None:
    quota = refused(a_refusal(403, 'jobs "x" is forbidden: exceeded quota: compute'))
    assert cast("PlatformRefused", quota).cause is FailureCause.CONTENTION_REJECTED
    assert "patch of jobs" in str(refused(a_refusal(403, "forbidden")))
    assert "admission policy" in str(refused(a_refusal(403, 'admission webhook "x" denied')))
    namespace = a_refusal(404, details={"kind": "namespaces"})
    assert "check namespace" in str(refused(namespace))
    assert isinstance(refused_for_source(a_refusal(404)), ArtefactNotFound)
    assert isinstance(refused_for_run(a_refusal(404)), RunNotFound)
    assert "rule of the cluster" in str(refused(a_refusal(422, reason="Invalid")))
