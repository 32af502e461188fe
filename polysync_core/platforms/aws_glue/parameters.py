"""Converts parameters to arguments of a Glue job, and default arguments to parameters.

The arguments of a job are texts with names such as `--rows`. Glue reads some of them itself.
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import Direction, Job, Parameter
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest
from polysync_core.platforms.values import INVALID_NAME, as_texts, is_parameter_name

ATTEMPT_ARGUMENT = "--polysync-attempt"
"""The argument that holds the submit token, by which a lost run is found."""

_PREFIX = "--"
_NEVER_SET = frozenset({"--debug", "--mode", "--JOB_NAME", "--endpoint", ATTEMPT_ARGUMENT})
"""Arguments that Glue or Polysync sets itself."""
_OF_GLUE = frozenset(
    {
        *_NEVER_SET,
        "--JOB_ID",
        "--JOB_RUN_ID",
        "--SECURITY_CONFIGURATION",
        "--TempDir",
        "--additional-python-modules",
        "--auto-scale-within-microbatch",
        "--class",
        "--conf",
        "--custom-logGroup-prefix",
        "--custom-logStream-prefix",
        "--customer-driver-env-vars",
        "--customer-executor-env-vars",
        "--datalake-formats",
        "--disable-proxy",
        "--disable-proxy-v2",
        "--encryption-type",
        "--executor-cores",
        "--extra-files",
        "--extra-jars",
        "--extra-py-files",
        "--job-language",
        "--library-set",
        "--number-executors",
        "--pip-install",
        "--python-modules-installer-option",
        "--python-version",
        "--redshiftTempDir",
        "--s3-py-modules",
        "--scriptLocation",
        "--spark-event-logs-path",
        "--use-postgres-driver",
        "--user-jars-first",
        "--working-dir",
        "--write-shuffle-files-to-s3",
        "--write-shuffle-spills-to-s3",
    }
)
"""Arguments that Glue itself reads."""
_FAMILIES_OF_GLUE = ("--continuous-log-", "--enable-", "--job-bookmark-")
"""The beginnings of further arguments that Glue itself reads."""


def argument_name(parameter: str) -> str:
    """Return the name of the argument for a parameter."""
    return parameter if parameter.startswith(_PREFIX) else f"{_PREFIX}{parameter}"


def argument_problems(job: Job) -> list[Problem]:
    """Return the problems of parameters that cannot be arguments."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, parameter in enumerate(job.parameters):
        if parameter.direction is Direction.OUTPUT:
            continue
        name = argument_name(parameter.name)
        path = f"parameters[{index}].name"
        if name in _NEVER_SET:
            problems.append(Problem(path, f"{name} is set by Glue or Polysync: choose another"))
        elif name in seen:
            problems.append(Problem(path, f"two parameters are the argument {name}: remove one"))
        seen.add(name)
    return problems


def arguments_of(request: SubmitRequest) -> JsonObject:
    """Return the arguments of an attempt, with its token."""
    texts = as_texts(request.parameters, request.job.parameters)
    named: JsonObject = {argument_name(name): text for name, text in texts.items()}
    return {**named, ATTEMPT_ARGUMENT: request.token}


def schema_of(job: JsonObject) -> ArtefactSchema:
    """Return the default arguments of a Glue job as parameters.

    A script may read arguments that have no default, so the list may be incomplete.
    """
    defaults, fixed = object_in(job, "DefaultArguments"), object_in(job, "NonOverridableArguments")
    found: list[Parameter] = []
    notes: list[str] = []
    for name, value in defaults.items():
        if name in fixed or is_of_glue(name):
            continue
        parameter = name.removeprefix(_PREFIX)
        if is_parameter_name(parameter):
            default = value if isinstance(value, str) else None
            found.append(Parameter(name=parameter, default=default))
        else:
            notes.append(INVALID_NAME)
    return ArtefactSchema(parameters=tuple(found), notes=tuple(notes), complete=False)


def is_of_glue(argument: str) -> bool:
    """Return whether Glue itself reads an argument, or the name is not an argument's."""
    return (
        not argument.startswith(_PREFIX)
        or argument in _OF_GLUE
        or argument.startswith(_FAMILIES_OF_GLUE)
    )
