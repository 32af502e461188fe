"""Tests of the use cases that edit one definition."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.application.definitions.editing import DefinitionEditing, WriteCondition
from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.changes.versions import Author
from polysync_core.domain.definitions.document import Reference, read_definition, read_document
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.domain.errors import Conflict, Invalid, NotFound, StaleETag
from polysync_core.domain.json_types import JsonValue
from polysync_core.platforms.registry import outputs_problem
from tests.fakes.definitions import FakeDefinitions, editing_of, lakehouse
from tests.fakes.store_contract import save, save_lakehouse

TASK = Reference(Kind.TASK, "landing-check")


def a_task(**fields: Any) -> Definition:
    return read_definition(Kind.TASK, {"name": "landing-check", "job": "landing"} | fields)


@pytest.fixture
def store() -> FakeDefinitions:
    filled = FakeDefinitions()
    save_lakehouse(filled)
    return filled


@pytest.fixture
def definitions(store: FakeDefinitions) -> DefinitionEditing:
    return editing_of(store, Rules(development=True, outputs_problem=outputs_problem))


def test_an_unknown_name_is_not_found(
    definitions: DefinitionEditing, store: FakeDefinitions
) -> None:
    with pytest.raises(NotFound, match="There is no task 'nothing'"):
        DefinitionLookup(store).task("nothing")
    with pytest.raises(NotFound):
        definitions.delete(Reference(Kind.TASK, "nothing"), engine=None)


def test_each_kind_is_read_as_its_own_type(store: FakeDefinitions) -> None:
    definitions = DefinitionLookup(store)
    assert isinstance(DefinitionLookup(store).task("landing-check"), Task)
    assert isinstance(definitions.job("landing"), Job)
    assert definitions.platform("lakehouse").shard == "main"
    assert definitions.vault("local").name == "local"


def test_saving_an_unchanged_definition_writes_nothing(
    definitions: DefinitionEditing, store: FakeDefinitions
) -> None:
    before = dict(store.stored)

    saved = definitions.put(a_task(priority=100), engine=None)

    assert not saved.created
    assert store.stored == before


def test_a_change_from_1_to_true_is_written(definitions: DefinitionEditing) -> None:
    """The values are equal in Python, but not for a platform."""
    job = {
        "name": "x",
        "platform": "lakehouse",
        "jobType": "DatabricksNotebook",
        "externalId": "/x",
    }
    definitions.put(read_definition(Kind.JOB, job | {"settings": {"a": 1}}), engine=None)

    saved = definitions.put(read_definition(Kind.JOB, job | {"settings": {"a": True}}), engine=None)

    assert isinstance(saved.stored.definition, Job)
    assert saved.stored.definition.settings["a"] is True


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(WriteCondition(if_match='"0"'), id="another ETag"),
        pytest.param(WriteCondition(if_absent=True), id="no definition expected"),
    ],
)
def test_a_write_whose_condition_is_not_met_is_refused(
    definitions: DefinitionEditing, condition: WriteCondition, store: FakeDefinitions
) -> None:
    with pytest.raises(StaleETag):
        definitions.put(a_task(priority=1), condition, engine=None)
    assert DefinitionLookup(store).task("landing-check").priority == 100


@pytest.mark.parametrize("etag", ["*", '"1"'])
def test_a_write_that_expects_an_absent_definition_to_exist_is_refused(
    definitions: DefinitionEditing, etag: str
) -> None:
    with pytest.raises(StaleETag):
        definitions.put(a_task(name="new"), WriteCondition(if_match=etag), engine=None)


def test_a_write_without_a_condition_is_repeated_after_a_conflict(store: FakeDefinitions) -> None:
    class Racing(FakeDefinitions):
        raced = False

        def put(
            self,
            definition: Definition,
            *,
            replacing: StoredDefinition[Definition] | None,
            author: Author | None = None,
        ) -> StoredDefinition[Definition]:
            if not self.raced and replacing is not None:
                self.raced = True
                super().put(a_task(description="the other writer was first"), replacing=replacing)
            return super().put(definition, replacing=replacing, author=author)

    racing = Racing()
    racing.stored = store.stored
    definitions = editing_of(racing, Rules(development=True))

    patched = definitions.patch(TASK, {"priority": 7}, engine=None).stored.definition

    assert isinstance(patched, Task)
    assert (patched.priority, patched.description) == (7, "the other writer was first")


def test_a_patch_changes_the_given_fields_and_null_removes_a_field(
    definitions: DefinitionEditing, store: FakeDefinitions
) -> None:
    definitions.patch(
        TASK,
        {"retry": {"enabled": True}, "tags": {"a": "1", "b": "2"}},
        WriteCondition(),
        engine=None,
    )
    definitions.patch(TASK, {"retry": {"maxRetryAttempts": 5}, "tags": {"a": None}}, engine=None)

    task = DefinitionLookup(store).task("landing-check")
    assert (task.retry.enabled, task.retry.max_retry_attempts, task.tags) == (True, 5, {"b": "2"})

    definitions.patch(TASK, {"retry": None}, engine=None)
    assert not DefinitionLookup(store).task("landing-check").retry.enabled


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        pytest.param({"name": "other"}, "name", id="a new name"),
        pytest.param({"job": None}, "job", id="a required field removed"),
        pytest.param({"job": "sales-load"}, "job", id="another job"),
        pytest.param([], "", id="not an object"),
    ],
)
def test_an_invalid_patch_is_refused(
    definitions: DefinitionEditing, patch: JsonValue, path: str
) -> None:
    with pytest.raises(Invalid) as caught:
        definitions.patch(TASK, patch, engine=None)
    assert [problem.path for problem in caught.value.problems] == [path]


@pytest.mark.parametrize(
    ("kind", "name", "changes", "path"),
    [
        pytest.param(Kind.TASK, "sales-load-daily", {"job": "landing"}, "job", id="a Task's Job"),
        pytest.param(
            Kind.JOB, "landing", {"platform": "second"}, "platform", id="a Job's Platform"
        ),
        pytest.param(
            Kind.PLATFORM, "lakehouse", {"type": "AzureDataFactory"}, "type", id="a Platform's type"
        ),
        pytest.param(
            Kind.CONTENTION_PROFILE,
            "lakehouse-cap",
            {"type": "RateLimit", "settings": {"limit": 1, "windowSeconds": 1}},
            "type",
            id="a profile's type",
        ),
    ],
)
def test_a_field_that_referrers_rely_on_is_locked(
    definitions: DefinitionEditing,
    store: FakeDefinitions,
    kind: Kind,
    name: str,
    changes: dict[str, Any],
    path: str,
) -> None:
    second = lakehouse()["platforms"][0] | {"name": "second"}
    save(store, read_definition(Kind.PLATFORM, second))
    entry = next(each for each in lakehouse()[kind.value] if each["name"] == name)

    with pytest.raises(Invalid) as caught:
        definitions.put(read_definition(kind, entry | changes), engine=None)

    messages = {problem.path: problem.message for problem in caught.value.problems}
    assert "is locked to" in messages[path]


def test_a_job_cannot_drop_a_parameter_that_a_task_sets(definitions: DefinitionEditing) -> None:
    job = lakehouse()["jobs"][1] | {"parameters": []}

    with pytest.raises(Invalid) as caught:
        definitions.put(read_definition(Kind.JOB, job), engine=None)

    assert "tasks/sales-load-daily.parameters.run_date" in [
        problem.path for problem in caught.value.problems
    ]


def test_a_job_cannot_lose_the_outputs_that_a_dependent_task_takes(
    definitions: DefinitionEditing,
) -> None:
    job = lakehouse()["jobs"][0] | {"settings": {}}

    with pytest.raises(Invalid) as caught:
        definitions.put(read_definition(Kind.JOB, job), engine=None)

    assert [problem.path for problem in caught.value.problems] == [
        "tasks/sales-load-daily.dependencies[0].mappings[0].output"
    ]


def test_a_cycle_over_stored_tasks_is_refused(definitions: DefinitionEditing) -> None:
    with pytest.raises(Invalid, match="landing-check → sales-load-daily → landing-check"):
        definitions.put(a_task(dependencies=[{"task": "sales-load-daily"}]), engine=None)


def test_two_writers_cannot_close_a_cycle_together(store: FakeDefinitions) -> None:
    """Each writer checks before the other writes; the one that sees the cycle reverts its write."""
    plain = read_definition(Kind.TASK, {"name": "other", "job": "landing"})
    save(store, plain)

    class Racing(FakeDefinitions):
        def put(
            self,
            definition: Definition,
            *,
            replacing: StoredDefinition[Definition] | None,
            author: Author | None = None,
        ) -> StoredDefinition[Definition]:
            if definition.name == "landing-check" and isinstance(definition, Task):
                closing = {"name": "other", "job": "landing"} | (
                    {"dependencies": [{"task": "landing-check"}]}
                )
                other = self.get(Kind.TASK, "other")
                if other is not None and other.definition == plain:
                    super().put(read_definition(Kind.TASK, closing), replacing=other)
            return super().put(definition, replacing=replacing, author=author)

    racing = Racing()
    racing.stored = store.stored
    definitions = editing_of(racing, Rules(development=True))

    with pytest.raises(Conflict):
        definitions.put(a_task(dependencies=[{"task": "other"}]), engine=None)
    assert DefinitionLookup(store).task("landing-check").dependencies == ()


def test_platforms_under_a_global_limit_share_a_shard(definitions: DefinitionEditing) -> None:
    platform = lakehouse()["platforms"][0] | {"contentionProfiles": ["submit-rate"]}
    definitions.put(read_definition(Kind.PLATFORM, platform), engine=None)

    with pytest.raises(Invalid, match="must share a shard"):
        definitions.put(
            read_definition(Kind.PLATFORM, platform | {"name": "second", "shard": "far"}),
            engine=None,
        )


def test_the_plugins_can_refuse_a_definition(store: FakeDefinitions) -> None:
    def refuse(_: Platform, job: Job) -> None:
        raise Invalid.at("externalId", f"'{job.name}' is not a notebook")

    definitions = editing_of(store, Rules(development=True, check_job=refuse))

    with pytest.raises(Invalid, match="externalId: 'landing' is not a notebook"):
        definitions.put(
            read_definition(Kind.JOB, lakehouse()["jobs"][0] | {"tags": {"a": "b"}}), engine=None
        )


def test_the_cost_of_a_save_does_not_grow_with_the_number_of_definitions(
    definitions: DefinitionEditing, store: FakeDefinitions
) -> None:
    store.reads = 0
    definitions.put(a_task(priority=1), engine=None)
    few = store.reads
    for definition in read_document(
        {"tasks": [{"name": f"t{number}", "job": "sales-load"} for number in range(500)]}
    ).items:
        save(store, definition)

    store.reads = 0
    definitions.put(a_task(priority=2), engine=None)

    assert store.reads == few
