"""Discovery lists what no Job can run, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.application.platforms.import_report import ImportedArtefact, ImportResult
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.platforms.azure_data_pipelines.discovery import find_pipelines
from polysync_core.platforms.azure_databricks.job_discovery import JobDiscovery
from polysync_core.platforms.azure_databricks.pipeline.connector import DatabricksPipelineConnector
from polysync_core.platforms.azure_functions.discovery import AzureFunctionDiscovery
from polysync_core.platforms.azure_logic_apps.workflow_definition import read_workflow
from polysync_core.platforms.connector import Artefact
from polysync_core.platforms.google_functions.discovery import CloudFunctionDiscovery
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime
from tests.unit.platforms.azure_data_pipelines.stand import Stand


def client(answer: Any) -> PlatformClient:
    base = BaseAddress("https://p.example.com", "p.example.com", AddressScope.PUBLIC)
    http = HttpOptions(transport=ScriptedTransport([Reply.json(answer)]), timer=VirtualTime().timer)
    return PlatformClient(base, None, http=http)


def function(name: str, *kinds: str, **facts: Any) -> dict[str, Any]:
    bindings = [{"type": kind, **facts.pop("binding", {})} for kind in kinds]
    return {"properties": {"name": name, "config": {"bindings": bindings}, **facts}}


def azure_functions() -> Iterator[Artefact]:
    answer = {
        "value": [
            function("Report", "httpTrigger"),
            function("Nightly", "timerTrigger"),
            function("Off", "httpTrigger", isDisabled=True),
            function("Odd", "httpTrigger", binding={"route": "a/{id:regex(^[0-9]{{2}}$)}"}),
        ]
    }
    return AzureFunctionDiscovery(client(answer), ("sites", "app")).find(None)


def google_functions() -> Iterator[Artefact]:
    path = "projects/p/locations/l/functions"
    answer = {
        "functions": [
            {"name": f"{path}/report"},
            {"name": f"{path}/on-upload", "eventTrigger": {"eventType": "x"}},
        ]
    }
    return CloudFunctionDiscovery(client(answer), ("projects", "p")).find(None)


def pipelines() -> Iterator[Artefact]:
    names = ("売上\uff08月次\uff09", "1ª carga", "a.b", "trailing ")
    stand = Stand({"value": [{"name": name, "properties": {}} for name in names]})
    return find_pipelines(stand.job.service, "ADFPipeline", None)  # type: ignore[attr-defined]


def databricks_jobs() -> Iterator[Artefact]:
    answer = {"jobs": [{"job_id": 1, "settings": {"name": "a"}}, {"job_id": 2}]}
    return JobDiscovery(client(answer)).find(None)


def databricks_pipelines() -> Iterator[Artefact]:
    answer = {"statuses": [{"pipeline_id": "p-1", "name": "a"}, {"pipeline_id": "a/b"}]}
    return DatabricksPipelineConnector(client(answer)).find(None)


@pytest.mark.parametrize(
    ("found", "left_out", "skipped"),
    [
        (azure_functions, {"Nightly", "Off", "Odd"}, {"Nightly", "Off"}),
        (google_functions, {"on-upload"}, {"on-upload"}),
        (pipelines, {"a.b"}, set[str]()),
        (databricks_jobs, {"2"}, set[str]()),
        (databricks_pipelines, {"a/b"}, set[str]()),
    ],
)
def test_an_artefact_that_no_job_can_run_is_listed_with_its_reason(
    found: Any, left_out: set[str], skipped: set[str]
) -> None:
    artefacts = list(found())
    assert {each.name for each in artefacts if each.problem} == left_out
    assert {each.name for each in artefacts if each.is_skipped} == skipped
    assert len(artefacts) > len(left_out)
    for each in artefacts:
        if each.problem is not None:
            reported = ImportedArtefact.unusable(each, each.problem, None)
            expected = ImportResult.SKIPPED if each.is_skipped else ImportResult.FAILED
            assert (reported.result, reported.error) == (expected, each.problem)


@pytest.mark.parametrize(
    ("triggers", "expected"),
    [
        ({"daily": "Recurrence", "manual": "Request"}, "manual"),
        ({"b": "Request", "a": "request"}, "a"),
        ({"daily": "Recurrence"}, None),
        ({}, None),
    ],
)
def test_the_request_trigger_of_a_workflow_is_found_in_any_order(
    triggers: dict[str, str], expected: str | None
) -> None:
    for order in (triggers, dict(reversed(triggers.items()))):
        definition = {
            "actions": {},
            "triggers": {name: {"type": kind} for name, kind in order.items()},
        }
        workflow = read_workflow({"properties": {"definition": definition}})
        assert workflow is not None
        assert workflow.trigger == expected
