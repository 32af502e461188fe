"""Runs of dbt Cloud: starts, lost answers, retries from the failure and states."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Job, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, PlatformRefused, Uncertain
from polysync_core.platforms.connector import OutcomeUnknown, ProviderStatus, Wait
from polysync_core.platforms.registry import check_platform
from tests.fakes.http import Reply
from tests.fakes.scripted_platform import ScriptedPlatform, a_request

ROOT = "/api/v2/accounts/12"
START = f"POST {ROOT}/jobs/7/run/"
LIST = f"GET {ROOT}/runs/"


def a_platform(**attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "p",
            "type": "DbtCloud",
            "auth": {"method": "Token", "token": "vault://v/t"},
            "attributes": {"accountId": 12, **attributes},
        }
    )


def a_job(*parameters: Parameter, **settings: Any) -> Job:
    return Job(
        name="j",
        platform="p",
        job_type="DbtCloudJob",
        external_id="7",
        parameters=parameters,
        settings=settings,
    )


def dbt(answers: dict[str, Any]) -> ScriptedPlatform:
    return ScriptedPlatform(a_platform(), "DbtCloudJob", answers)


def a_run(number: int = 900, status: int = 1, **fields: Any) -> dict[str, Any]:
    return {"id": number, "status": status, "project_id": 3, **fields}


def data(content: Any) -> dict[str, Any]:
    return {"status": {"code": 200}, "data": content}


def listed(*runs: dict[str, Any]) -> dict[str, Any]:
    return {**data([*runs]), "extra": {"pagination": {"total_count": len(runs)}}}


def own(number: int, token: str = "t0k", created: str = "2030-01-01 00:00:01+00:00") -> Any:  # noqa: S107 - no secret
    cause = {"cause": f"run 7 (polysync {token})"}
    return a_run(number, created_at=created, trigger=cause)


def test_a_start_has_its_token_in_the_cause_and_only_the_given_overrides() -> None:
    service = dbt({START: data(a_run())})
    submitted = service.jobs.submit(a_request(a_job(gitBranch="main", threadsOverride=4)))
    assert service.body(START) == {
        "cause": "run 7 (polysync t0k)",
        "git_branch": "main",
        "threads_override": 4,
    }
    assert service.requests[0].headers["Authorization"] == "Token secret-of-t"
    page = "https://cloud.getdbt.com/deploy/12/projects/3/runs/900/"
    assert (submitted.external_run_id, submitted.monitor_url) == ("900", page)


def test_values_become_overrides_by_their_names_and_variables_otherwise() -> None:
    job_path = f"GET {ROOT}/jobs/7/"
    steps = {"execute_steps": ["dbt build --vars '{rows: 1}'"]}
    service = dbt({START: data(a_run()), job_path: data(steps)})
    job = a_job(Parameter(name="rows", data_type=DataType.INT), schemaOverride="prod")
    request = a_request(job, {"rows": 3, "schemaOverride": "test"})
    service.jobs.submit(request)
    assert service.body(START) == {
        "cause": "run 7 (polysync t0k)",
        "schema_override": "test",
        "steps_override": ["dbt build --vars '{\"rows\": 3}'"],
    }


def test_the_commands_of_the_job_are_not_read_if_the_settings_have_some() -> None:
    service = dbt({START: data(a_run())})
    service.jobs.submit(a_request(a_job(stepsOverride=["dbt seed"]), {"day": "x"}))
    assert service.sent == [START]
    assert service.body(START)["steps_override"] == ['dbt seed --vars \'{"day": "x"}\'']


def test_the_first_run_with_the_token_is_adopted() -> None:
    others = [own(903, "else"), own(902), own(901), own(900, "x", "2029-01-01 00:00:00+00:00")]
    service = dbt({LIST: listed(*others), f"GET {ROOT}/runs/901/": data(a_run(901))})
    submitted = service.jobs.submit(a_request(a_job(), is_resend=True))
    assert submitted.external_run_id == "901"
    assert START not in service.sent


def test_a_missing_run_proves_nothing_while_the_list_may_lag() -> None:
    service = dbt({LIST: listed(), START: data(a_run())})
    request = a_request(a_job(), is_resend=True)
    with pytest.raises(Uncertain):
        service.jobs.submit(request)
    service.time.sleep(121)
    assert service.jobs.submit(request).external_run_id == "900"
    with pytest.raises(OutcomeUnknown):
        service.jobs.submit(a_request(a_job(resubmit="Never"), is_resend=True))
    assert service.sent.count(START) == 1


def test_only_a_refusal_proves_that_nothing_was_started() -> None:
    service = dbt({START: Reply(503, headers={"Retry-After": "1"})})
    with pytest.raises(Uncertain):
        service.jobs.submit(a_request(a_job()))


FAILED = f"GET {ROOT}/runs/900/"
RETRY = f"POST {ROOT}/runs/900/retry/"


def test_a_retry_from_the_failure_is_a_new_run() -> None:
    service = dbt({FAILED: data(a_run(status=20)), RETRY: data(a_run(901))})
    submitted = service.jobs.submit(a_request(a_job(), repairs="900"))
    assert submitted.external_run_id == "901"


def test_a_lost_retry_is_found_by_the_run_that_it_retries() -> None:
    found = {**own(901), "retrying_run_id": 900}
    service = dbt({LIST: listed(found), f"GET {ROOT}/runs/901/": data(a_run(901))})
    submitted = service.jobs.submit(a_request(a_job(), repairs="900", is_resend=True))
    assert submitted.external_run_id == "901"
    assert RETRY not in service.sent


def test_a_run_that_dbt_cloud_cannot_retry_is_refused_with_its_reason() -> None:
    run = a_run(status=20, can_retry=False, retry_not_supported_reason="RETRY_UNSUPPORTED_CMD")
    with pytest.raises(PlatformRefused, match="RETRY_UNSUPPORTED_CMD"):
        dbt({FAILED: data(run)}).jobs.submit(a_request(a_job(), repairs="900"))


@pytest.mark.parametrize(
    ("number", "status", "wait"),
    [
        (1, ProviderStatus.STARTING, Wait.PLATFORM_QUEUE),
        (2, ProviderStatus.STARTING, Wait.COMPUTE),
        (3, ProviderStatus.RUNNING, None),
        (10, ProviderStatus.SUCCESS, None),
        (30, ProviderStatus.CANCELLED, None),
        (4, ProviderStatus.UNKNOWN, None),
    ],
)
def test_each_number_has_its_status(number: int, status: ProviderStatus, wait: Wait | None) -> None:
    service = dbt({FAILED: data(a_run(status=number))})
    report = service.jobs.read(a_job(), "900")
    assert (report.status, report.wait) == (status, wait)
    assert len(service.sent) == 1


def test_a_queued_run_names_the_runs_before_it() -> None:
    report = dbt({FAILED: data(a_run(blocked_by=[899]))}).jobs.read(a_job(), "900")
    assert report.message == "The run waits for the end of the runs 899 in dbt Cloud."


def test_a_failure_names_the_failed_steps() -> None:
    steps = [
        {"name": "Clone the repository", "status": 10},
        {"name": "Invoke dbt with `dbt build`", "status": 20, "logs": "Database Error"},
    ]
    service = dbt({FAILED: data(a_run(status=20, run_steps=steps))})
    assert service.jobs.read(a_job(), "900").message == "Failed steps: Invoke dbt with `dbt build`."
    (part,) = service.jobs.failure_details(a_job(), "900").parts
    assert (part.part, part.trace) == ("Invoke dbt with `dbt build`", "Database Error")


def test_a_run_without_results_succeeds_and_says_so() -> None:
    service = dbt({FAILED: data(a_run(status=10))})
    report = service.jobs.read(a_job(outputsFromRunResults=True), "900")
    assert report.status is ProviderStatus.SUCCESS
    assert "run_results.json" in (report.outputs_missing or "")


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"accessUrl": "https://dbt.example.com"}, "attributes.accessUrl"),
        ({"accessUrl": "https://cloud.getdbt.com/api"}, "attributes.accessUrl"),
        ({"accessUrl": "http://127.0.0.1:80"}, "attributes.accessUrl"),
        ({"accountId": 0}, "attributes.accountId"),
        ({"endpoint": "http://127.0.0.1:1"}, "attributes.endpoint"),
        ({"accountId": "12"}, "attributes.accountId"),
    ],
)
def test_wrong_attributes_are_refused(attributes: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_platform(a_platform(**attributes), allow_loopback=False)
    assert [each.path for each in caught.value.problems] == [path]
    check_platform(a_platform(accessUrl="https://ab123.us1.dbt.com"), allow_loopback=False)
