"""Verifies the simulator of Microsoft Fabric."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import (
    PLAIN_HTTP,
    Ability,
    OfficialClient,
    Verification,
)

_SCHEDULER = {
    Ability.SUBMIT: "core.job_scheduler.run_on_demand_item_job",
    Ability.READ: "core.job_scheduler.get_item_job_instance",
    Ability.CANCEL: "core.job_scheduler.cancel_item_job_instance",
    Ability.DISCOVER: "core.items.list_items",
    Ability.PARAMETERS: "core.items.begin_get_item_definition",
    Ability.RUNS: "core.job_scheduler.list_item_job_instances",
    Ability.DETAILS: "core.job_scheduler.get_item_job_instance",
    Ability.TEST: "core.workspaces.get_workspace",
}
_OPEN = (
    "the order of the list of runs (the connector sorts it)",
    "the name of the run's id in the headers, if `Location` has none",
    "the status of a start that the capacity refuses (430 and 429 are both understood)",
    "the code for an unknown run (every 404 that is not about the workspace counts)",
)


def _verification(
    calls: Mapping[Ability, str],
    *,
    without: frozenset[Ability] = frozenset(),
    notes: tuple[str, ...] = (),
    open_questions: tuple[str, ...] = (),
) -> Verification:
    made = {**_SCHEDULER, **calls}
    return Verification(
        simulator="simulators.fabric",
        official_client=OfficialClient(
            package="microsoft-fabric-api",
            client="microsoft_fabric_api.FabricClient",
            tests="fabric",
            calls={ability: call for ability, call in made.items() if ability not in without},
        ),
        notes=(PLAIN_HTTP, *notes),
        open_questions=(*open_questions, *_OPEN),
    )


VERIFICATIONS: Mapping[str, Verification] = {
    JobType.FABRIC_NOTEBOOK: _verification(
        {Ability.OUTPUTS: "notebook.background_jobs.get_notebook_job_instance_beta"},
        open_questions=(
            "whether the state of a run always has `exitValue` (if not, the beta call is made)",
        ),
    ),
    JobType.FABRIC_PIPELINE: _verification(
        {},
        without=frozenset({Ability.DETAILS}),
        notes=("It has no call for the activities of a run.",),
        open_questions=(
            "whether the query for activities pages or filters (neither is documented)",
        ),
    ),
    JobType.FABRIC_DATAFLOW: _verification(
        {Ability.PARAMETERS: "dataflow.items.discover_dataflow_parameters"},
        open_questions=(
            "whether a service principal may refresh a dataflow: the reference says no",
        ),
    ),
    JobType.FABRIC_SPARK_JOB: _verification(
        {}, open_questions=("how an argument with a space is quoted (it is refused)",)
    ),
}
