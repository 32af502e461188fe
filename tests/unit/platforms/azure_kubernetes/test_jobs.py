"""Jobs of runs: adoption, lists and stops, with scripted answers of the API server."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.azure.environment_variables import copy_name
from polysync_core.platforms.connector import Connector, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.builders import NOON
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime
from tests.unit.platforms.azure_kubernetes.test_sign_in import a_platform

SERVER = "http://127.0.0.1:1"
CONFIG = {
    "clusters": [{"name": "c", "cluster": {"server": SERVER}}],
    "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
    "users": [{"name": "u", "user": {"token": "t"}}],
}
ACCESS = Reply.json(
    {"kubeconfigs": [{"value": base64.b64encode(json.dumps(CONFIG).encode()).decode()}]}
)
SOURCE = Reply.json(
    {
        "metadata": {"name": "load"},
        "spec": {"template": {"spec": {"containers": [{"name": "main"}]}}},
    }
)
EXISTS = Reply.json({"kind": "Status", "reason": "AlreadyExists"}, status=409)
MISSING = Reply.json({"kind": "Status", "reason": "NotFound"}, status=404)
NAME = copy_name("load", "t1")


class NoSecrets:
    def resolve(self, reference: str) -> Secret:
        raise AssertionError

    def forget(self, reference: str) -> None: ...


class Cluster:
    """A connection with scripted answers."""

    def __init__(self, *replies: Reply) -> None:
        self.transport = ScriptedTransport([ACCESS, *replies])
        http = HttpOptions(transport=self.transport, timer=VirtualTime().timer)
        context = PluginContext(secrets=NoSecrets(), allow_loopback=True, http=http)
        self.live: Connector = platform_plugin("AzureKubernetes").open(
            a_platform(endpoint=SERVER), context
        )

    @property
    def calls(self) -> list[str]:
        """The calls of the API server."""
        return [
            f"{each.method} {str(each.url).rpartition('/namespaces/batch/')[2].partition('?')[0]}"
            for each in self.transport.requests[1:]
        ]

    def body(self, at: int) -> Any:
        return json.loads(self.transport.requests[at + 1].body or b"")


def a_job(job_type: JobType = JobType.AKS_JOB) -> Job:
    return Job(name="j", platform="p", job_type=job_type, external_id="load")


def a_request() -> SubmitRequest:
    return SubmitRequest(job=a_job(), token="t1", run_name="r", parameters={}, begun_at=NOON)


def stored(name: str, created: str = "2030-01-01T00:00:00Z", **facts: Any) -> dict[str, Any]:
    metadata = {"name": name, "creationTimestamp": created, **facts}
    return {"metadata": metadata, "status": {"active": 1, "ready": 1}}


def own(token: str) -> Reply:
    return Reply.json(stored(NAME, annotations={"polysync/attempt": token}))


def test_a_create_that_meets_the_own_job_adopts_it() -> None:
    cluster = Cluster(SOURCE, EXISTS, own("t1"))
    assert cluster.live.job(JobType.AKS_JOB).submit(a_request()).external_run_id == NAME
    assert cluster.calls == ["GET jobs/load", "POST jobs", f"GET jobs/{NAME}"]


@pytest.mark.parametrize("found", [own("t2"), MISSING])
def test_the_job_of_another_caller_is_never_adopted(found: Reply) -> None:
    cluster = Cluster(SOURCE, EXISTS, found)
    with pytest.raises(PlatformRefused) as caught:
        cluster.live.job(JobType.AKS_JOB).submit(a_request())
    assert (caught.value.status, caught.value.cause) == (409, FailureCause.SUBMIT)
    assert caught.value.__context__ is None


def test_a_resend_needs_no_template_if_the_job_exists() -> None:
    cluster = Cluster(own("t1"))
    cluster.live.job(JobType.AKS_JOB).submit(replace(a_request(), is_resend=True))
    assert cluster.calls == [f"GET jobs/{NAME}"]


def test_an_invalid_job_is_refused_before_a_call() -> None:
    cluster = Cluster(SOURCE)
    job = a_job().model_copy(update={"external_id": "../load"})
    with pytest.raises(Invalid):
        cluster.live.job(JobType.AKS_JOB).submit(replace(a_request(), job=job))
    assert not cluster.transport.requests


def test_names_of_copies_fit_and_differ_by_the_attempt() -> None:
    names = {copy_name("a" * 63, token) for token in ("t1", "t2", "x" * 64)}
    assert len(names) == 3
    assert all(len(name) == 63 for name in names)
    assert copy_name("load.", "t1").startswith("load-")


def test_a_list_of_artefacts_has_no_runs() -> None:
    owner = [{"kind": "CronJob", "name": "nightly", "controller": True}]
    jobs = [
        stored("load"),
        stored("load-1", labels={"polysync/source": "load"}),
        stored("nightly-28", ownerReferences=owner),
        stored("watched", ownerReferences=[{"name": "x"}]),
    ]
    cluster = Cluster(Reply.json({"metadata": {}, "items": jobs}))
    found = cluster.live.artefacts(job_type=JobType.AKS_JOB)
    assert [each.external_id for each in found] == ["load", "watched"]


LABELS = {"polysync/source": "load", "polysync/source-kind": "cronjobs"}


def test_the_runs_of_a_cron_job_are_its_copies_and_its_own_jobs_newest_first() -> None:
    owner = [{"kind": "CronJob", "name": "load", "controller": True}]
    jobs = [
        stored("a", "2030-01-01T00:00:00Z", labels=LABELS),
        stored("b", "2030-01-03T00:00:00Z", ownerReferences=owner),
        stored("c", "2030-01-02T00:00:00Z", labels={**LABELS, "polysync/source-kind": "jobs"}),
        stored("d", "2030-01-02T00:00:00Z", labels=LABELS),
    ]
    cluster = Cluster(Reply.json({"metadata": {}, "items": jobs}))
    connector = cluster.live.job(JobType.AKS_CRON_JOB)
    found = [each.external_run_id for each in connector.runs(a_job(JobType.AKS_CRON_JOB))]
    assert found == ["b", "d", "a"]


def test_a_stop_sets_a_deadline_and_keeps_the_job() -> None:
    cluster = Cluster(Reply.json(stored("x")), Reply.json(stored("x")))
    cluster.live.job(JobType.AKS_JOB).cancel(a_job(), "x")
    assert cluster.calls == ["GET jobs/x", "PATCH jobs/x"]
    assert cluster.body(1) == {
        "metadata": {"annotations": {"polysync/cancelled": "true"}},
        "spec": {"activeDeadlineSeconds": 1, "parallelism": 0, "suspend": False},
    }
    kind = cluster.transport.requests[2].headers["Content-Type"]
    assert kind == "application/merge-patch+json"


def test_a_stop_of_an_ended_job_changes_nothing() -> None:
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    cluster = Cluster(Reply.json({**stored("x"), "status": done}))
    cluster.live.job(JobType.AKS_JOB).cancel(a_job(), "x")
    assert cluster.calls == ["GET jobs/x"]
