"""Tests that plan, apply and export whole documents."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.application.definitions.plans import ApplyPlan, ChangeAction
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.changes.differences import FieldDifference
from polysync_core.domain.definitions.changes.versions import Author
from polysync_core.domain.definitions.document import (
    Reference,
    read_document,
)
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.display_text import is_deceptive
from polysync_core.domain.errors import Conflict, Invalid, StaleETag, Unavailable
from polysync_core.domain.strict_documents import FORBIDDEN_KEYS, read_yaml, write_yaml
from tests.examples import examples
from tests.fakes.definitions import FakeDefinitions, documents_of, lakehouse


def apply(store: FakeDefinitions, raw: dict[str, Any], *, prune: bool = False) -> ApplyPlan:
    return documents_of(store).apply(read_document(raw), prune=prune, engine=None)


def names(plan: ApplyPlan, action: ChangeAction) -> set[str]:
    return {f"{step.reference.kind}/{step.reference.name}" for step in plan.with_action(action)}


def test_a_second_apply_changes_nothing() -> None:
    store = FakeDefinitions()
    first = apply(store, lakehouse())
    stored = dict(store.stored)

    second = apply(store, lakehouse())

    assert len(first.with_action(ChangeAction.CREATE)) == len(stored) == 9
    assert len(second.with_action(ChangeAction.UNCHANGED)) == 9
    assert store.stored == stored


def test_a_plan_changes_nothing() -> None:
    store = FakeDefinitions()
    documents_of(store).plan(read_document(lakehouse()))
    assert not store.stored


def _token(store: FakeDefinitions, raw: dict[str, Any], *, prune: bool = False) -> str:
    return documents_of(store).plan(read_document(raw), prune=prune).token


def test_the_same_plan_has_the_same_token() -> None:
    store = FakeDefinitions()
    apply(store, lakehouse())

    assert _token(store, lakehouse()) == _token(store, lakehouse())


def test_another_document_has_another_token() -> None:
    store, raw = FakeDefinitions(), lakehouse()
    raw["tasks"][1]["priority"] = 7

    assert _token(store, raw) != _token(store, lakehouse())


def test_a_write_of_another_caller_changes_the_token_of_the_same_document() -> None:
    store, raw = FakeDefinitions(), lakehouse()
    apply(store, raw)
    raw["tasks"][1]["priority"] = 7
    planned = _token(store, raw)
    other = lakehouse()
    other["tasks"][1]["priority"] = 8
    apply(store, other)
    stored = dict(store.stored)

    with pytest.raises(StaleETag, match="plan it again"):
        documents_of(store).apply(read_document(raw), plan_token=planned, engine=None)

    assert store.stored == stored


def test_pending_deletions_are_part_of_the_token() -> None:
    store = FakeDefinitions()
    apply(store, lakehouse())

    assert _token(store, lakehouse(tasks=[])) != _token(store, lakehouse(tasks=[]), prune=True)


def test_an_update_shows_the_changed_fields() -> None:
    store = FakeDefinitions()
    apply(store, lakehouse())
    raw = lakehouse()
    raw["tasks"][1]["retry"]["maxRetryAttempts"] = 3
    raw["tasks"][1]["schedules"][0]["cron"] = "0 7 * * *"
    del raw["tasks"][1]["contentionProfiles"]

    (step,) = apply(store, raw).with_action(ChangeAction.UPDATE)

    assert step.differences == (
        FieldDifference("schedules.daily.cron", "0 6 * * *", "0 7 * * *"),
        FieldDifference("retry.maxRetryAttempts", 2, 3),
        FieldDifference("contentionProfiles.submit-rate", "submit-rate", None),
    )


def test_a_partial_document_is_checked_against_the_stored_definitions() -> None:
    store = FakeDefinitions()
    apply(store, lakehouse())

    plan = apply(store, {"tasks": [{"name": "extra", "job": "landing"}]})

    assert names(plan, ChangeAction.CREATE) == {"tasks/extra"}
    with pytest.raises(Invalid, match=r"tasks\[0\].dependencies\[0\].task: closes a cycle"):
        apply(
            store,
            {
                "tasks": [
                    {
                        "name": "landing-check",
                        "job": "landing",
                        "dependencies": [{"task": "sales-load-daily"}],
                    }
                ]
            },
        )


def test_pruning_deletes_the_definitions_that_a_list_of_the_document_lacks() -> None:
    store = FakeDefinitions()
    apply(store, lakehouse())
    raw = {"tasks": [{"name": "landing-check", "job": "landing"}], "calendars": []}

    plan = apply(store, raw, prune=True)

    assert names(plan, ChangeAction.DELETE) == {"tasks/sales-load-daily", "calendars/holidays"}
    assert Reference(Kind.JOB, "sales-load") in store.stored
    assert Reference(Kind.TASK, "sales-load-daily") not in store.stored


def test_pruning_everything_deletes_dependents_first() -> None:
    store = FakeDefinitions()
    apply(store, lakehouse())

    apply(store, {kind.value: [] for kind in Kind}, prune=True)

    assert not store.stored


def test_a_definition_with_a_referrer_is_not_pruned() -> None:
    store = FakeDefinitions()
    apply(store, lakehouse())
    stored = dict(store.stored)

    with pytest.raises(Invalid, match="jobs/landing: cannot be pruned: task 'landing-check'"):
        apply(store, {"jobs": lakehouse()["jobs"][1:]}, prune=True)
    assert store.stored == stored


def test_one_document_can_reverse_a_dependency() -> None:
    store = FakeDefinitions()
    base = lakehouse(tasks=[])
    one = [
        {"name": "a", "job": "landing"},
        {"name": "b", "job": "landing", "dependencies": [{"task": "a"}]},
    ]
    other = [
        {"name": "a", "job": "landing", "dependencies": [{"task": "b"}]},
        {"name": "b", "job": "landing"},
    ]
    apply(store, base | {"tasks": one})

    plan = apply(store, base | {"tasks": other})

    assert [step.reference.name for step in plan.with_action(ChangeAction.UPDATE)] == ["b", "a"]


def test_a_changed_job_is_checked_against_its_unchanged_tasks() -> None:
    store = FakeDefinitions()
    apply(store, lakehouse())
    changed = deepcopy(lakehouse()["jobs"])
    changed[1]["parameters"] = changed[1]["parameters"][1:]

    with pytest.raises(Invalid) as caught:
        apply(store, {"jobs": changed})
    assert [problem.path for problem in caught.value.problems] == [
        "tasks/sales-load-daily.parameters.run_date"
    ]

    task = lakehouse()["tasks"][1] | {"parameters": {}}
    plan = apply(store, {"jobs": changed, "tasks": [task]})
    assert len(plan.with_action(ChangeAction.UPDATE)) == 2


class InterruptedStore(FakeDefinitions):
    """A store that fails once, after a number of writes."""

    def __init__(self, at: int, error: Exception) -> None:
        super().__init__()
        self._left = at
        self._error = error

    def put(
        self,
        definition: Definition,
        *,
        replacing: StoredDefinition[Definition] | None,
        author: Author | None = None,
    ) -> StoredDefinition[Definition]:
        if self._left == 0:
            self._left = -1
            raise self._error
        self._left -= 1
        return super().put(definition, replacing=replacing, author=author)


@pytest.mark.parametrize("at", range(9))
@pytest.mark.parametrize(
    ("error", "family"), [(StaleETag(), Conflict), (Unavailable(), Unavailable)]
)
def test_an_interrupted_apply_reports_its_progress_and_the_next_apply_completes_it(
    at: int, error: Exception, family: type[Exception]
) -> None:
    store = InterruptedStore(at, error)

    with pytest.raises(family, match=rf"{at} of 9 changes are applied"):
        apply(store, lakehouse())

    # The stored definitions are consistent: no reference dangles.
    assert len(store.stored) == at
    documents_of(store).plan(read_document(documents_of(store).export()))
    completed = apply(store, lakehouse())
    assert (
        len(completed.with_action(ChangeAction.CREATE)),
        len(completed.with_action(ChangeAction.UNCHANGED)),
    ) == (
        9 - at,
        at,
    )


NAMES = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?\Z")
READABLE = st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]).filter(
    lambda each: not is_deceptive(each)
)
TEXTS = st.text(READABLE, min_size=1, max_size=10).filter(
    lambda text: "${" not in text and text not in FORBIDDEN_KEYS and not text.startswith("vault")
)
VALUES = st.recursive(
    st.booleans() | st.integers(-(10**9), 10**9) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def tasks(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw Tasks without cycles, with fields that are absent, set or at their default."""
    drawn: list[dict[str, Any]] = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        optional: dict[str, st.SearchStrategy[Any]] = {
            "displayName": TEXTS,
            "tags": st.dictionaries(TEXTS, TEXTS, max_size=2),
            "priority": st.sampled_from([100, 0, -5]),
            "enabled": st.booleans(),
            "executionTimeoutSeconds": st.none() | st.integers(1, 9999),
            "retry": st.sampled_from(
                [{}, {"enabled": True}, {"backoff": "Linear", "jitter": True}]
            ),
            "parameters": st.fixed_dictionaries(
                {}, optional={"run_date": VALUES, "full": st.booleans()}
            ),
            "schedules": st.sampled_from(
                [[], [{"name": "s", "cron": "@daily", "startAt": "2026-01-01T00:00:00+02:00"}]]
            ),
            "dependencies": st.lists(
                st.sampled_from([{"task": each["name"]} for each in drawn]),
                max_size=2,
                unique_by=lambda each: each["task"],
            )
            if drawn
            else st.just([]),
        }
        fields = draw(st.fixed_dictionaries({}, optional=optional))
        drawn.append({"name": name, "job": "sales-load"} | fields)
    return drawn


@pytest.mark.slow
@examples(25)
@given(tasks(), VALUES)
def test_applying_an_export_changes_nothing(some: list[dict[str, Any]], setting: Any) -> None:
    store = FakeDefinitions()
    raw = lakehouse(tasks=some)
    raw["jobs"][1]["settings"] = {"x": setting}
    apply(store, raw)

    exported = documents_of(store).export()
    again = apply(store, read_yaml(write_yaml(exported).encode()))

    assert not [step for step in again.steps if step.action is not ChangeAction.UNCHANGED]
    assert documents_of(store).export() == exported


def test_an_export_is_in_a_fixed_order() -> None:
    one, other = FakeDefinitions(), FakeDefinitions()
    apply(one, lakehouse())
    apply(other, {key: lakehouse()[key][::-1] for key in reversed(lakehouse())})

    assert write_yaml(documents_of(one).export()) == write_yaml(documents_of(other).export())
    assert documents_of(FakeDefinitions()).export() == {}
