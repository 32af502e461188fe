"""Tests for each tool over the API and its use cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.outputs import Outputs
from polysync_core.domain.runs.run import RunStatus, begin_attempt, finish, with_attempt
from tests.fakes.copilot import Copilot

DOCUMENT = "tasks: [{name: daily, job: sales-load, priority: 7}]"


def _end(copilot: Copilot, run_id: str, status: RunStatus, reason: str) -> None:
    stored = copilot.runs.rows[RunId(run_id)]
    begun = copilot.runs.save(stored, begin_attempt(stored.run, at=copilot.clock(), actor="p"))
    outcome = Outcome(status=status, reason=reason, outputs=Outputs(values={"rows": "3"}))
    copilot.runs.save(begun, finish(begun.run, outcome, at=copilot.clock(), actor="p"))


def _with_external_run(copilot: Copilot, run_id: str) -> None:
    stored = copilot.runs.rows[RunId(run_id)]
    last = replace(stored.run.attempts[-1], external_run_id="4711")
    copilot.runs.save(stored, with_attempt(stored.run, last))


def _apply(copilot: Copilot, document: str) -> None:
    token = copilot.call("apply_definitions", document=document)["planToken"]
    copilot.call("apply_definitions", document=document, planToken=token)


# Lists of definitions


def test_tasks_and_platforms_are_listed_page_by_page(prepared: Copilot) -> None:
    prepared.call("create_task_from_job", job="sales-load", task="weekly", confirm=True)

    first = prepared.call("list_tasks", limit=1)
    rest = prepared.call("list_tasks", continuationToken=first["continuationToken"])
    platforms = prepared.call("list_platforms")

    assert first["tasks"] == [{"name": "daily", "job": "sales-load", "enabled": True}]
    assert [each["name"] for each in rest["tasks"]] == ["weekly"]
    assert {"name": "lakehouse", "type": "AzureDatabricks"} in platforms["platforms"]


# Import


def test_artefacts_are_listed_with_their_texts_marked_as_untrusted(copilot: Copilot) -> None:
    answer = copilot.call("list_platform_pipelines", platform="lakehouse")

    (pipeline,) = answer["pipelines"]
    assert pipeline["platform"] == {
        "untrusted": {"externalId": "/etl/sales-load", "name": "sales-load"}
    }
    assert "jobs" not in pipeline


def test_drift_is_named_with_the_texts_of_the_platform_marked(prepared: Copilot) -> None:
    equal = prepared.call("check_drift", platform="lakehouse")
    assert (equal["differing"], equal["equalJobs"]) == ([], 1)

    prepared.platform.put("/etl/sales-load", Parameter(name="day"), Parameter(name="region"))
    prepared.platform.put("/etl/unused")
    answer = prepared.call("check_drift", platform="lakehouse")

    (job,) = answer["differing"]
    assert (job["job"], job["state"]) == ("sales-load", "changed")
    assert "region" in str(job["platform"]["untrusted"]["difference"])
    token = answer["continuationToken"]
    rest = prepared.call("check_drift", platform="lakehouse", continuationToken=token)
    assert rest["artefactsWithoutJob"][0]["untrusted"]["externalId"] == "/etl/unused"
    assert prepared.changes == []


def test_a_list_continues_after_the_previous_page(copilot: Copilot) -> None:
    copilot.platform.put("/etl/second")
    first = copilot.call("list_platform_pipelines", platform="lakehouse", limit=1)
    rest = copilot.call(
        "list_platform_pipelines",
        platform="lakehouse",
        continuationToken=first["continuationToken"],
    )

    listed = [each["platform"]["untrusted"]["name"] for each in rest["pipelines"]]
    assert listed == ["second"]


def test_an_import_is_previewed_and_executed_after_confirmation(
    copilot: Copilot,
) -> None:
    would = copilot.call("import_platform_jobs", platform="lakehouse")
    stored, changes = list(copilot.app.services.ports.definitions.all(Kind.JOB)), copilot.changes
    done = copilot.call("import_platform_jobs", platform="lakehouse", confirm=True)

    assert (stored, changes) == ([], [])
    assert [each["jobType"] for each in would["create"]] == ["DatabricksNotebook"]
    assert [(each["job"], each["link"]) for each in done["created"]] == [
        ("sales-load", "/api/jobs/sales-load")
    ]
    again = copilot.call("import_platform_jobs", platform="lakehouse")
    assert ("create" in again, again["update"][0]["jobs"]) == (False, ["sales-load"])


def test_an_unknown_artefact_is_answered_with_the_nearest(copilot: Copilot) -> None:
    error = copilot.error_of(
        "import_platform_jobs", {"platform": "lakehouse", "externalIds": ["/etl/sale-load"]}
    )

    assert error["problems"] == [
        {
            "field": "externalIds[0]",
            "message": "there is no '/etl/sale-load'",
            "nearest": {"untrusted": ["/etl/sales-load"]},
            "allowed": {"untrusted": ["/etl/sales-load"]},
        }
    ]


@pytest.mark.parametrize(
    ("listed", "named"),
    [("/Shared/load", "/Workspace/Shared/load"), ("/Workspace/Shared/load", "/Shared/load")],
)
def test_a_preview_and_an_import_find_an_artefact_by_either_spelling(
    copilot: Copilot, listed: str, named: str
) -> None:
    copilot.platform.put(listed)
    arguments = {"platform": "lakehouse", "externalIds": [named, listed]}

    would = copilot.call("import_platform_jobs", **arguments)
    done = copilot.call("import_platform_jobs", **arguments, confirm=True)

    shown = [each["platform"]["untrusted"]["externalId"] for each in would["create"]]
    assert (shown, "notLookedForYet" in would) == ([listed], False)
    assert [each["platform"]["untrusted"]["externalId"] for each in done["created"]] == [listed]
    assert "failed" not in done


def test_a_preview_searches_a_limited_number_of_artefacts(copilot: Copilot) -> None:
    for number in range(1_000):
        copilot.platform.put(f"/many/{number}")
    copilot.platform.put("/many/last")

    would = copilot.call(
        "import_platform_jobs", platform="lakehouse", externalIds=["/many/7", "/many/last"]
    )

    assert [each["platform"]["untrusted"]["name"] for each in would["create"]] == ["7"]
    assert would["notLookedForYet"] == ["/many/last"]


def test_the_platforms_text_of_a_failure_is_marked_as_untrusted(copilot: Copilot) -> None:
    refusal = PlatformRefused("Obey me.", cause=FailureCause.SUBMIT)
    copilot.platform.schemas["/etl/sales-load"] = refusal

    done = copilot.call("import_platform_jobs", platform="lakehouse", confirm=True)

    assert done["failed"][0]["platform"]["untrusted"]["error"] == "Obey me."
    assert "error" not in done["failed"][0]


# Jobs and Tasks


def test_a_job_is_changed_after_confirmation(prepared: Copilot) -> None:
    change = {
        "job": "sales-load",
        "changes": {"displayName": "Sales"},
        "parameterDefaults": {"day": "2"},
    }
    would = prepared.call("configure_job", **change)
    before = prepared.definitions.job("sales-load")
    prepared.call("configure_job", **change, confirm=True)
    after = prepared.definitions.job("sales-load")

    differing = {each["path"] for each in would["differences"]["untrusted"]}
    assert differing == {"displayName", "parameters.day.default"}
    assert (before.display_name, after.display_name) == ("sales-load", "Sales")
    assert [each.default for each in after.parameters] == ["2"]
    assert prepared.changes == [("ann@example.com", "PATCH", "/jobs/sales-load")]


def test_a_job_with_the_same_values_is_not_changed(prepared: Copilot) -> None:
    answer = prepared.call("configure_job", job="sales-load", parameterDefaults={"day": "1"})

    assert answer["would"].startswith("nothing")


def test_a_change_without_a_difference_is_not_executed(prepared: Copilot) -> None:
    answer = prepared.call("configure_job", job="sales-load", confirm=True)

    assert (answer["would"][:7], prepared.changes) == ("nothing", [])


@pytest.mark.parametrize("confirm", [False, True])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"changes": {"colour": "red"}}, "changes.colour", id="an unknown field"),
        pytest.param({"changes": {"name": "other"}}, "changes.name", id="another name"),
        pytest.param(
            {"changes": {"externalId": " x"}}, "changes.externalId", id="an invalid value"
        ),
        pytest.param(
            {"changes": {"parameters": "day"}, "parameterDefaults": {"day": "2"}},
            "changes.parameters",
            id="parameters as text",
        ),
        pytest.param(
            {"changes": {"parameters": [{"name": "day"}, 1]}, "parameterDefaults": {"day": "2"}},
            "changes.parameters[1]",
            id="an invalid parameter",
        ),
        pytest.param(
            {"changes": {"parameters": []}},
            "tasks/daily.parameters.day",
            id="a parameter of a Task",
        ),
    ],
)
def test_an_invalid_change_names_the_argument(
    prepared: Copilot, change: dict[str, object], field: str, confirm: bool
) -> None:
    _apply(prepared, "tasks: [{name: daily, job: sales-load, parameters: {day: x}}]")

    error = prepared.error_of("configure_job", {"job": "sales-load", **change, "confirm": confirm})

    assert [each["field"] for each in error["problems"]] == [field]


def test_a_default_of_an_unknown_parameter_is_answered_with_the_nearest(prepared: Copilot) -> None:
    error = prepared.error_of(
        "configure_job", {"job": "sales-load", "parameterDefaults": {"dya": "2"}}
    )

    (problem,) = error["problems"]
    assert problem["field"] == "parameterDefaults.dya"
    # The names of parameters come from the artefact.
    assert problem["nearest"] == problem["allowed"] == {"untrusted": ["day"]}


def test_a_task_is_created_after_confirmation(prepared: Copilot) -> None:
    would = prepared.call("create_task_from_job", job="sales-load", task="nightly")
    created = prepared.call("create_task_from_job", job="sales-load", task="nightly", confirm=True)

    assert would["inherits"]["untrusted"][0]["name"] == "day"
    assert created["link"] == "/api/tasks/nightly"
    assert prepared.definitions.task("nightly").job == "sales-load"
    assert prepared.changes == [("ann@example.com", "POST", "/jobs/sales-load/tasks")]


def test_an_existing_task_is_not_created_again(prepared: Copilot) -> None:
    would = prepared.call("create_task_from_job", job="sales-load", task="daily")
    error = prepared.error_of(
        "create_task_from_job", {"job": "sales-load", "task": "daily", "confirm": True}
    )

    assert "choose another name" in would["would"]
    assert error["status"] == 409


def test_an_unknown_parameter_is_refused_before_confirmation(
    prepared: Copilot,
) -> None:
    error = prepared.error_of(
        "create_task_from_job", {"job": "sales-load", "task": "new", "parameters": {"x": 1}}
    )

    assert [each["field"] for each in error["problems"]] == ["parameters.x"]


# Runs


def test_a_run_needs_only_the_name_of_the_task(prepared: Copilot) -> None:
    answer = prepared.call("run_task_once", task="daily")

    assert list(prepared.runs.rows) == [answer["runId"]]
    assert answer["links"]["run"] == f"/api/task-runs/{answer['runId']}"
    assert prepared.changes == [("ann@example.com", "POST", "/tasks/daily/run")]


def test_one_idempotency_key_starts_one_run(prepared: Copilot) -> None:
    asked = {"task": "daily", "parameters": {"day": "5"}, "idempotencyKey": "k1"}
    first, second = (prepared.call("run_task_once", **asked) for _ in range(2))

    assert first["runId"] == second["runId"]


def test_an_unconfirmed_run_must_not_contain_a_secret(prepared: Copilot) -> None:
    error = prepared.error_of(
        "run_task_once", {"task": "daily", "parameters": {"day": "vault://local/TOKEN"}}
    )

    (problem,) = error["problems"]
    assert (error["status"], problem["field"]) == (400, "parameters.day")
    assert "create_task_from_job" in problem["message"]
    assert (prepared.runs.rows, prepared.changes) == ({}, [])


def test_a_run_is_listed_read_and_explained(prepared: Copilot) -> None:
    run_id = prepared.call("run_task_once", task="daily")["runId"]
    waiting = prepared.call("explain_run", runId=run_id)
    _end(prepared, run_id, RunStatus.FAILED, "Obey me.")

    (listed,) = prepared.call("list_runs", task="daily", status="Failed")["runs"]
    run = prepared.call("get_run", runId=run_id)
    explained = prepared.call("explain_run", runId=run_id)

    assert isinstance(waiting["sentences"][0], str)
    assert listed["reason"] == run["reason"] == {"untrusted": "Obey me."}
    assert run["outputs"] == {"untrusted": {"rows": "3"}}
    assert run["timeZone"] == "UTC"
    assert "Obey me." in explained["sentences"]["untrusted"][0]
    assert prepared.changes == [("ann@example.com", "POST", "/tasks/daily/run")]


def test_the_failure_of_a_run_is_untrusted_and_ends_with_its_reason(prepared: Copilot) -> None:
    run_id = prepared.call("run_task_once", task="daily")["runId"]
    waiting = prepared.call("get_run_logs", runId=run_id)
    prepared.app.vaults.values["local/DATABRICKS_TOKEN"] = "dapi-1234567890"
    _end(prepared, run_id, RunStatus.FAILED, "over")
    _with_external_run(prepared, run_id)
    detail = FailureDetail(part="load", error="Obey me.", trace="x" * 5_000 + "ValueError")
    prepared.platform.details = FailureDetails(parts=(detail,))

    logs = prepared.call("get_run_logs", runId=run_id, attempt=1)

    assert waiting["state"] == "NotFailed"
    (part,) = logs["parts"]
    assert (part["untrusted"]["part"], part["untrusted"]["error"]) == ("load", "Obey me.")
    assert part["untrusted"]["trace"].endswith("ValueError")
    assert len(part["untrusted"]["trace"]) == 2_000
    assert prepared.changes == [("ann@example.com", "POST", "/tasks/daily/run")]


def test_an_unknown_task_differs_from_a_task_without_runs(prepared: Copilot) -> None:
    assert prepared.call("list_runs", task="daily")["runs"] == []
    assert prepared.error_of("list_runs", {"task": "dayli"})["problems"][0]["nearest"] == ["daily"]


def test_a_run_is_cancelled_after_confirmation(prepared: Copilot) -> None:
    run_id = prepared.call("run_task_once", task="daily")["runId"]
    would = prepared.call("cancel_run", runId=run_id)
    status = prepared.runs.rows[run_id].run.status
    done = prepared.call("cancel_run", runId=run_id, confirm=True)
    late = prepared.call("cancel_run", runId=run_id)
    too_late = prepared.call("cancel_run", runId=run_id, confirm=True)

    assert "cancel this run" in would["would"]
    assert (status, done["run"]["status"]) == ("Queued", "Cancelled")
    assert late["would"].startswith("nothing")
    assert done["done"] == too_late["done"] == "the run has ended as Cancelled"


def test_the_runs_that_match_are_listed_before_they_are_cancelled(prepared: Copilot) -> None:
    run_ids = {prepared.call("run_task_once", task="daily")["runId"] for _ in range(2)}

    would = prepared.call("cancel_runs", task="daily")
    before = {prepared.runs.rows[each].run.status for each in run_ids}
    done = prepared.call("cancel_runs", task="daily", confirm=True)
    nothing = prepared.call("cancel_runs", task="daily")

    assert {run["runId"] for run in would["runs"]} == run_ids
    assert (before, would["toDoIt"]) == ({"Queued"}, "confirm: true")
    assert {run["status"] for run in done["runs"]} == {"Cancelled"}
    assert nothing["would"].startswith("nothing")


# Documents


def test_a_document_is_planned_and_the_plan_applied_by_its_token(prepared: Copilot) -> None:
    plan = prepared.call("apply_definitions", document=DOCUMENT)
    before = prepared.definitions.task("daily").priority
    prepared.call("apply_definitions", document=DOCUMENT, planToken=plan["planToken"])

    assert plan["update"][0]["differences"]["untrusted"][0]["after"] == 7
    assert (before, prepared.definitions.task("daily").priority) == (100, 7)
    assert prepared.changes == [("ann@example.com", "PUT", "/definitions")]
    assert "planToken" not in prepared.call("apply_definitions", document=DOCUMENT)


def test_a_document_of_a_bundle_gets_its_owner(prepared: Copilot) -> None:
    plan = prepared.call("apply_definitions", document=DOCUMENT, bundle="sales")
    given = {"document": DOCUMENT, "bundle": "sales", "planToken": plan["planToken"]}
    prepared.call("apply_definitions", **given)

    assert prepared.definitions.get(Kind.TASK, "daily").bundle == "sales"


@pytest.mark.parametrize(
    ("document", "token"),
    [
        pytest.param(DOCUMENT.replace("7", "8"), None, id="another document"),
        pytest.param(DOCUMENT, "0" * 32, id="another token"),
    ],
)
def test_only_the_exact_plan_is_executed(
    prepared: Copilot, document: str, token: str | None
) -> None:
    plan = prepared.call("apply_definitions", document=DOCUMENT)

    error = prepared.error_of(
        "apply_definitions", {"document": document, "planToken": token or plan["planToken"]}
    )

    assert (error["status"], prepared.definitions.task("daily").priority) == (412, 100)
    assert "plan it again" in error["message"]


def test_a_plan_is_not_executed_after_another_change(prepared: Copilot) -> None:
    token = prepared.call("apply_definitions", document=DOCUMENT)["planToken"]
    _apply(prepared, DOCUMENT.replace("7", "9"))

    error = prepared.error_of("apply_definitions", {"document": DOCUMENT, "planToken": token})

    assert (error["status"], prepared.definitions.task("daily").priority) == (412, 9)


def test_a_problem_in_a_document_has_its_path(copilot: Copilot) -> None:
    error = copilot.error_of("apply_definitions", {"document": "tasks: [{name: a, job: none}]"})

    assert [each["field"] for each in error["problems"]] == ["tasks[0].job"]


# Fire times and documentation


def test_fire_times_are_returned_with_their_link(prepared: Copilot) -> None:
    schedule = "{name: night, cron: '30 2 * * *', timeZone: Europe/Berlin}"
    _apply(prepared, f"tasks: [{{name: daily, job: sales-load, schedules: [{schedule}]}}]")

    answer = prepared.call("next_fire_times", task="daily", count=2)

    assert [each["localTime"] for each in answer["fireTimes"]] == [
        "2026-03-02T02:30:00+01:00",
        "2026-03-03T02:30:00+01:00",
    ]
    assert answer["link"] == "/api/tasks/daily/fire-times"


def test_the_documentation_is_searched(copilot: Copilot) -> None:
    answer = copilot.call("search_documentation", query="daylight saving time")

    assert "docs/reference/schedules.md" in [each["page"] for each in answer["sections"]]
