"""Verifies the simulators of Azure OpenAI."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import (
    STOPPED_AGAIN,
    Ability,
    OfficialClient,
    Verification,
)

CALLS_OPEN = (
    "the texts of the refusals for a field that a model does not know",
    "the longest duration of a call before the front end gives up",
)


def _verified(
    calls: Mapping[Ability, str], notes: tuple[str, ...], *questions: str
) -> Verification:
    return Verification(
        simulator="simulators.azure_ai",
        official_client=OfficialClient(
            package="openai",
            client="openai.OpenAI",
            tests="azure_ai",
            calls={**calls, Ability.TEST: "models.list"},
        ),
        notes=notes,
        open_questions=questions,
    )


_NOTES = ("`openai.AzureOpenAI` makes the same calls in a dated version of the API.",)
VERIFICATIONS: Mapping[str, Verification] = {
    JobType.OPENAI_CHAT_COMPLETION: _verified(
        {
            Ability.SUBMIT: "chat.completions.create",
            Ability.OUTPUTS: "chat.completions.create",
        },
        _NOTES,
        *CALLS_OPEN,
    ),
    JobType.OPENAI_EMBEDDING: _verified(
        {Ability.SUBMIT: "embeddings.create", Ability.OUTPUTS: "embeddings.create"},
        _NOTES,
        *CALLS_OPEN,
    ),
    JobType.OPENAI_BATCH: _verified(
        {
            Ability.SUBMIT: "batches.create",
            Ability.READ: "batches.retrieve",
            Ability.CANCEL: "batches.cancel",
            Ability.RUNS: "batches.list",
            Ability.OUTPUTS: "batches.retrieve",
            Ability.DETAILS: "batches.retrieve",
        },
        _NOTES,
        "whether a dated version of the API keeps the metadata of a batch (if not, a lost answer"
        " ends as Lost)",
        "the maximum lag of the list of batches",
        STOPPED_AGAIN,
    ),
}
