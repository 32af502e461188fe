"""Foundry projects: definitions, evaluations and calls of models."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ProviderStatus
from polysync_core.platforms.registry import check_platform
from tests.fakes.builders import problems_of
from tests.fakes.http import Reply
from tests.unit.platforms.azure_ai_foundry_project.project import URL, Project, a_project
from tests.unit.platforms.azure_openai.account import a_completion, a_job, an_error

EVALUATION = JobType.FOUNDRY_EVALUATION_RUN
INFERENCE = JobType.FOUNDRY_MODEL_INFERENCE
KEY = {"method": "ApiKey", "apiKey": "vault://v/k"}


@pytest.mark.parametrize(
    ("attributes", "paths"),
    [
        ({}, []),
        ({"accountUrl": "https://x.services.ai.azure.us", "cloud": "AzureUSGovernment"}, []),
        ({"accountUrl": "https://x.openai.azure.com"}, ["attributes.accountUrl"]),
        ({"accountUrl": f"{URL}/api/projects/forecasts"}, ["attributes.accountUrl"]),
        ({"projectName": "a/b"}, ["attributes.projectName"]),
        ({"projectName": ".."}, ["attributes.projectName"]),
    ],
)
def test_a_project_is_on_the_host_of_its_account(
    attributes: dict[str, Any], paths: list[str]
) -> None:
    platform = a_project(**attributes)
    found = problems_of(lambda: check_platform(platform, allow_loopback=False))
    assert [each.path for each in found] == paths


def test_a_key_is_for_models_only(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(monkeypatch, Reply.json(a_completion()), auth=KEY)
    project.submit(a_job(INFERENCE, userPrompt="x"))
    schema = project.connector.job(INFERENCE).describe("chat")

    for job_type in (INFERENCE, EVALUATION, JobType.FOUNDRY_AGENT_RUN):
        with pytest.raises(PlatformRefused, match="API key") as caught:
            list(project.connector.artefacts(job_type=job_type))
        assert caught.value.cause is FailureCause.SECRET
    (request,) = project.transport.requests
    assert request.headers["api-key"] == "value-of-k"
    assert len(schema.notes) == 1


def test_a_model_is_called_at_the_account_with_its_own_scope(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = Project(monkeypatch, Reply.json(a_completion()))
    project.submit(a_job(INFERENCE, userPrompt="x"))

    (request,) = project.transport.requests
    assert request.url == f"{URL}/openai/v1/chat/completions"
    assert request.headers["Authorization"] == (
        "Bearer https--cognitiveservices.azure.com-.default"
    )


def test_a_missing_role_of_the_project_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(monkeypatch, Reply.json(an_error("PermissionDenied"), 401))
    with pytest.raises(PlatformRefused, match="Azure AI User"):
        project.connector.test()


def test_the_setting_chooses_the_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"data": [{"embedding": [0.5]}], "usage": {}}
    project = Project(monkeypatch, Reply.json(answer))
    job = a_job(INFERENCE, operation="Embedding", input="x")
    assert project.submit(job).report.outputs == {"embedding": [0.5]}
    assert project.transport.requests[0].url == f"{URL}/openai/v1/embeddings"


def test_deployments_are_sorted_by_their_capabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    def deployment(name: str, model: str, sku: str = "Standard", **able: str) -> dict[str, Any]:
        return {"name": name, "modelName": model, "sku": {"name": sku}, "capabilities": able}

    found = Reply.json(
        {
            "value": [
                deployment("chat", "grok-4", chat_completion="true"),
                deployment("vectors", "embed-v4", embeddings="true"),
                deployment("nightly", "gpt-4o", "GlobalBatch", chat_completion="true"),
                deployment("voice", "tts", audio="true"),
            ]
        }
    )
    project = Project(monkeypatch, found)

    artefacts = list(project.connector.artefacts(job_type=INFERENCE))

    assert [(each.name, each.is_skipped) for each in artefacts] == [
        ("chat", False),
        ("vectors", False),
        ("nightly", True),
        ("voice", True),
    ]
    assert [dict(each.schema.settings) for each in artefacts if each.schema] == [
        {},
        {"operation": "Embedding"},
    ]
    assert "AzureOpenAI" in (artefacts[2].problem or "")
    assert "tts" in (artefacts[3].problem or "")


def evaluated(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> Any:
    run = {"id": "evalrun_1", "eval_id": "eval_1", "status": "completed", **facts}
    project = Project(monkeypatch, Reply.json(run))
    return project.connector.job(EVALUATION).read(a_job(EVALUATION, external_id="eval_1"), "r1")


def test_a_report_is_shown_on_the_hosts_of_the_portal_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = "https://ai.azure.com/evaluation/1"
    assert evaluated(monkeypatch, report_url=page).monitor_url == page
    for foreign in ("https://evil.example/1", "javascript:alert(1)", "http://ai.azure.com/1", 7):
        report = evaluated(monkeypatch, report_url=foreign)
        assert (report.monitor_url, "report_url" in report.outputs) == (None, False)


def test_a_run_whose_items_all_have_errors_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    useless = {"total": 3, "passed": 0, "failed": 0, "errored": 3}
    assert evaluated(monkeypatch, result_counts=useless).status is ProviderStatus.FAILED
    for counts in ({**useless, "errored": 2}, {"total": 0, "errored": 0}, None):
        assert evaluated(monkeypatch, result_counts=counts).status is ProviderStatus.SUCCESS


@pytest.mark.parametrize(
    ("settings", "parameters", "source"),
    [
        (
            {"datasetId": "azureai://data/{parameters.day}"},
            {"day": "mon"},
            {"type": "jsonl", "source": {"type": "file_id", "id": "azureai://data/mon"}},
        ),
        (
            {"dataSource": {"type": "csv", "rows": "{parameters.day}"}},
            {"day": "mon"},
            {"type": "csv", "rows": "mon"},
        ),
        (
            {"dataSource": {"type": "csv"}},
            {"dataset_id": "file-1"},
            {"type": "jsonl", "source": {"type": "file_id", "id": "file-1"}},
        ),
    ],
)
def test_an_evaluation_gets_its_data(
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    parameters: dict[str, Any],
    source: dict[str, Any],
) -> None:
    project = Project(monkeypatch, Reply.json({"id": "evalrun_1"}))
    job = a_job(EVALUATION, *parameters, external_id="eval_1", **settings)

    project.submit(job, parameters=parameters)

    assert project.paths() == ["POST openai/v1/evals/eval_1/runs"]
    assert project.sent() == {
        "name": "run",
        "data_source": source,
        "metadata": {"polysync_attempt": "t0k3n"},
    }


def test_an_evaluation_without_data_is_refused_before_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = Project(monkeypatch, Reply.json({"id": "evalrun_1"}))
    with pytest.raises(PlatformRefused, match=r"settings\.datasetId") as caught:
        project.submit(a_job(EVALUATION, external_id="eval_1"))
    assert caught.value.cause is FailureCause.PARAMETERS
    assert project.paths() == []
