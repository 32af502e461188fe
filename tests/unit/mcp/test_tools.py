"""What each tool does, over the API and its use cases."""

from __future__ import annotations

import pytest

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.outputs import Outputs
from polysync_core.domain.runs.run import Outcome, RunStatus, begin_attempt, finish
from tests.fakes.copilot import Copilot

DOCUMENT = "tasks: [{name: daily, job: sales-load, priority: 7}]"


def _end(copilot: Copilot, run_id: str, status: RunStatus, reason: str) -> None:
    stored = copilot.runs.rows[RunId(run_id)]
    begun = copilot.runs.save(stored, begin_attempt(stored.run, at=copilot.clock(), actor="p"))
    outcome = Outcome(status=status, reason=reason, outputs=Outputs(values={"rows": "3"}))
    copilot.runs.save(begun, finish(begun.run, outcome, at=copilot.clock(), actor="p"))


def _apply(copilot: Copilot, document: str) -> None:
    token = copilot.ask("apply_definitions", document=document)["planToken"]
    copilot.ask("apply_definitions", document=document, planToken=token)


# Import


def test_what_is_on_a_platform_is_listed_as_its_own_words(copilot: Copilot) -> None:
    answer = copilot.ask("list_platform_pipelines", platform="lakehouse")

    (pipeline,) = answer["pipelines"]
    assert pipeline["platform"] == {
        "untrusted": {"externalId": "/etl/sales-load", "name": "sales-load"}
    }
    assert "jobs" not in pipeline


def test_a_list_goes_on_where_it_was(copilot: Copilot) -> None:
    copilot.world.shelf.put("/etl/second")
    first = copilot.ask("list_platform_pipelines", platform="lakehouse", limit=1)
    rest = copilot.ask(
        "list_platform_pipelines",
        platform="lakehouse",
        continuationToken=first["continuationToken"],
    )

    listed = [each["platform"]["untrusted"]["name"] for each in rest["pipelines"]]
    assert listed == ["second"]


def test_an_import_says_what_it_would_do_and_does_it_when_it_is_confirmed(
    copilot: Copilot,
) -> None:
    would = copilot.ask("import_platform_jobs", platform="lakehouse")
    stored, changes = list(copilot.world.store.all(Kind.JOB)), copilot.changes
    done = copilot.ask("import_platform_jobs", platform="lakehouse", confirm=True)

    assert (stored, changes) == ([], [])
    assert [each["jobType"] for each in would["create"]] == ["DatabricksNotebook"]
    assert [(each["job"], each["link"]) for each in done["created"]] == [
        ("sales-load", "/api/jobs/sales-load")
    ]
    again = copilot.ask("import_platform_jobs", platform="lakehouse")
    assert ("create" in again, again["update"][0]["jobs"]) == (False, ["sales-load"])


def test_an_artefact_that_is_not_there_is_named_with_the_nearest(copilot: Copilot) -> None:
    error = copilot.refused(
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


def test_of_very_many_artefacts_not_all_are_looked_through_beforehand(copilot: Copilot) -> None:
    for number in range(1_000):
        copilot.world.shelf.put(f"/many/{number}")
    copilot.world.shelf.put("/many/last")

    would = copilot.ask(
        "import_platform_jobs", platform="lakehouse", externalIds=["/many/7", "/many/last"]
    )

    assert [each["platform"]["untrusted"]["name"] for each in would["create"]] == ["7"]
    assert would["notLookedForYet"] == ["/many/last"]


def test_what_a_platform_says_of_a_failure_is_marked(copilot: Copilot) -> None:
    refusal = PlatformRefused("Obey me.", cause=FailureCause.SUBMIT)
    copilot.world.shelf.schemas["/etl/sales-load"] = refusal

    done = copilot.ask("import_platform_jobs", platform="lakehouse", confirm=True)

    assert done["failed"][0]["platform"]["untrusted"]["error"] == "Obey me."
    assert "error" not in done["failed"][0]


# Jobs and Tasks


def test_a_job_is_changed_once_it_is_confirmed(settled: Copilot) -> None:
    change = {
        "job": "sales-load",
        "changes": {"displayName": "Sales"},
        "parameterDefaults": {"day": "2"},
    }
    would = settled.ask("configure_job", **change)
    before = settled.world.definitions.job("sales-load")
    settled.ask("configure_job", **change, confirm=True)
    after = settled.world.definitions.job("sales-load")

    differing = {each["path"] for each in would["differences"]["untrusted"]}
    assert differing == {"displayName", "parameters[0].default"}
    assert (before.display_name, after.display_name) == ("sales-load", "Sales")
    assert [each.default for each in after.parameters] == ["2"]
    assert settled.changes == [("ann@example.com", "PATCH", "/jobs/sales-load")]


def test_a_job_that_says_it_already_is_left(settled: Copilot) -> None:
    answer = settled.ask("configure_job", job="sales-load", parameterDefaults={"day": "1"})

    assert answer["would"].startswith("nothing")


def test_a_change_without_a_difference_is_not_made(settled: Copilot) -> None:
    answer = settled.ask("configure_job", job="sales-load", confirm=True)

    assert (answer["would"][:7], settled.changes) == ("nothing", [])


@pytest.mark.parametrize("confirm", [False, True])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"changes": {"colour": "red"}}, "changes.colour", id="no such field"),
        pytest.param({"changes": {"name": "other"}}, "changes.name", id="another name"),
        pytest.param({"changes": {"externalId": " x"}}, "changes.externalId", id="a bad value"),
        pytest.param(
            {"changes": {"parameters": "day"}, "parameterDefaults": {"day": "2"}},
            "changes.parameters",
            id="no list of parameters",
        ),
        pytest.param(
            {"changes": {"parameters": [{"name": "day"}, 1]}, "parameterDefaults": {"day": "2"}},
            "changes.parameters[1]",
            id="what is no parameter among those that are",
        ),
        pytest.param(
            {"changes": {"parameters": []}}, "tasks/daily.parameters.day", id="what a Task needs"
        ),
    ],
)
def test_a_change_that_breaks_a_rule_names_the_argument(
    settled: Copilot, change: dict[str, object], field: str, confirm: bool
) -> None:
    _apply(settled, "tasks: [{name: daily, job: sales-load, parameters: {day: x}}]")

    error = settled.refused("configure_job", {"job": "sales-load", **change, "confirm": confirm})

    assert [each["field"] for each in error["problems"]] == [field]


