"""Decoded status answers, and the status addresses that are polled."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.http_functions.states import (
    address_of,
    is_final_answer,
    run_id_of,
    status_report,
)

BASE = "https://app.azurewebsites.net"
JOB = Job(name="j", platform="p", job_type="AzureHttpFunction", external_id="F")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def report_of(body: Any, status: int = 200, **headers: str) -> Report:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status_report(Answer(status=status, content=content, headers=headers), JOB, lambda: NOW)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Pending", ProviderStatus.STARTING),
        ("Running", ProviderStatus.RUNNING),
        ("ContinuedAsNew", ProviderStatus.RUNNING),
        ("Suspended", ProviderStatus.RUNNING),
        ("Completed", ProviderStatus.SUCCESS),
        ("Failed", ProviderStatus.FAILED),
        ("Terminated", ProviderStatus.CANCELLED),
        ("Canceled", ProviderStatus.CANCELLED),
        ("Dreaming", ProviderStatus.UNKNOWN),
        ("", ProviderStatus.UNKNOWN),
    ],
)
@pytest.mark.parametrize("http_status", [200, 202])
def test_every_state_of_durable_functions_is_decoded_and_no_other_is_final(
    word: str, status: ProviderStatus, http_status: int
) -> None:
    assert report_of({"runtimeStatus": word}, http_status).status is status
    assert report_of({"runtimeStatus": word.upper()}, http_status).status is status


def test_status_words_are_read_in_any_spelling() -> None:
    for spelling in ("in_progress", "IN-PROGRESS", "In Progress", "inProgress"):
        assert report_of({"status": spelling}).status is ProviderStatus.RUNNING
    assert report_of({"state": "succeeded"}).status is ProviderStatus.SUCCESS


def test_without_a_status_word_the_http_status_decides() -> None:
    assert report_of({"rows": 1}, 202).status is ProviderStatus.RUNNING
    assert report_of(b"", 202).status is ProviderStatus.RUNNING
    done = report_of({"status": 7, "rows": 1})
    assert done.status is ProviderStatus.SUCCESS
    assert dict(done.outputs) == {"_response.status": 7, "_response.rows": 1}


@pytest.mark.parametrize(("body", "status"), [(b"", 200), (b"{", 202), (b"[]", 200), (b"<", 200)])
def test_an_unreadable_answer_is_unexpected(body: bytes, status: int) -> None:
    with pytest.raises(UnexpectedAnswer):
        report_of(body, status)


def test_a_failure_has_its_reason_and_times() -> None:
    report = report_of(
        {
            "runtimeStatus": "Failed",
            "output": "Orchestrator failed:\n\x1b no sales",
            "createdTime": "2026-01-31T10:00:00Z",
            "lastUpdatedTime": "2026-01-31T11:00:00",
        }
    )

    assert report.message == "Orchestrator failed: no sales"
    assert report.started_at == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert report.finished_at == datetime(2026, 1, 31, 11, tzinfo=UTC)
    assert dict(report.outputs) == {}
    assert report_of({"runtimeStatus": "Failed", "output": {}}).message


def test_a_retry_after_is_reported() -> None:
    assert report_of({}, 202, **{"retry-after": "10"}).retry_after == 10


@pytest.mark.parametrize("name", ["code", "Code", "sig", "access_token", "x-functions-key"])
def test_a_key_in_a_status_address_is_not_stored(name: str) -> None:
    run_id = run_id_of(f"{BASE}/status/a%20b?id=1&{name}=k3y", BASE)

    assert run_id == "/status/a%20b?id=1"
    address = address_of(run_id, BASE)
    assert address is not None
    assert (address.segments, dict(address.query)) == (("status", "a b"), {"id": "1"})


@pytest.mark.parametrize(
    "link",
    [
        "https://app.azurewebsites.net:444/x",
        "http://app.azurewebsites.net:7071/x",
        "http://localhost/x",
        "https://user@app.azurewebsites.net/x",
        "ftp://app.azurewebsites.net/x",
        "//evil.example/x",
        "https://evil.example/runtime/webhooks/durabletask/instances/a/terminate",
        "https://evil.example/runtime/webhooks/durabletask/instances/../../admin",
        "https://evil.example/runtime/webhooks/durabletask/orchestrators/x",
        "https://[evil/runtime/webhooks/durabletask/instances/i",
        f"{BASE}/../x",
        f"{BASE}",
        f"{BASE}/{'x' * 1100}",
        "https://app.azurewebsites.net.evil.example/x",
    ],
)
def test_an_address_on_another_host_is_not_a_status_address(link: str) -> None:
    assert run_id_of(link, BASE) is None


@pytest.mark.parametrize(
    "link",
    [
        "http://app.azurewebsites.net/runtime/webhooks/durabletask/instances/i?code=K",
        "https://app.azurewebsites.net:443/runtime/webhooks/durabletask/instances/i?code=K",
        "http://app.azurewebsites.net:80/runtime/webhooks/durabletask/instances/i?code=K",
        "HTTPS://APP.azurewebsites.net/runtime/webhooks/durabletask/instances/i?code=K",
        "http://localhost:7071/runtime/webhooks/durabletask/instances/i?code=K",
        "https://jobs.contoso.example/runtime/webhooks/durabletask/instances/i?code=K",
        "https://app-slot.azurewebsites.net/runtime/webhooks/durabletask/instances/i?code=K",
    ],
)
def test_another_spelling_of_the_host_leads_to_the_instance_on_the_apps_own_host(link: str) -> None:
    assert run_id_of(link, BASE) == "/runtime/webhooks/durabletask/instances/i"


@pytest.mark.parametrize(
    "link",
    [
        "http://app.azurewebsites.net/status/7",
        "https://App.AzureWebsites.net:443/status/7",
    ],
)
def test_an_own_status_address_may_be_spelled_with_http_or_the_port(link: str) -> None:
    assert run_id_of(link, BASE) == "/status/7"


@pytest.mark.parametrize("run_id", ["", "x", "Report/0a1b", "/../x", "https://evil.example/x"])
def test_a_run_id_that_is_not_a_path_has_no_status_address(run_id: str) -> None:
    assert address_of(run_id, BASE) is None


@pytest.mark.parametrize(
    ("word", "wait"),
    [
        ("Pending", Wait.PLATFORM_QUEUE),
        ("queued", Wait.PLATFORM_QUEUE),
        ("Not Started", Wait.PLATFORM_QUEUE),
        ("Running", None),
        ("Starting", None),
        ("Completed", None),
    ],
)
def test_a_queued_start_is_reported_as_a_wait(word: str, wait: Wait | None) -> None:
    assert report_of({"runtimeStatus": word}, 202).wait is wait


@pytest.mark.parametrize(
    ("status", "body", "is_final"),
    [
        (500, {"runtimeStatus": "Failed", "output": "boom"}, True),
        (500, {"runtimeStatus": "FAILED"}, True),
        (503, {"runtimeStatus": "Terminated"}, True),
        (400, {"runtimeStatus": "Failed"}, True),
        (500, {"status": "failed"}, True),
        (500, {"state": "Completed"}, True),
        (500, {"runtimeStatus": "Running"}, False),
        (500, {"runtimeStatus": "Dreaming"}, False),
        (500, {"status": "error", "message": "no database"}, False),
        (404, {"status": "failed"}, False),
        (500, {"status": 500, "title": "Internal Server Error"}, False),
        (500, b"<html>", False),
        (502, b"", False),
    ],
)
def test_a_final_status_counts_with_any_http_status(status: int, body: Any, is_final: bool) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    assert is_final_answer(Answer(status=status, content=content)) is is_final


def test_a_failed_orchestration_with_status_500_has_its_reason() -> None:
    report = report_of({"runtimeStatus": "Failed", "output": "boom"}, 500)

    assert (report.status, report.message) == (ProviderStatus.FAILED, "boom")
