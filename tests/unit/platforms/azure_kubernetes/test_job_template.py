"""The Job of a run: what it takes from its template, and what it leaves out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.azure_kubernetes.job_template import JobTemplate
from polysync_core.platforms.connector import SubmitRequest
from tests.fakes.builders import NOON

CONTAINERS = [
    {
        "name": "main",
        "image": "registry.example/load:1",
        "env": [
            {"name": "ROWS", "value": "1"},
            {"name": "HOST", "value": "$(POD_IP):80"},
            {"name": "PRICE", "value": "$$5"},
            {"name": "DB_PASSWORD", "value": "hunter2"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        ],
    },
    {"name": "proxy", "image": "registry.example/proxy:1"},
]
SOURCE: dict[str, Any] = {
    "metadata": {
        "name": "load-sales",
        "uid": "1",
        "resourceVersion": "7",
        "generation": 1,
        "ownerReferences": [{"name": "x"}],
        "managedFields": [{}],
        "labels": {
            "team": "sales",
            "kueue.x-k8s.io/queue-name": "nightly",
            "controller-uid": "1",
            "batch.kubernetes.io/job-name": "load-sales",
            "argocd.argoproj.io/instance": "sales",
            "app.kubernetes.io/instance": "sales",
            "app.kubernetes.io/managed-by": "Helm",
        },
        "annotations": {
            "note": "kept",
            "kubectl.kubernetes.io/last-applied-configuration": "{}",
            "meta.helm.sh/release-name": "sales",
            "batch.kubernetes.io/cronjob-scheduled-timestamp": "x",
        },
    },
    "spec": {
        "backoffLimit": 4,
        "suspend": True,
        "manualSelector": True,
        "selector": {"matchLabels": {"controller-uid": "1"}},
        "ttlSecondsAfterFinished": 60,
        "template": {
            "metadata": {
                "creationTimestamp": None,
                "labels": {
                    "app": "load",
                    "controller-uid": "1",
                    "job-name": "load-sales",
                    "batch.kubernetes.io/controller-uid": "1",
                },
                "annotations": {"sidecar": "off"},
            },
            "spec": {"restartPolicy": "OnFailure", "containers": CONTAINERS},
        },
    },
    "status": {"succeeded": 1},
}


def a_request(**facts: Any) -> SubmitRequest:
    settings = facts.pop("settings", {})
    values = facts.pop("parameters", {})
    job = Job(
        name="j",
        platform="p",
        job_type=JobType.AKS_JOB,
        external_id="load-sales",
        parameters=tuple(Parameter(name=name) for name in values),
        settings=settings,
    )
    request = SubmitRequest(
        job=job, token="t1", run_name="nightly run", parameters=values, begun_at=NOON
    )
    return replace(request, **facts)


def copied(source: dict[str, Any] = SOURCE, **facts: Any) -> Any:
    return JobTemplate.of(source).copy(a_request(**facts), kind="jobs", name="load-sales-1")


def variables(job: Any, container: int = 0) -> dict[str, Any]:
    entries = job["spec"]["template"]["spec"]["containers"][container]["env"]
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in entries}


def test_fields_of_the_server_and_of_deployment_tools_are_left_out() -> None:
    job = copied()

    assert set(job) == {"apiVersion", "kind", "metadata", "spec"}
    assert job["metadata"] == {
        "name": "load-sales-1",
        "labels": {
            "team": "sales",
            "kueue.x-k8s.io/queue-name": "nightly",
            "app.kubernetes.io/managed-by": "polysync",
            "polysync/source": "load-sales",
            "polysync/source-kind": "jobs",
        },
        "annotations": {
            "note": "kept",
            "polysync/attempt": "t1",
            "polysync/run": "nightly run",
            "polysync/begun-at": NOON.isoformat(),
        },
    }
    assert not {"selector", "manualSelector", "suspend"} & set(job["spec"])
    template = job["spec"]["template"]
    assert template["metadata"] == {"labels": {"app": "load"}, "annotations": {"sidecar": "off"}}
    assert template["spec"]["containers"][1] == CONTAINERS[1]


def test_the_template_of_a_cron_job_is_copied_like_a_job() -> None:
    template = {"metadata": {"labels": {"team": "sales"}}, "spec": SOURCE["spec"]}
    cron_job = {
        "metadata": {"name": "x", "labels": {"own": "1"}},
        "spec": {"jobTemplate": template},
    }

    job = copied(cron_job)

    assert job["metadata"]["labels"]["team"] == "sales"
    assert "own" not in job["metadata"]["labels"]
    assert variables(job)["ROWS"] == "1"


def test_values_replace_variables_and_the_others_stay() -> None:
    job = copied(parameters={"ROWS": 7, "KEY": Secret("s3"), "NEW": "a $(HOST) $$ $5 $"})

    assert variables(job) == {
        "NEW": "a $$(HOST) $$$$ $$5 $$",
        "ROWS": "7",
        "HOST": "$(POD_IP):80",
        "PRICE": "$$5",
        "DB_PASSWORD": "hunter2",
        "KEY": "s3",
    }


def test_a_repeated_variable_is_sent_once() -> None:
    twice = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    container = {**CONTAINERS[0], "env": twice}
    source: dict[str, Any] = {
        "spec": {"template": {"spec": {"containers": [container]}}, "backoffLimit": 0}
    }
    found = copied(source, parameters={"A": "3"})
    assert found["spec"]["template"]["spec"]["containers"][0]["env"] == [
        {"name": "A", "value": "3"}
    ]


def test_another_container_may_get_the_values() -> None:
    job = copied(settings={"containerName": "proxy"}, parameters={"ROWS": 7})

    assert variables(job)["ROWS"] == "1"
    assert variables(job, 1) == {"ROWS": "7"}


def test_an_unknown_container_is_named_with_the_known_ones() -> None:
    with pytest.raises(PlatformRefused, match="only: main, proxy; did you mean 'main'") as caught:
        copied(settings={"containerName": "mains"})
    assert caught.value.cause is FailureCause.SUBMIT


def test_a_value_with_a_zero_byte_is_refused() -> None:
    with pytest.raises(PlatformRefused) as caught:
        copied(parameters={"ROWS": "a\0b"})
    assert caught.value.cause is FailureCause.PARAMETERS


def test_kubernetes_does_not_retry_the_only_try_of_a_run() -> None:
    spec = {**SOURCE["spec"], "backoffLimitPerIndex": 2}
    only = copied({**SOURCE, "spec": spec}, is_only_try=True)["spec"]
    assert (only["backoffLimit"], only["backoffLimitPerIndex"]) == (0, 0)
    assert only["template"]["spec"]["restartPolicy"] == "Never"

    retried = copied()["spec"]
    assert (retried["backoffLimit"], retried["template"]["spec"]["restartPolicy"]) == (
        4,
        "OnFailure",
    )
    assert "backoffLimitPerIndex" not in retried


@pytest.mark.parametrize(
    ("given", "settings", "kept"),
    [
        (None, {}, 7 * 86_400),
        (0, {}, 86_400),
        (60, {}, 86_400),
        (900_000, {}, 900_000),
        (60, {"keepSeconds": 3600}, 3600),
    ],
)
def test_an_ended_job_stays_until_its_end_is_read(
    given: int | None, settings: dict[str, Any], kept: int
) -> None:
    spec = {**SOURCE["spec"], "ttlSecondsAfterFinished": given}
    assert copied({**SOURCE, "spec": spec}, settings=settings)["spec"][
        "ttlSecondsAfterFinished"
    ] == (kept)


def test_variables_become_parameters_without_the_values_of_credentials() -> None:
    schema = JobTemplate.of(SOURCE).schema()

    assert [(each.name, each.default) for each in schema.parameters] == [
        ("ROWS", "1"),
        ("HOST", None),
        ("PRICE", "$5"),
        ("DB_PASSWORD", None),
        ("KEY", None),
    ]
    assert schema.is_complete


def test_variables_of_other_objects_make_the_list_incomplete() -> None:
    container = {**CONTAINERS[0], "envFrom": [{"configMapRef": {"name": "c"}}]}
    source: dict[str, Any] = {"spec": {"template": {"spec": {"containers": [container]}}}}
    schema = JobTemplate.of(source).schema()
    assert "envFrom" in schema.notes[0]
    assert not schema.is_complete
