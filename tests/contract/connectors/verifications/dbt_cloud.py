"""States why no client of dbt Labs verifies the simulator of dbt Cloud."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import STOPPED_AGAIN, Verification

VERIFICATIONS: Mapping[str, Verification] = {
    JobType.DBT_CLOUD_JOB: Verification(
        simulator="simulators.dbt_cloud",
        notes=(
            "dbt Labs publishes an OpenAPI document (`dbt-cloud-openapi-spec`), which the simulator"
            " follows, and no client library.",
        ),
        open_questions=(
            "the maximum lag of the list of runs",
            "the texts of the refusals of a retry",
            "the form of `include_related` (a JSON list is sent)",
            STOPPED_AGAIN,
        ),
    )
}
