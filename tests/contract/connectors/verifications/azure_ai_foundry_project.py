"""Verifies the simulators of Foundry projects."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verifications.azure_openai import CALLS_OPEN
from tests.contract.connectors.verified_job_types import (
    PLAIN_HTTP,
    STOPPED_AGAIN,
    Ability,
    OfficialClient,
    Verification,
)

_INFERENCE = Verification(
    simulator="simulators.azure_ai",
    official_client=OfficialClient(
        package="azure-ai-inference",
        client="azure.ai.inference.ChatCompletionsClient",
        tests="azure_ai",
        calls={Ability.SUBMIT: "complete", Ability.OUTPUTS: "complete"},
    ),
    notes=(
        "`openai.OpenAI` makes the same calls in the API `v1`, which Polysync uses.",
        "`azure.ai.projects.AIProjectClient` verifies the list of deployments.",
        PLAIN_HTTP,
    ),
    open_questions=CALLS_OPEN,
)
VERIFICATIONS: Mapping[str, Verification] = {
    JobType.FOUNDRY_AGENT_RUN: Verification(
        simulator="simulators.azure_ai",
        official_client=OfficialClient(
            package="azure-ai-agents",
            client="azure.ai.agents.AgentsClient",
            tests="azure_ai",
            calls={
                Ability.SUBMIT: "create_thread_and_run",
                Ability.READ: "runs.get",
                Ability.CANCEL: "runs.cancel",
                Ability.DISCOVER: "list_agents",
                Ability.PARAMETERS: "get_agent",
                Ability.OUTPUTS: "messages.list",
                Ability.DETAILS: "runs.get",
            },
        ),
        notes=(
            PLAIN_HTTP,
            "`azure.ai.projects.AIProjectClient` verifies the call of a connection test.",
        ),
        open_questions=(
            "the maximum lag of the lists of threads and runs",
            "the end of agents with threads and runs, announced for 31 March 2027",
            STOPPED_AGAIN,
        ),
    ),
    JobType.FOUNDRY_EVALUATION_RUN: Verification(
        simulator="simulators.azure_ai",
        official_client=OfficialClient(
            package="openai",
            client="openai.OpenAI",
            tests="azure_ai",
            calls={
                Ability.SUBMIT: "evals.runs.create",
                Ability.READ: "evals.runs.retrieve",
                Ability.DISCOVER: "evals.list",
                Ability.PARAMETERS: "evals.retrieve",
                Ability.RUNS: "evals.runs.list",
                Ability.OUTPUTS: "evals.runs.retrieve",
                Ability.DETAILS: "evals.runs.retrieve",
            },
        ),
        notes=(
            "`azure.ai.projects.AIProjectClient` makes this client for a project.",
            "It stops a run at another path than the reference of Foundry documents, so its"
            " call verifies only the answer.",
        ),
        open_questions=(
            "whether the project also accepts a stop at the path of the OpenAI service",
            "the states of a run that is stopped, and their spelling",
            STOPPED_AGAIN,
        ),
    ),
    JobType.FOUNDRY_MODEL_INFERENCE: _INFERENCE,
    f"{JobType.FOUNDRY_MODEL_INFERENCE} of an embedding": Verification(
        simulator="simulators.azure_ai",
        official_client=OfficialClient(
            package="azure-ai-inference",
            client="azure.ai.inference.EmbeddingsClient",
            tests="azure_ai",
            calls={Ability.SUBMIT: "embed", Ability.OUTPUTS: "embed"},
        ),
        notes=_INFERENCE.notes,
        open_questions=CALLS_OPEN,
    ),
}
