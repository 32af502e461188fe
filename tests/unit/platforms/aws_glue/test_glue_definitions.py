"""The arguments that become parameters, and the checks of Jobs of the type GlueJob."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.platforms.aws_glue.parameters import is_of_glue, schema_of
from polysync_core.platforms.aws_glue.settings import check_glue_job

JOB = Job(name="load", platform="glue", job_type=JobType.GLUE_JOB, external_id="load")


@pytest.mark.parametrize(
    "argument",
    [
        "--TempDir",
        "--JOB_NAME",
        "--job-language",
        "--job-bookmark-option",
        "--enable-metrics",
        "--enable-anything-new",
        "--continuous-log-logGroup",
        "--polysync-attempt",
        "without-dashes",
    ],
)
def test_an_argument_of_glue_is_no_parameter(argument: str) -> None:
    assert is_of_glue(argument)
    assert schema_of({"DefaultArguments": {argument: "x"}}).parameters == ()


@pytest.mark.parametrize("argument", ["--rows", "--tempdir", "--enabled", "--job", "--a b", "--ü"])
def test_an_own_argument_is_a_parameter(argument: str) -> None:
    schema = schema_of({"DefaultArguments": {argument: "1"}})

    assert schema.parameters == (Parameter(name=argument.removeprefix("--"), default="1"),)
    assert not schema.is_complete


def test_an_argument_that_a_run_cannot_set_is_no_parameter() -> None:
    job: dict[str, Any] = {
        "DefaultArguments": {"--rows": "1", "--env": "dev", "--": "x", "--flag": None},
        "NonOverridableArguments": {"--env": "prod"},
    }

    schema = schema_of(job)

    assert [each.name for each in schema.parameters] == ["rows", "flag"]
    assert len(schema.notes) == 1


@pytest.mark.parametrize("value", [None, [], "x"])
def test_a_job_without_readable_arguments_has_no_parameters(value: Any) -> None:
    assert schema_of({"DefaultArguments": value}).parameters == ()


@pytest.mark.parametrize("name", ["a", "売上集計", "load/sales (daily) #1", "ü" * 255])
def test_an_unusual_name_of_a_job_is_accepted(name: str) -> None:
    assert check_glue_job(JOB.model_copy(update={"external_id": name})) == []


@pytest.mark.parametrize("name", ["polysync-attempt", "--mode", "debug", "--JOB_NAME"])
def test_a_parameter_that_must_not_be_set_is_refused(name: str) -> None:
    (problem,) = check_glue_job(JOB.model_copy(update={"parameters": (Parameter(name=name),)}))

    assert problem.path == "parameters[0].name"
