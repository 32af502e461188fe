"""An import names the parameters and artefacts that its platform no longer has."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.application.platforms.import_report import ImportedArtefact
from polysync_core.domain.definitions.jobs import Direction, Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import Artefact, ArtefactNotFound, ArtefactSchema
from tests.fakes.app import FakeApp
from tests.fakes.platform import FakePlatform

# Each test builds the whole app.
pytestmark = pytest.mark.slow

NOTEBOOK = "DatabricksNotebook"
PLATFORM = {
    "name": "lakehouse",
    "type": "AzureDatabricks",
    "auth": {"method": "DefaultCredential"},
    "attributes": {
        "workspaceUrl": "https://adb-1.2.azuredatabricks.net",
        "computeType": "Serverless",
    },
}


class Workspace(FakePlatform):
    """A platform of notebooks with widgets; `hidden` ones exist but are not listed."""

    def __init__(self) -> None:
        super().__init__()
        self.widgets: dict[str, list[str]] = {}
        self.hidden: set[str] = set()
        self.notes: tuple[str, ...] = ()
        self.refusal: Exception = ArtefactNotFound(
            "the notebook does not exist", cause=FailureCause.ARTEFACT, status=404
        )

    def artefacts(self, *, job_type: str | None = None, search: str | None = None) -> Any:
        for path in self.widgets:
            if path not in self.hidden and (search or "") in path:
                yield Artefact(external_id=path, job_type=NOTEBOOK, name=path.rpartition("/")[2])

    def describe(self, external_id: str) -> ArtefactSchema:
        if external_id not in self.widgets:
            raise self.refusal
        names = self.widgets[external_id]
        parameters = tuple(Parameter(name=name, default="1") for name in names)
        return ArtefactSchema(parameters=parameters, notes=self.notes)


class World:
    def __init__(self) -> None:
        self.workspace = Workspace()
        self.app = FakeApp(open_connector=lambda platform, *, secrets: self.workspace)
        self.put("/platforms/lakehouse", PLATFORM)

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.app.http.put(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.app.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        return self.app.http.get(path).json()

    def whole(self, **body: Any) -> dict[str, list[str]]:
        report = self.post("/platforms/lakehouse/import", body)
        return {each["job"]: each["error"] for each in report["failed"]}

    def mark(self, name: str) -> bool:
        parameters = self.get("/jobs/extract")["parameters"]
        return next(each for each in parameters if each["name"] == name)["missing"]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def renamed(world: World) -> World:
    """A Task sets a parameter that its notebook has renamed."""
    world.workspace.widgets["/etl/extract"] = ["day", "max_rows"]
    world.whole()
    world.put("/tasks/big", {"job": "extract", "parameters": {"max_rows": "5000"}})
    world.workspace.widgets["/etl/extract"] = ["day", "row_limit"]
    return world


def sync(world: World) -> dict[str, Any]:
    return world.post("/jobs/extract/sync-parameters")


def test_a_sync_marks_the_parameter_that_a_task_still_sets(renamed: World):
    answer = sync(renamed)

    assert (renamed.mark("max_rows"), renamed.mark("row_limit")) == (True, False)
    assert answer["result"] == "updated"
    assert answer["difference"]["missingChanged"] == [
        {"name": "max_rows", "before": False, "after": True}
    ]
    (problem,) = answer["tasks"][0]["problems"]
    assert problem["path"] == "parameters.max_rows"
    assert problem["message"].startswith("the artefact no longer reads parameter 'max_rows'")
    assert "row_limit" in problem["message"]


def test_a_second_sync_still_warns_and_changes_nothing(renamed: World):
    sync(renamed)
    again = sync(renamed)

    assert again["result"] == "unchanged"
    assert [each["task"] for each in again["tasks"]] == ["big"]


@pytest.mark.parametrize("given", [None, {"day": "2"}, {"max_rows": "7"}])
def test_every_run_with_the_value_says_that_it_has_no_effect(renamed: World, given: Any):
    sync(renamed)
    run_id = renamed.post("/tasks/big/run", {"parameters": given or {}})["runId"]

    (warning,) = renamed.get(f"/task-runs/{run_id}")["warnings"]
    assert "no longer reads parameter 'max_rows'" in warning
    notes = [each["reason"] for each in renamed.get(f"/task-runs/{run_id}/history")["items"]]
    assert warning in notes
    assert warning in renamed.get(f"/task-runs/{run_id}/explain")["sentences"]


def test_a_run_without_the_value_has_no_warning(renamed: World):
    renamed.put("/tasks/small", {"job": "extract", "parameters": {"day": "2"}})
    sync(renamed)
    run_id = renamed.post("/tasks/small/run")["runId"]

    assert "warnings" not in renamed.get(f"/task-runs/{run_id}")


def test_a_run_of_the_job_alone_warns_about_its_own_value(renamed: World):
    sync(renamed)
    run_id = renamed.post("/jobs/extract/run", {"params": {"max_rows": "1"}})["runId"]

    history = renamed.app.services.task_runs.get(run_id).history  # type: ignore[arg-type]
    assert "no longer reads parameter 'max_rows'" in history[-1].reason


def test_a_plan_warns_about_each_value_for_a_missing_parameter(renamed: World):
    sync(renamed)
    job = renamed.get("/jobs/extract")
    body = {name: job[name] for name in ("platform", "jobType", "externalId", "parameters")}
    renamed.put("/jobs/extract", {**body, "settings": {"outputsFromExitValue": True}})
    task = {
        "name": "other",
        "job": "extract",
        "parameters": {"max_rows": "1"},
        "schedules": [{"name": "a", "cron": "@daily", "parameters": {"max_rows": "2"}}],
        "dependencies": [{"task": "big", "mappings": [{"output": "n", "input": "max_rows"}]}],
    }
    plan = renamed.app.http.put("/definitions?dryRun=true", json={"tasks": [task]}).json()

    assert [each["path"] for each in plan["warnings"]] == [
        "tasks[0].parameters.max_rows",
        "tasks[0].schedules[0].parameters.max_rows",
        "tasks[0].dependencies[0].mappings[0].input",
    ]


def test_the_mark_goes_with_the_cause(renamed: World):
    sync(renamed)
    renamed.workspace.widgets["/etl/extract"] = ["day", "max_rows"]
    assert sync(renamed)["result"] == "updated"
    assert renamed.mark("max_rows") is False

    renamed.workspace.widgets["/etl/extract"] = ["day", "row_limit"]
    sync(renamed)
    renamed.put("/tasks/big", {"job": "extract", "parameters": {"row_limit": "5000"}})
    assert sync(renamed)["difference"]["removed"] == ["max_rows"]


def test_an_uncertain_reading_and_an_output_mark_nothing(renamed: World):
    renamed.workspace.notes = ("a widget may be missing",)
    sync(renamed)
    assert renamed.mark("max_rows") is False

    renamed.workspace.notes = ()
    job = renamed.get("/jobs/extract")
    job["parameters"].append({"name": "rows", "direction": Direction.OUTPUT.value})
    body = {name: job[name] for name in ("platform", "jobType", "externalId", "parameters")}
    renamed.put("/jobs/extract", body)
    sync(renamed)
    assert (renamed.mark("max_rows"), renamed.mark("rows")) == (True, False)


@pytest.mark.parametrize("selection", [{}, {"jobType": NOTEBOOK}, {"limit": 1}])
def test_an_import_of_the_platform_names_the_jobs_whose_artefacts_are_gone(
    world: World, selection: dict[str, Any]
):
    world.workspace.widgets |= {"/etl/a": [], "/etl/b": [], "/etl/c": []}
    world.whole()
    del world.workspace.widgets["/etl/b"]
    world.workspace.hidden.add("/etl/c")

    failed: dict[str, Any] = {}
    token = None
    while True:
        body = {**selection, **({"continuationToken": token} if token else {})}
        answer = world.post("/platforms/lakehouse/import", body)
        failed |= {each["job"]: each for each in answer["failed"]}
        if (token := answer["continuationToken"]) is None:
            break

    assert list(failed) == ["b"]
    assert failed["b"]["externalId"] == "/etl/b"
    assert "Correct externalId of job 'b', or delete the job." in failed["b"]["error"]


@pytest.mark.parametrize(
    "selection", [{"search": "a"}, {"externalIds": ["/etl/a"]}, {"jobType": "DatabricksJob"}]
)
def test_a_part_of_the_platform_says_nothing_about_other_jobs(
    world: World, selection: dict[str, Any]
):
    world.workspace.widgets |= {"/etl/a": [], "/etl/b": []}
    world.whole()
    del world.workspace.widgets["/etl/b"]

    assert "b" not in world.whole(**selection)


def test_an_artefact_that_cannot_be_read_for_another_reason_is_not_called_gone(world: World):
    world.workspace.widgets["/etl/a"] = []
    world.whole()
    del world.workspace.widgets["/etl/a"]
    world.workspace.refusal = PlatformRefused("no", cause=FailureCause.SUBMIT, status=403)

    assert world.whole() == {}


def test_a_sync_of_a_job_without_its_artefact_names_the_path(world: World):
    world.workspace.widgets["/etl/alert"] = []
    world.whole()
    world.workspace.widgets.clear()

    answer = world.app.http.post("/jobs/alert/sync-parameters")

    assert "The artefact /etl/alert cannot be read" in answer.json()["detail"]


def test_the_outcome_of_a_vanished_artefact_names_its_job():
    artefact = Artefact(external_id="/x", job_type=NOTEBOOK, name="x")
    error = PlatformRefused("it is gone.", cause=FailureCause.ARTEFACT)
    outcome = ImportedArtefact.vanished(artefact, error, "load")

    assert outcome.error == "it is gone. Correct externalId of job 'load', or delete the job."
