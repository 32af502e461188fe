"""Tests that an invalid document is refused with the path and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.domain.definitions.checks import Rules
from polysync_core.domain.definitions.document import read_document
from polysync_core.domain.errors import Invalid
from polysync_core.platforms.registry import check_job, outputs_problem, platform_plugin
from polysync_core.vaults.registry import check_vault
from tests.fakes.definitions import FakeDefinitions, documents_of, lakehouse

type Break = Callable[[dict[str, Any]], None]


def _set(*path: str | int, to: Any) -> Break:
    """Return a function that sets one value of a document."""

    def break_document(document: dict[str, Any]) -> None:
        parent: Any = document
        for part in path[:-1]:
            parent = parent[part]
        parent[path[-1]] = to

    return break_document


def _schedule(**changes: Any) -> Break:
    def break_document(document: dict[str, Any]) -> None:
        document["tasks"][1]["schedules"][0].update(changes)

    return break_document


def _chain(document: dict[str, Any]) -> None:
    document["tasks"] = [
        {"name": f"t{n}", "job": "landing", "dependencies": [{"task": f"t{(n + 1) % 5}"}]}
        for n in range(5)
    ]


RULES = Rules(
    development=True,
    check_platform=lambda platform: platform_plugin(platform.type) and None,
    check_job=check_job,
    outputs_problem=outputs_problem,
)
CRON = "tasks[1].schedules[0].cron"
BAD: list[Any] = [
    pytest.param(
        _set("tasks", 0, "jbo", to="x"), "tasks[0].jbo", "did you mean 'job'?", id="unknown field"
    ),
    pytest.param(
        _set("tasks", 0, "max_concurrent_runs", to=1),
        "tasks[0].max_concurrent_runs",
        "did you mean 'maxConcurrentRuns'?",
        id="field in another spelling",
    ),
    pytest.param(
        _set("tasks", 1, "schedules", 0, "timezone", to="UTC"),
        "tasks[1].schedules[0].timezone",
        "did you mean 'timeZone'?",
        id="unknown field of a part",
    ),
    pytest.param(_set("task", to=[]), "task", "did you mean 'tasks'?", id="unknown list"),
    pytest.param(_set("tasks", to={}), "tasks", "must be a list", id="object instead of a list"),
    pytest.param(
        _set("tasks", 0, to="x"), "tasks[0]", "must be an object", id="text instead of an object"
    ),
    pytest.param(
        _set("tasks", 0, "job", to="nowhere"),
        "tasks[0].job",
        "there is no job 'nowhere'",
        id="dangling reference",
    ),
    pytest.param(
        _set("tasks", 0, "job", to="sales-laod"),
        "tasks[0].job",
        "did you mean 'sales-load'?",
        id="misspelt reference",
    ),
    pytest.param(
        _set("platforms", 0, "contentionProfiles", to=["none"]),
        "platforms[0].contentionProfiles[0]",
        "there is no contention profile 'none'",
        id="dangling profile",
    ),
    pytest.param(
        _set("platforms", 0, "auth", "personalAccessToken", to="vault://other/TOKEN"),
        "platforms[0].auth.personalAccessToken",
        "there is no vault 'other'",
        id="unknown vault",
    ),
    pytest.param(
        _set("platforms", 0, "auth", "personalAccessToken", to="dapi123"),
        "platforms[0].auth.personalAccessToken",
        "vault://<vault>/<secret>",
        id="secret in plain text",
    ),
    pytest.param(
        _schedule(calendars=["none"]),
        "tasks[1].schedules[0].calendars[0]",
        "there is no calendar",
        id="dangling calendar",
    ),
    pytest.param(
        _set("jobs", 0, "name", to="Sales_Load"), "jobs[0].name", "a-z, 0-9", id="bad name"
    ),
    pytest.param(_set("jobs", 0, "name", to="a" * 64), "jobs[0].name", "1 to 63", id="long name"),
    pytest.param(_set("jobs", 0, "name", to="a\n"), "jobs[0].name", "a-z", id="name with newline"),
    pytest.param(_set("jobs", 0, "name", to="\uff41"), "jobs[0].name", "a-z", id="full-width name"),
    pytest.param(
        _set("jobs", 0, "externalId", to=4711),
        "jobs[0].externalId",
        "put it in quotes",
        id="number instead of text",
    ),
    pytest.param(
        _set("jobs", 0, "externalId", to="/a\n/b"),
        "jobs[0].externalId",
        "control character",
        id="external id with a newline",
    ),
    pytest.param(
        _set("tasks", 0, "priority", to="high"),
        "tasks[0].priority",
        "must be a whole number",
        id="text instead of a number",
    ),
    pytest.param(
        _set("tasks", 0, "enabled", to="yes"),
        "tasks[0].enabled",
        "must be true or false",
        id="text instead of a boolean",
    ),
    pytest.param(
        _set("tasks", 0, "maxConcurrentRuns", to=0),
        "tasks[0].maxConcurrentRuns",
        "greater than or equal to 1",
        id="limit of zero",
    ),
    pytest.param(
        _set("jobs", 0, "jobType", to="DatabricksNotebok"),
        "jobs[0].jobType",
        "did you mean 'DatabricksNotebook'?",
        id="unknown job type",
    ),
    pytest.param(
        _set("jobs", 0, "jobType", to="ADFPipeline"),
        "jobs[0].jobType",
        "does not run on AzureDatabricks, which takes DatabricksNotebook",
        id="job type of another platform",
    ),
    pytest.param(
        _set("jobs", 0, "jobType", to="Databricks Notebook"),
        "jobs[0].jobType",
        "is not the name of a type",
        id="job type with a space",
    ),
    pytest.param(
        _set("platforms", 0, "type", to="Databricks"),
        "platforms[0].type",
        "must be one of AzureDatabricks",
        id="unknown platform type",
    ),
    pytest.param(
        _set("jobs", 1, "parameters", 1, "default", to="many"),
        "jobs[1].parameters[1].default",
        "must be a whole number (Int)",
        id="default of a wrong type",
    ),
    pytest.param(
        _set("jobs", 1, "parameters", 3, "default", to="hunter2"),
        "jobs[1].parameters[3].default",
        "vault://",
        id="secret as a default",
    ),
    pytest.param(
        _set("jobs", 1, "parameters", 1, "name", to="run_date"),
        "jobs[1].parameters[1].name",
        "is duplicated",
        id="parameter twice",
    ),
    pytest.param(
        _set("tasks", 1, "parameters", to={"expected_rows": [1]}),
        "tasks[1].parameters.expected_rows",
        "must be a whole number (Int)",
        id="value of a wrong type",
    ),
    pytest.param(
        _set("tasks", 1, "parameters", to={"token": "hunter2"}),
        "tasks[1].parameters.token",
        "never as plain text",
        id="secret as a value",
    ),
    pytest.param(
        _set("tasks", 1, "parameters", to={"run_dat": "x"}),
        "tasks[1].parameters.run_dat",
        "did you mean 'run_date'?",
        id="unknown parameter",
    ),
    pytest.param(
        _set("tasks", 1, "parameters", to={"loaded": 1}),
        "tasks[1].parameters.loaded",
        "is an output",
        id="value for an output",
    ),
    pytest.param(
        _set("tasks", 1, "parameters", to={"run_date": "${run.date}"}),
        "tasks[1].parameters.run_date",
        "is not a run variable",
        id="unknown run variable",
    ),
    pytest.param(
        _schedule(parameters={"full": "maybe"}),
        "tasks[1].schedules[0].parameters.full",
        "must be true or false",
        id="schedule's value of a wrong type",
    ),
    pytest.param(
        _set("jobs", 1, "parameters", 2, "required", to=True),
        "tasks[1].parameters.full",
        "is required by job 'sales-load'",
        id="missing required value",
    ),
    pytest.param(_schedule(cron="0 6 * *"), CRON, "has 4 fields", id="cron of four fields"),
    pytest.param(_schedule(cron="0 0 6 * * * 2026"), CRON, "has 7 fields", id="seven fields"),
    pytest.param(_schedule(cron="61 * * * *"), CRON, "out of range", id="minute 61"),
    pytest.param(_schedule(cron="0 0 30 2 *"), CRON, "never fires", id="30 February"),
    pytest.param(_schedule(cron="0 0 31 4,6,9,11 *"), CRON, "never fires", id="31 of short months"),
    pytest.param(_schedule(cron="*/5 * * * * *"), CRON, "at most once a minute", id="each 5 s"),
    pytest.param(_schedule(cron="0 6 13 * 5#2"), CRON, "two schedules", id="13th and 2nd Friday"),
    pytest.param(_schedule(cron="0 6 15W * 1"), CRON, "two schedules", id="weekday of a weekday"),
    pytest.param(_schedule(cron="60 0 6 * * *"), CRON, "from 0 to 59", id="second 60"),
    pytest.param(_schedule(cron="H 6 * * *"), CRON, "jitterSeconds", id="hashed field"),
    pytest.param(_schedule(cron="@reboot"), CRON, "is not one of @yearly", id="unknown @name"),
    pytest.param(_schedule(cron="a b c d e"), CRON, "is not a cron expression", id="cron of words"),
    pytest.param(
        _schedule(timeZone="Australia/Sidney"),
        "tasks[1].schedules[0].timeZone",
        "did you mean 'Australia/Sydney'?",
        id="unknown zone",
    ),
    pytest.param(
        _schedule(timeZone="+02:00"),
        "tasks[1].schedules[0].timeZone",
        "such as Europe/Berlin or UTC",
        id="offset for a zone",
    ),
    pytest.param(
        _schedule(timeZone="../../etc/passwd"),
        "tasks[1].schedules[0].timeZone",
        "is not an IANA time zone",
        id="zone that is a path",
    ),
    pytest.param(
        _schedule(startAt="2026-02-01T00:00:00Z", endAt="2026-01-01T00:00:00Z"),
        "tasks[1].schedules[0].endAt",
        "must be later than startAt",
        id="start after end",
    ),
    pytest.param(
        _schedule(startAt="2026-02-01T00:00:00Z", endAt="2026-02-01T01:00:00+01:00"),
        "tasks[1].schedules[0].endAt",
        "must be later than startAt",
        id="start and end at the same time",
    ),
    pytest.param(
        _schedule(startAt="2026-02-01T00:00:00"),
        "tasks[1].schedules[0].startAt",
        "offset from UTC",
        id="time without a zone",
    ),
    pytest.param(
        _schedule(misfire="All", overlap="Skip"),
        "tasks[1].schedules[0].overlap",
        "use overlap Queue or misfire Last",
        id="contradictory misfire and overlap",
    ),
    pytest.param(
        _schedule(misfire="All", overlap="CancelRunning"),
        "tasks[1].schedules[0].overlap",
        "use overlap Queue or misfire Last",
        id="another contradiction of misfire and overlap",
    ),
    pytest.param(
        _schedule(catchUpSeconds=0),
        "tasks[1].schedules[0].catchUpSeconds",
        "contradicts misfire Last",
        id="catch-up time of zero",
    ),
    pytest.param(
        _set("tasks", 1, "schedules", to=[{"name": "a", "cron": "@daily"}] * 2),
        "tasks[1].schedules[1].name",
        "'a' is duplicated",
        id="schedule twice",
    ),
    pytest.param(
        _set("calendars", 0, "dates", to=["2026-02-30"]),
        "calendars[0].dates[0]",
        "must be a date",
        id="calendar with a bad date",
    ),
    pytest.param(
        _set("calendars", 0, "ranges", to=[{"from": "2026-02-02", "to": "2026-02-01"}]),
        "calendars[0].ranges[0].to",
        "must not be earlier",
        id="range that runs backwards",
    ),
    pytest.param(
        _set("tasks", 0, "dependencies", to=[{"task": "landing-check"}]),
        "tasks[0].dependencies[0].task",
        "cannot refer to itself",
        id="self-dependency",
    ),
    pytest.param(
        _chain,
        "tasks[0].dependencies[0].task",
        "t0 → t1 → t2 → t3 → t4 → t0",
        id="cycle across five tasks",
    ),
    pytest.param(
        _set("tasks", 1, "dependencies", 0, "mappings", 0, "input", to="expected_row"),
        "tasks[1].dependencies[0].mappings[0].input",
        "did you mean 'expected_rows'?",
        id="mapping to an unknown input",
    ),
    pytest.param(
        _set("jobs", 0, "jobType", to="DatabricksWorkflow"),
        "tasks[1].dependencies[0].mappings[0].output",
        "has no outputs",
        id="mapping from a job type without outputs",
    ),
    pytest.param(
        _set("jobs", 0, "settings", to={}),
        "tasks[1].dependencies[0].mappings[0].output",
        "job 'landing' has no outputs: set its settings.outputsFromExitValue to true",
        id="mapping from a notebook whose exit value is not read",
    ),
    pytest.param(
        _set("jobs", 0, "parameters", to=[{"name": "row_count", "dataType": "Secret"}]),
        "tasks[1].dependencies[0].mappings[0].output",
        "is sensitive in job 'landing'",
        id="mapping from an output that would echo a secret",
    ),
    pytest.param(
        _set(
            "jobs",
            0,
            "parameters",
            to=[{"name": "row_count", "direction": "Output", "sensitive": True}],
        ),
        "tasks[1].dependencies[0].mappings[0].output",
        "is sensitive in job 'landing'",
        id="mapping from a sensitive output",
    ),
    pytest.param(
        _set("jobs", 1, "parameters", 1, "sensitive", to=True),
        "jobs[1].parameters[1].sensitive",
        "set dataType to Secret",
        id="sensitive input",
    ),
    pytest.param(
        _set("tasks", 1, "dependencies", 0, "condition", to="OnFailure"),
        "tasks[1].dependencies[0].mappings",
        "a failed run has no outputs",
        id="mapping from a failed run",
    ),
    pytest.param(
        _set("tasks", 1, "dependencies", 0, "condition", to="OnSkipped"),
        "tasks[1].dependencies[0].mappings",
        "a skipped run has no outputs",
        id="mapping from a skipped run",
    ),
    pytest.param(
        _set("tasks", 1, "dependencies", to=[{"task": "landing-check"}] * 2),
        "tasks[1].dependencies[1].task",
        "is duplicated",
        id="dependency twice",
    ),
    pytest.param(
        _set("tasks", 1, "retry", to={"initialDelaySeconds": 60, "maxDelaySeconds": 30}),
        "tasks[1].retry.maxDelaySeconds",
        "must not be less",
        id="longest delay below the first",
    ),
    pytest.param(
        _set("contentionProfiles", 0, "type", to="Concurency"),
        "contentionProfiles[0].type",
        "did you mean 'Concurrency'?",
        id="unknown profile type",
    ),
    pytest.param(
        _set("contentionProfiles", 0, "settings", to={"limit": 3, "windowSeconds": 1}),
        "contentionProfiles[0].settings.limit",
        "is not a known field",
        id="settings of the other type",
    ),
    pytest.param(
        _set("contentionProfiles", 1, "settings", "burst", to=31),
        "contentionProfiles[1].settings.burst",
        "must not be more than limit",
        id="burst above the limit",
    ),
    pytest.param(
        _set("tasks", 1, "weight", to=9),
        "tasks[1].weight",
        "can never start: profile 'lakehouse-cap' has only 8 slots",
        id="weight above the limit",
    ),
    pytest.param(
        _set("tasks", 0, "name", to="sales-load-daily"),
        "tasks[1].name",
        "is defined already at tasks[0]",
        id="name twice",
    ),
]


@pytest.mark.parametrize(("break_document", "path", "remedy"), BAD)
def test_an_invalid_document_is_refused_with_the_path_and_the_remedy(
    break_document: Break, path: str, remedy: str
) -> None:
    raw = lakehouse()
    break_document(raw)
    store = FakeDefinitions()

    with pytest.raises(Invalid) as caught:
        documents_of(store, RULES).apply(read_document(raw), engine=None)

    messages = {problem.path: problem.message for problem in caught.value.problems}
    assert path in messages, messages
    assert remedy in messages[path]
    assert not store.stored


def test_the_valid_document_is_accepted() -> None:
    documents_of(FakeDefinitions(), RULES).apply(read_document(lakehouse()), engine=None)


def test_all_problems_are_reported_together() -> None:
    raw = lakehouse()
    for break_document in (
        _set("tasks", 0, "jbo", to=1),
        _schedule(cron="x", timeZone="Nowhere"),
        _set("jobs", 0, "name", to="A"),
    ):
        break_document(raw)

    with pytest.raises(Invalid) as caught:
        read_document(raw)

    assert [problem.path for problem in caught.value.problems] == [
        "jobs[0].name",
        "tasks[0].jbo",
        CRON,
        "tasks[1].schedules[0].timeZone",
    ]


def test_a_secret_in_the_wrong_field_is_not_repeated_in_the_message() -> None:
    raw = lakehouse()
    _set("tasks", 1, "parameters", to={"token": "canary-secret", "expected_rows": "canary-secret"})(
        raw
    )
    _set("platforms", 0, "auth", "personalAccessToken", to="vault://local/ok")(raw)

    with pytest.raises(Invalid) as caught:
        documents_of(FakeDefinitions(), RULES).plan(read_document(raw))

    assert "canary" not in str(caught.value)
    assert len(caught.value.problems) == 2


def test_an_environment_vault_is_accepted_only_in_development() -> None:
    with pytest.raises(Invalid) as caught:
        rules = Rules(check_vault=lambda vault: check_vault(vault, development=False))
        documents_of(FakeDefinitions(), rules).plan(read_document(lakehouse()))

    assert [problem.path for problem in caught.value.problems] == ["vaults[0].provider"]