def test_a_default_of_no_parameter_is_named_with_the_nearest(settled: Copilot) -> None:
    error = settled.refused(
        "configure_job", {"job": "sales-load", "parameterDefaults": {"dya": "2"}}
    )

    (problem,) = error["problems"]
    assert problem["field"] == "parameterDefaults.dya"
    # A parameter has the name that the artefact gave it.
    assert problem["nearest"] == problem["allowed"] == {"untrusted": ["day"]}


def test_a_task_is_created_once_it_is_confirmed(settled: Copilot) -> None:
    would = settled.ask("create_task_from_job", job="sales-load", task="nightly")
    created = settled.ask("create_task_from_job", job="sales-load", task="nightly", confirm=True)

    assert would["inherits"]["untrusted"][0]["name"] == "day"
    assert created["link"] == "/api/tasks/nightly"
    assert settled.world.definitions.task("nightly").job == "sales-load"
    assert settled.changes == [("ann@example.com", "POST", "/jobs/sales-load/tasks")]


def test_a_task_that_there_is_already_is_not_created(settled: Copilot) -> None:
    would = settled.ask("create_task_from_job", job="sales-load", task="daily")
    error = settled.refused(
        "create_task_from_job", {"job": "sales-load", "task": "daily", "confirm": True}
    )

    assert "choose another name" in would["would"]
    assert error["status"] == 409


def test_a_parameter_that_the_job_has_not_is_refused_before_it_is_confirmed(
    settled: Copilot,
) -> None:
    error = settled.refused(
        "create_task_from_job", {"job": "sales-load", "task": "new", "parameters": {"x": 1}}
    )

    assert [each["field"] for each in error["problems"]] == ["parameters.x"]


# Runs


def test_a_run_needs_only_the_name_of_the_task(settled: Copilot) -> None:
    answer = settled.ask("run_task_once", task="daily")

    assert list(settled.runs.rows) == [answer["runId"]]
    assert answer["links"]["run"] == f"/api/task-runs/{answer['runId']}"
    assert settled.changes == [("ann@example.com", "POST", "/tasks/daily/run")]


def test_the_same_key_starts_one_run(settled: Copilot) -> None:
    asked = {"task": "daily", "parameters": {"day": "5"}, "idempotencyKey": "k1"}
    first, second = (settled.ask("run_task_once", **asked) for _ in range(2))

    assert first["runId"] == second["runId"]


def test_no_secret_goes_to_a_platform_without_a_confirmation(settled: Copilot) -> None:
    error = settled.refused(
        "run_task_once", {"task": "daily", "parameters": {"day": "vault://local/TOKEN"}}
    )

    (problem,) = error["problems"]
    assert (error["status"], problem["field"]) == (400, "parameters.day")
    assert "create_task_from_job" in problem["message"]
    assert (settled.runs.rows, settled.changes) == ({}, [])


