"""What a status address says, word by word, and which of them are followed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report
from polysync_core.platforms.http_functions.states import (
    STATUSES,
    address_of,
    run_id_of,
    status_report,
)

BASE = "https://app.azurewebsites.net"
JOB = Job(name="j", platform="p", job_type="AzureHttpFunction", external_id="F")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def told(body: Any, status: int = 200, **headers: str) -> Report:
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
def test_every_state_of_durable_functions_is_known_and_no_other_is_an_end(
    word: str, status: ProviderStatus, http_status: int
) -> None:
    assert told({"runtimeStatus": word}, http_status).status is status
    assert told({"runtimeStatus": word.upper()}, http_status).status is status


def test_words_are_read_however_they_are_written() -> None:
    for spelling in ("in_progress", "IN-PROGRESS", "In Progress", "inProgress"):
        assert told({"status": spelling}).status is ProviderStatus.RUNNING
    assert told({"state": "succeeded"}).status is ProviderStatus.SUCCESS
    assert all(word == word.lower() for word in STATUSES)


def test_without_a_word_the_status_of_the_answer_decides() -> None:
    assert told({"rows": 1}, 202).status is ProviderStatus.RUNNING
    assert told(b"", 202).status is ProviderStatus.RUNNING
    done = told({"status": 7, "rows": 1})
    assert done.status is ProviderStatus.SUCCESS
    assert dict(done.outputs) == {"_response.status": 7, "_response.rows": 1}


@pytest.mark.parametrize(("body", "status"), [(b"", 200), (b"{", 202), (b"[]", 200), (b"<", 200)])
def test_an_answer_that_says_nothing_is_not_a_state(body: bytes, status: int) -> None:
    with pytest.raises(UnexpectedAnswer):
        told(body, status)


def test_a_failure_comes_with_its_reason_and_times() -> None:
    report = told(
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
    assert told({"runtimeStatus": "Failed", "output": {}}).message


def test_a_wish_to_be_asked_later_is_taken_over() -> None:
    assert told({}, 202, **{"retry-after": "10"}).retry_after == 10


@pytest.mark.parametrize("name", ["code", "Code", "sig", "access_token", "x-functions-key"])
def test_a_key_in_a_status_address_is_not_kept(name: str) -> None:
    run_id = run_id_of(f"{BASE}/status/a%20b?id=1&{name}=k3y", BASE)

    assert run_id == "/status/a%20b?id=1"
    address = address_of(run_id, BASE)
    assert address is not None
    assert (address.segments, dict(address.query)) == (("status", "a b"), {"id": "1"})


@pytest.mark.parametrize(
    "link",
    [
        "http://app.azurewebsites.net/x",
        "https://app.azurewebsites.net:444/x",
        f"{BASE}/../x",
        f"{BASE}",
        f"{BASE}/{'x' * 1100}",
        "https://app.azurewebsites.net.evil.example/x",
    ],
)
def test_what_is_not_on_the_functions_own_host_is_no_status_address(link: str) -> None:
    assert run_id_of(link, BASE) is None


@pytest.mark.parametrize("run_id", ["", "x", "Report/0a1b", "/../x", "https://evil.example/x"])
def test_what_is_no_path_is_no_status_address(run_id: str) -> None:
    assert address_of(run_id, BASE) is None
