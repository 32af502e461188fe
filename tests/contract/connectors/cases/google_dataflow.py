"""The cases of Google Dataflow: templates whose program is the name of their file."""

from __future__ import annotations

from typing import Any

from polysync_core.domain.definitions.jobs import Direction, JobType, Parameter
from polysync_core.platforms.connector import SubmitRequest
from simulators.google_cloud.templates import FOLDER, a_flow
from tests.contract.connectors.cases.google_vertex_ai import (
    PROGRAMS,
    a_job,
    platform_of,
    start_simulator,
)
from tests.contract.connectors.job_type_case import (
    LONG_OUTPUT_LENGTH,
    Behaviour,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)

_GIVES = frozenset({Behaviour.RETURNS_OUTPUTS, Behaviour.RETURNS_LONG_OUTPUT})


def _case(simulators: Simulators, job_type: JobType, kind: str, api: str) -> JobTypeCase:
    simulator = start_simulator(simulators)
    suffix = ".json" if kind == "flex" else ""
    jobs = {Behaviour.MISSING: a_job(job_type, f"{FOLDER}/{kind}/gone{suffix}")}
    for behaviour, program in PROGRAMS.items():
        names = ("rows", "path") if behaviour in _GIVES else ("rows",)
        path = f"{FOLDER}/{kind}/{behaviour.name.lower()}/{program}{suffix}"
        defaults = dict.fromkeys(names, "1") if behaviour in _GIVES else {}
        body = {**a_flow(*names, kind=kind, defaults=defaults), "path": path}
        simulator.control("PUT", "dataflow", body)
        job = a_job(job_type, path)
        both = tuple(Parameter(name=name, direction=Direction.INPUT_OUTPUT) for name in names)
        given = behaviour in _GIVES
        jobs[behaviour] = job.model_copy(update={"parameters": both}) if given else job

    def started_runs(request: SubmitRequest) -> list[str]:
        lines = simulator.submissions()
        return sorted({line["id"] for line in lines if str(line["name"]).endswith(request.token)})

    wrong: dict[str, Any] = {"external_id": "2030-01-01_00_00_00-1"}
    return JobTypeCase(
        simulator=simulator,
        platform=platform_of(simulator, "GoogleDataflow", templateFolder=FOLDER),
        jobs=jobs,
        endpoints={
            Step.SUBMIT: f"POST {api}:launch",
            Step.READ: "GET jobs/*",
            Step.DETAILS: "GET jobs/*/messages",
            Step.CANCEL: "PUT jobs/*",
            Step.FIND: "GET storage/*",
            Step.DESCRIBE: "GET templates:get",
            Step.TEST: "GET jobs",
        },
        started_runs=started_runs,
        failure=("", "no sales today"),
        unknown_state={"currentState": "JOB_STATE_DREAMING"},
        unknown_runs=(
            "2030-01-01_00_00_00-4711",
            "",
            "../jobs",
            "2030-1/messages",
            "a b",
            "x" * 200,
        ),
        refused=(
            ({"external_id": "gs://b/../x"}, "externalId"),
            ({"external_id": "gs://bucket/folder/"}, "externalId"),
            (wrong, "settings.templatePath"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"templatePath": "s3://b/x"}}, "settings.templatePath"),
            ({"settings": {"stopBy": "Kill"}}, "settings.stopBy"),
        ),
        parameters=(Parameter(name="rows", description="The rows."),),
        outputs={"rows": "1", "path": "1"},
        long_output_values={"rows": "1", "path": "x" * LONG_OUTPUT_LENGTH},
        foreign_addresses="Dataflow returns no address that is called",
    )


def classic(simulators: Simulators) -> JobTypeCase:
    """Return the case of DataflowClassicTemplate."""
    return _case(simulators, JobType.DATAFLOW_CLASSIC_TEMPLATE, "classic", "templates")


def flex(simulators: Simulators) -> JobTypeCase:
    """Return the case of DataflowFlexTemplate."""
    return _case(simulators, JobType.DATAFLOW_FLEX_TEMPLATE, "flex", "flexTemplates")


CASES: dict[str, MakeCase] = {
    JobType.DATAFLOW_CLASSIC_TEMPLATE: classic,
    JobType.DATAFLOW_FLEX_TEMPLATE: flex,
}