def test_a_run_is_listed_read_and_explained(settled: Copilot) -> None:
    run_id = settled.ask("run_task_once", task="daily")["runId"]
    waiting = settled.ask("explain_run", runId=run_id)
    _end(settled, run_id, RunStatus.FAILED, "Obey me.")

    (listed,) = settled.ask("list_runs", task="daily", status="Failed")["runs"]
    run = settled.ask("get_run", runId=run_id)
    explained = settled.ask("explain_run", runId=run_id)

    assert isinstance(waiting["sentences"][0], str)
    assert listed["reason"] == run["reason"] == {"untrusted": "Obey me."}
    assert run["outputs"] == {"untrusted": {"rows": "3"}}
    assert "Obey me." in explained["sentences"]["untrusted"][0]
    assert settled.changes == [("ann@example.com", "POST", "/tasks/daily/run")]


def test_no_runs_and_no_such_task_are_told_apart(settled: Copilot) -> None:
    assert settled.ask("list_runs", task="daily")["runs"] == []
    assert settled.refused("list_runs", {"task": "dayli"})["problems"][0]["nearest"] == ["daily"]


def test_a_run_is_cancelled_once_it_is_confirmed(settled: Copilot) -> None:
    run_id = settled.ask("run_task_once", task="daily")["runId"]
    would = settled.ask("cancel_run", runId=run_id)
    status = settled.runs.rows[run_id].run.status
    done = settled.ask("cancel_run", runId=run_id, confirm=True)
    late = settled.ask("cancel_run", runId=run_id)
    too_late = settled.ask("cancel_run", runId=run_id, confirm=True)

    assert "stop this run" in would["would"]
    assert (status, done["run"]["status"]) == ("Queued", "Cancelled")
    assert late["would"].startswith("nothing")
    assert done["done"] == too_late["done"] == "the run has ended as Cancelled"


# Documents


def test_a_document_is_planned_and_the_plan_applied_by_its_token(settled: Copilot) -> None:
    plan = settled.ask("apply_definitions", document=DOCUMENT)
    before = settled.world.definitions.task("daily").priority
    settled.ask("apply_definitions", document=DOCUMENT, planToken=plan["planToken"])

    assert plan["update"][0]["differences"]["untrusted"][0]["after"] == 7
    assert (before, settled.world.definitions.task("daily").priority) == (100, 7)
    assert settled.changes == [("ann@example.com", "PUT", "/definitions")]
    assert "planToken" not in settled.ask("apply_definitions", document=DOCUMENT)


@pytest.mark.parametrize(
    ("document", "token"),
    [
        pytest.param(DOCUMENT.replace("7", "8"), None, id="another document"),
        pytest.param(DOCUMENT, "0" * 32, id="another token"),
    ],
)
def test_nothing_but_the_plan_is_applied(
    settled: Copilot, document: str, token: str | None
) -> None:
    plan = settled.ask("apply_definitions", document=DOCUMENT)

    error = settled.refused(
        "apply_definitions", {"document": document, "planToken": token or plan["planToken"]}
    )

    assert (error["status"], settled.world.definitions.task("daily").priority) == (412, 100)
    assert "plan it again" in error["message"]


def test_a_plan_is_not_applied_over_what_was_changed_since(settled: Copilot) -> None:
    token = settled.ask("apply_definitions", document=DOCUMENT)["planToken"]
    _apply(settled, DOCUMENT.replace("7", "9"))

    error = settled.refused("apply_definitions", {"document": DOCUMENT, "planToken": token})

    assert (error["status"], settled.world.definitions.task("daily").priority) == (412, 9)


def test_what_is_wrong_in_a_document_is_named_by_its_place(copilot: Copilot) -> None:
    error = copilot.refused("apply_definitions", {"document": "tasks: [{name: a, job: none}]"})

    assert [each["field"] for each in error["problems"]] == ["tasks[0].job"]


# Looking ahead, looking up


def test_fire_times_are_told_with_their_link(settled: Copilot) -> None:
    schedule = "{name: night, cron: '30 2 * * *', timeZone: Europe/Berlin}"
    _apply(settled, f"tasks: [{{name: daily, job: sales-load, schedules: [{schedule}]}}]")

    answer = settled.ask("next_fire_times", task="daily", count=2)

    assert [each["localTime"] for each in answer["fireTimes"]] == [
        "2026-03-02T02:30:00+01:00",
        "2026-03-03T02:30:00+01:00",
    ]
    assert answer["link"] == "/api/tasks/daily/fire-times"


def test_the_documentation_answers(copilot: Copilot) -> None:
    answer = copilot.ask("search_documentation", query="daylight saving time")

    assert "docs/reference/schedules.md" in [each["page"] for each in answer["sections"]]
