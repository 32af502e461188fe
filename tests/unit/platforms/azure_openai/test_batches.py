"""Batches: states, counts, and starts whose answers are lost."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import OutcomeUnknown, ProviderStatus, Report
from polysync_core.platforms.paging import SEARCH_LIMIT
from tests.fakes.http import Reply
from tests.unit.platforms.azure_openai.account import Account, a_job, a_platform

JOB = a_job(JobType.OPENAI_BATCH, external_id="nightly", inputFileId="file-1")


def a_batch(name: str = "batch_1", **facts: Any) -> dict[str, Any]:
    return {"id": name, "status": "completed", "created_at": 1893456000, **facts}


def listed(*batches: dict[str, Any]) -> Reply:
    return Reply.json({"data": list(batches), "has_more": False})


def report(**facts: Any) -> Report:
    job = Account(Reply.json(a_batch(**facts))).connector.job(JobType.OPENAI_BATCH)
    return job.read(JOB, "batch_1")


def resend(account: Account, minutes: float = 3, **changes: Any) -> str:
    request = account.request(changes.pop("job", JOB), is_resend=True)
    account.time.sleep(60 * minutes)
    return account.connector.job(JobType.OPENAI_BATCH).submit(request).external_run_id


def test_a_lost_batch_is_found_by_the_token_in_its_metadata() -> None:
    others = [a_batch(f"batch_{index}", metadata=None) for index in range(3)]
    own = a_batch("batch_own", metadata={"polysync_attempt": "t0k3n"})
    account = Account(listed(*others, own))

    assert resend(account, minutes=0) == "batch_own"
    assert [each.method for each in account.transport.requests] == ["GET"]


def test_a_missing_batch_is_created_again_when_the_list_cannot_lag() -> None:
    account = Account(listed(), Reply.json(a_batch("batch_2")))
    with pytest.raises(Uncertain):
        resend(account, minutes=1)

    assert resend(Account(listed(), Reply.json(a_batch("batch_2")))) == "batch_2"


def test_a_recent_batch_without_metadata_may_be_the_lost_one() -> None:
    like = a_batch(input_file_id="file-1")
    with pytest.raises(OutcomeUnknown):
        resend(Account(listed(like)))

    old = a_batch(input_file_id="file-1", created_at=1893450000)
    foreign = a_batch(input_file_id="file-1", metadata={"polysync_attempt": "other"})
    for harmless in (old, foreign, a_batch(input_file_id="file-2")):
        assert resend(Account(listed(harmless), Reply.json(a_batch("batch_2")))) == "batch_2"
    twice = a_job(
        JobType.OPENAI_BATCH,
        external_id="nightly",
        inputFileId="file-1",
        resubmit="WhenIdempotent",
    )
    account = Account(listed(like), Reply.json(a_batch("batch_2")))
    assert resend(account, job=twice) == "batch_2"


def test_an_unreadable_batch_is_left_out_of_the_list() -> None:
    own = {"metadata": {"polysync_deployment": "nightly"}}
    odd = a_batch("../files", **own), a_batch("batch_2", **own, status=7), a_batch(metadata=None)
    account = Account(listed(*odd, a_batch("batch_3", **own)))
    runs = account.connector.job(JobType.OPENAI_BATCH).runs(JOB)
    assert [each.external_run_id for each in runs] == ["batch_3"]


@pytest.mark.parametrize("name", ["", "../files", "a b", 7, None])
def test_a_batch_without_a_usable_id_may_have_been_created(name: Any) -> None:
    with pytest.raises(Uncertain):
        Account(Reply.json({"id": name, "status": "validating"})).submit(JOB)


def test_a_very_long_list_ends_as_unknown() -> None:
    many = [a_batch(f"batch_{index}", input_file_id="other") for index in range(SEARCH_LIMIT + 1)]
    with pytest.raises(OutcomeUnknown):
        resend(Account(listed(*many)))


def test_a_batch_succeeds_with_failed_requests_unless_all_failed() -> None:
    partly = report(
        request_counts={"total": 3, "completed": 2, "failed": 1}, error_file_id="file-e"
    )
    useless = report(
        request_counts={"total": 3, "completed": 0, "failed": 3}, error_file_id="file-e"
    )

    assert partly.status is ProviderStatus.SUCCESS
    assert partly.outputs == {
        "error_file_id": "file-e",
        "request_counts_total": 3,
        "request_counts_completed": 2,
        "request_counts_failed": 1,
    }
    assert useless.status is ProviderStatus.FAILED
    assert "file-e" in (useless.message or "")


def test_an_expired_batch_names_the_finished_requests_and_their_file() -> None:
    found = report(
        status="expired",
        request_counts={"total": 9, "completed": 4, "failed": 0},
        output_file_id="file-o",
    )
    assert found.status is ProviderStatus.FAILED
    assert "4 of 9" in (found.message or "")
    assert "file-o" in (found.message or "")


@pytest.mark.parametrize("times", [{"created_at": "soon"}, {"completed_at": 10**30}, {}])
def test_odd_times_and_counts_are_left_out(times: dict[str, Any]) -> None:
    found = report(**{"created_at": None, "request_counts": None, "errors": None, **times})
    assert (found.status, found.finished_at) == (ProviderStatus.SUCCESS, None)


def test_a_dated_version_names_its_own_endpoints() -> None:
    dated = Account(Reply.json(a_batch()), platform=a_platform(apiVersion="2024-10-21"))
    dated.submit(JOB)
    account = Account(Reply.json(a_batch()))
    account.submit(JOB)

    assert dated.sent()["endpoint"] == "/chat/completions"
    assert account.sent()["endpoint"] == "/v1/chat/completions"


@pytest.mark.parametrize("file", ["../x", "a b", "x" * 200, "file-1?x=1"])
def test_a_wrong_file_is_refused_before_the_call(file: str) -> None:
    account = Account(Reply.json(a_batch()))
    job = a_job(JobType.OPENAI_BATCH, "input_file_id", external_id="nightly")
    with pytest.raises(PlatformRefused) as caught:
        account.submit(job, parameters={"input_file_id": file})
    assert caught.value.cause is FailureCause.PARAMETERS
    assert account.transport.requests == []
