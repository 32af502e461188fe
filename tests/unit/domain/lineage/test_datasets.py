"""Tests of the names of data sets: substitution, and problems at save time."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.jobs import Dataset, Job
from polysync_core.domain.lineage.datasets import dataset_problems, resolved_datasets
from polysync_core.domain.runs.parameters.values import variables_of
from tests.fakes.builders import a_run

VARIABLES = variables_of(a_run(), 1)


def named(name: str, namespace: str = "n") -> Dataset:
    return Dataset(namespace=namespace, name=name)


def names(*datasets: Dataset, **parameters: Any) -> list[str]:
    return [each.name for each in resolved_datasets(datasets, parameters, VARIABLES)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("orders", "orders"),
        ("orders/${parameters.day}", "orders/2026-03-01"),
        ("${parameters.day}/${parameters.n}", "2026-03-01/7"),
        ("orders/${run.scheduledTime:%Y}", "orders/2026"),
        ("$${parameters.day}", "${parameters.day}"),
        ("${parameters.sly}", "${run.id}"),
    ],
)
def test_a_name_holds_parameters_and_run_variables(text: str, name: str) -> None:
    assert names(named(text), day="2026-03-01", n=7, sly="${run.id}") == [name]


@pytest.mark.parametrize("text", ["${parameters.gone}", "${parameters.key}", "${run.nothing}"])
def test_a_data_set_without_a_value_or_with_a_secret_is_left_out(text: str) -> None:
    assert names(named(text), named("kept"), key="vault://keys/canary") == ["kept"]


def test_a_data_set_that_two_entries_name_comes_once() -> None:
    assert names(named("a"), named("${parameters.x}"), x="a") == ["a"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("orders", None),
        ("${parameters.day}/${run.id}", None),
        ("${parameters.dya}", "has no parameter 'dya'"),
        ("${parameters.token}", "is a secret"),
        ("${run.nothing}", "is not a run variable"),
        ("${parameters.day", "has no '}' after it"),
    ],
)
def test_a_name_that_no_run_can_resolve_is_refused(text: str, problem: str | None) -> None:
    job = read_definition(
        Kind.JOB,
        {
            "name": "load",
            "platform": "lakehouse",
            "jobType": "DatabricksNotebook",
            "externalId": "/x",
            "parameters": [{"name": "day"}, {"name": "token", "dataType": "Secret"}],
            "outputs": [{"namespace": "n", "name": text}],
        },
    )
    assert isinstance(job, Job)
    found = [*dataset_problems(job)]
    assert [path for path, _ in found] == ([] if problem is None else ["outputs[0].name"])
    assert all(problem is not None and problem in words for _, words in found)
