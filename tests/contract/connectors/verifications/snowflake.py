"""States why no client of Snowflake verifies the simulator."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import STOPPED_AGAIN, Verification

VERIFICATIONS: Mapping[str, Verification] = {
    JobType.SNOWFLAKE_PROCEDURE: Verification(
        simulator="simulators.snowflake",
        notes=(
            "`snowflake-connector-python` uses another protocol, and `snowflake.core` manages"
            " objects: neither sends statements to the SQL API. The simulator follows its published"
            " reference.",
        ),
        open_questions=(
            "the time for which a request id proves a statement",
            "whether a call that cannot be compiled is refused at once or by a poll (both are"
            " handled)",
            "quoted names of arguments in a call",
            "the answer to a poll of an unknown handle (404 and the code 000709 are assumed)",
            STOPPED_AGAIN,
        ),
    )
}
