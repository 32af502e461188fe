"""Tests that an invalid document is refused with the path and the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.document import read_document
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.domain.errors import Invalid
from polysync_core.vaults.registry import check_vault
from tests.fakes.definitions import FakeDefinitions, documents_of, lakehouse
from tests.unit.domain.definitions.bad_documents import (
    RULES,
    Break,
    assert_refused,
    change_schedule,
    set_value,
)

BAD: list[Any] = [
    pytest.param(
        set_value("tasks", 0, "jbo", to="x"),
        "tasks[0].jbo",
        "did you mean 'job'?",
        id="unknown field",
    ),
    pytest.param(
        set_value("tasks", 0, "max_concurrent_runs", to=1),
        "tasks[0].max_concurrent_runs",
        "did you mean 'maxConcurrentRuns'?",
        id="field in another spelling",
    ),
    pytest.param(
        set_value("tasks", 1, "schedules", 0, "timezone", to="UTC"),
        "tasks[1].schedules[0].timezone",
        "did you mean 'timeZone'?",
        id="unknown field of a part",
    ),
    pytest.param(set_value("task", to=[]), "task", "did you mean 'tasks'?", id="unknown list"),
    pytest.param(
        set_value("tasks", to={}), "tasks", "must be a list", id="object instead of a list"
    ),
    pytest.param(
        set_value("tasks", 0, to="x"),
        "tasks[0]",
        "must be an object",
        id="text instead of an object",
    ),
    pytest.param(
        set_value("tasks", 0, "job", to="nowhere"),
        "tasks[0].job",
        "there is no job 'nowhere'",
        id="dangling reference",
    ),
    pytest.param(
        set_value("tasks", 0, "job", to="sales-laod"),
        "tasks[0].job",
        "did you mean 'sales-load'?",
        id="misspelt reference",
    ),
    pytest.param(
        set_value("platforms", 0, "contentionProfiles", to=["none"]),
        "platforms[0].contentionProfiles[0]",
        "there is no contention profile 'none'",
        id="dangling profile",
    ),
    pytest.param(
        set_value("platforms", 0, "auth", "personalAccessToken", to="vault://other/TOKEN"),
        "platforms[0].auth.personalAccessToken",
        "there is no vault 'other'",
        id="unknown vault",
    ),
    pytest.param(
        set_value("platforms", 0, "auth", "personalAccessToken", to="dapi123"),
        "platforms[0].auth.personalAccessToken",
        "vault://<vault>/<secret>",
        id="secret in plain text",
    ),
    pytest.param(
        set_value("jobs", 0, "name", to="Sales_Load"), "jobs[0].name", "a-z, 0-9", id="bad name"
    ),
    pytest.param(
        set_value("jobs", 0, "name", to="a" * 64), "jobs[0].name", "1 to 63", id="long name"
    ),
    pytest.param(
        set_value("jobs", 0, "name", to="a\n"), "jobs[0].name", "a-z", id="name with newline"
    ),
    pytest.param(
        set_value("jobs", 0, "name", to="\uff41"), "jobs[0].name", "a-z", id="full-width name"
    ),
    pytest.param(
        set_value("tasks", 0, "priority", to="high"),
        "tasks[0].priority",
        "must be a whole number",
        id="text instead of a number",
    ),
    pytest.param(
        set_value("tasks", 0, "enabled", to="yes"),
        "tasks[0].enabled",
        "must be true or false",
        id="text instead of a boolean",
    ),
    pytest.param(
        set_value("tasks", 0, "maxConcurrentRuns", to=0),
        "tasks[0].maxConcurrentRuns",
        "greater than or equal to 1",
        id="limit of zero",
    ),
    pytest.param(
        set_value("platforms", 0, "type", to="Databricks"),
        "platforms[0].type",
        "must be one of AzureDatabricks",
        id="unknown platform type",
    ),
    pytest.param(
        set_value("tasks", 1, "retry", to={"initialDelaySeconds": 60, "maxDelaySeconds": 30}),
        "tasks[1].retry.maxDelaySeconds",
        "must not be less",
        id="longest delay below the first",
    ),
    pytest.param(
        set_value("contentionProfiles", 0, "type", to="Concurency"),
        "contentionProfiles[0].type",
        "did you mean 'Concurrency'?",
        id="unknown profile type",
    ),
    pytest.param(
        set_value("contentionProfiles", 0, "settings", to={"limit": 3, "windowSeconds": 1}),
        "contentionProfiles[0].settings.limit",
        "is not a known field",
        id="settings of the other type",
    ),
    pytest.param(
        set_value("contentionProfiles", 1, "settings", "burst", to=31),
        "contentionProfiles[1].settings.burst",
        "must not be more than limit",
        id="burst above the limit",
    ),
    pytest.param(
        set_value("tasks", 1, "weight", to=9),
        "tasks[1].weight",
        "must be at most 8, the number of slots of profile 'lakehouse-cap'",
        id="weight above the limit",
    ),
    pytest.param(
        set_value("tasks", 0, "name", to="sales-load-daily"),
        "tasks[1].name",
        "is defined already at tasks[0]",
        id="name twice",
    ),
]


@pytest.mark.parametrize(("break_document", "path", "remedy"), BAD)
def test_an_invalid_document_is_refused_with_the_path_and_the_remedy(
    break_document: Break, path: str, remedy: str
) -> None:
    assert_refused(break_document, path, remedy)


def test_the_valid_document_is_accepted() -> None:
    documents_of(FakeDefinitions(), RULES).apply(read_document(lakehouse()), engine=None)


def test_all_problems_are_reported_together() -> None:
    raw = lakehouse()
    for break_document in (
        set_value("tasks", 0, "jbo", to=1),
        change_schedule(cron="x", timeZone="Nowhere"),
        set_value("jobs", 0, "name", to="A"),
    ):
        break_document(raw)

    with pytest.raises(Invalid) as caught:
        documents_of(FakeDefinitions(), RULES).plan(read_document(raw))

    assert [problem.path for problem in caught.value.problems] == [
        "jobs[0].name",
        "tasks[0].jbo",
        "tasks[1].schedules[0].cron",
        "tasks[1].schedules[0].timeZone",
    ]


def test_a_secret_in_the_wrong_field_is_not_repeated_in_the_message() -> None:
    raw = lakehouse()
    set_value(
        "tasks", 1, "parameters", to={"token": "canary-secret", "expected_rows": "canary-secret"}
    )(raw)
    set_value("platforms", 0, "auth", "personalAccessToken", to="vault://local/ok")(raw)

    with pytest.raises(Invalid) as caught:
        documents_of(FakeDefinitions(), RULES).plan(read_document(raw))

    assert "canary" not in str(caught.value)
    assert len(caught.value.problems) == 2


def test_an_environment_vault_is_accepted_only_in_development() -> None:
    with pytest.raises(Invalid) as caught:
        rules = Rules(check_vault=lambda vault: check_vault(vault, development=False))
        documents_of(FakeDefinitions(), rules).plan(read_document(lakehouse()))

    assert [problem.path for problem in caught.value.problems] == ["vaults[0].provider"]
