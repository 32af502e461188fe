"""Agent runs: threads, lost answers, states and responses."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import (
    ArtefactNotFound,
    ProviderStatus,
    Report,
    RunNotFound,
    Wait,
)
from tests.fakes.http import Reply
from tests.unit.platforms.azure_ai_foundry_project.project import Project
from tests.unit.platforms.azure_openai.account import a_job, an_error

AGENT = JobType.FOUNDRY_AGENT_RUN
JOB = a_job(AGENT, "thread_id", external_id="asst_1", userMessage="Summarise.")
STARTED = 1893456000


def a_run(name: str = "run_1", **facts: Any) -> dict[str, Any]:
    return {"id": name, "thread_id": "thread_1", "status": "queued", "created_at": STARTED, **facts}


def listed(*entries: dict[str, Any]) -> Reply:
    return Reply.json({"data": list(entries), "has_more": False})


def said(*texts: str, role: str = "assistant") -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": {"value": each}} for each in texts]}


def read(project: Project, run_id: str = "thread_1/run_1") -> Report:
    return project.connector.job(AGENT).read(JOB, run_id)


def resend(project: Project, minutes: float = 3, **parameters: Any) -> str:
    request = project.request(JOB, is_resend=True, parameters=parameters)
    project.time.sleep(60 * minutes)
    return project.connector.job(AGENT).submit(request).external_run_id


def test_one_call_creates_the_thread_the_message_and_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = Project(monkeypatch, Reply.json(a_run()))
    job = a_job(AGENT, external_id="asst_1", userMessage="Hi", options={"temperature": 0})

    assert project.submit(job).external_run_id == "thread_1/run_1"

    assert project.paths() == ["POST threads/runs?api-version=v1"]
    token = {"polysync_attempt": "t0k3n"}
    assert project.sent() == {
        "assistant_id": "asst_1",
        "temperature": 0,
        "metadata": token,
        "thread": {"messages": [{"role": "user", "content": "Hi"}], "metadata": token},
    }
    assert project.transport.requests[0].headers["Authorization"] == (
        "Bearer https--ai.azure.com-.default"
    )


def test_a_given_thread_is_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(monkeypatch, Reply.json(a_run()))
    project.submit(JOB, parameters={"thread_id": "thread_9"})
    assert project.paths() == ["POST threads/thread_9/runs?api-version=v1"]
    assert project.sent()["additional_messages"][0]["content"] == "Summarise."


@pytest.mark.parametrize("thread", ["../assistants", "a b", "thread_1?x=1", "thread_1/runs"])
def test_a_wrong_thread_is_refused_before_the_call(
    monkeypatch: pytest.MonkeyPatch, thread: str
) -> None:
    project = Project(monkeypatch, Reply.json(a_run()))
    with pytest.raises(PlatformRefused) as caught:
        project.submit(JOB, parameters={"thread_id": thread})
    assert caught.value.cause is FailureCause.PARAMETERS
    assert project.paths() == []


def test_a_lost_run_is_found_in_its_thread_or_by_its_new_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = {"metadata": {"polysync_attempt": "t0k3n"}}
    given = Project(monkeypatch, listed(a_run("run_8"), a_run("run_9", **own)))
    assert resend(given, thread_id="thread_1") == "thread_1/run_9"

    thread = {"id": "thread_7", "created_at": STARTED, **own}
    new = Project(monkeypatch, listed(thread), listed(a_run(thread_id="thread_7")))
    assert resend(new) == "thread_7/run_1"
    assert new.paths()[0] == "GET threads?api-version=v1&limit=100&order=desc"
    assert new.paths()[1].startswith("GET threads/thread_7/runs?")


def test_a_missing_run_is_started_again_when_the_list_cannot_lag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(Uncertain):
        resend(Project(monkeypatch, listed()), minutes=1)

    assert resend(Project(monkeypatch, listed(), Reply.json(a_run()))) == "thread_1/run_1"


def test_the_search_ends_at_the_first_older_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    old = {"id": "thread_2", "created_at": STARTED - 3600}
    full = Reply.json({"data": [old], "has_more": True, "last_id": "thread_2"})
    project = Project(monkeypatch, full, Reply.json(a_run()))
    assert resend(project) == "thread_1/run_1"
    assert len(project.paths()) == 2


def test_the_response_is_the_newest_message_of_the_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    messages = listed(said("no", role="user"), said(), said("Sales", "rose."), said("old"))
    project = Project(monkeypatch, Reply.json(a_run(status="completed", usage=usage)), messages)

    report = read(project)

    assert report.status is ProviderStatus.SUCCESS
    assert report.outputs == {"response": "Sales\nrose.", "thread_id": "thread_1", **usage}
    assert "run_id=run_1&order=desc" in project.paths()[1]


@pytest.mark.parametrize(
    "answer", [listed(), Reply.json(an_error("not_found"), 404), Reply.json({}, 403)]
)
def test_a_run_without_a_response_succeeds_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, answer: Reply
) -> None:
    report = read(Project(monkeypatch, Reply.json(a_run(status="completed")), answer))
    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {"thread_id": "thread_1"})
    assert report.outputs_missing


def test_a_response_that_cannot_be_read_now_is_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable):
        read(Project(monkeypatch, Reply.json(a_run(status="completed")), Reply.json({}, 500)))


@pytest.mark.parametrize(
    ("state", "status", "text"),
    [
        ("requires_action", ProviderStatus.RUNNING, "Polysync calls no functions"),
        ("expired", ProviderStatus.FAILED, "expired"),
        ("incomplete", ProviderStatus.FAILED, "max_completion_tokens"),
        ("failed", ProviderStatus.FAILED, "rate_limit_exceeded: slow down"),
    ],
)
def test_each_state_has_its_reason(
    monkeypatch: pytest.MonkeyPatch, state: str, status: ProviderStatus, text: str
) -> None:
    error = {"code": "rate_limit_exceeded", "message": "slow down"} if state == "failed" else None
    report = read(Project(monkeypatch, Reply.json(a_run(status=state, last_error=error))))
    assert report.status is status
    assert text in (report.message or "")


def test_a_queued_run_waits_for_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    report = read(Project(monkeypatch, Reply.json(a_run())))
    assert (report.status, report.wait) == (ProviderStatus.STARTING, Wait.PLATFORM_QUEUE)


@pytest.mark.parametrize("run_id", ["run_1", "thread_1/", "/run_1", "thread_1/run_1/x", "a/../b"])
def test_an_id_of_another_form_is_never_sent(monkeypatch: pytest.MonkeyPatch, run_id: str) -> None:
    project = Project(monkeypatch, Reply.json(a_run()))
    with pytest.raises(RunNotFound):
        read(project, run_id)
    assert project.paths() == []


def test_an_answer_without_ids_is_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Uncertain):
        Project(monkeypatch, Reply.json({"id": "run_1", "status": "queued"})).submit(JOB)


def test_a_missing_agent_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(monkeypatch, Reply.json(an_error("not_found"), 404))
    with pytest.raises(ArtefactNotFound, match="import the agents again") as caught:
        project.submit(JOB)
    assert caught.value.cause is FailureCause.SUBMIT
