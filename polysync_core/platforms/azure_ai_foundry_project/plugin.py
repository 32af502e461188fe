"""Checks definitions of Foundry project platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.platforms.azure_ai_foundry_project import agent_states, evaluation_states
from polysync_core.platforms.azure_ai_foundry_project.agent_run import (
    AgentRunConnector,
    AgentSettings,
    check_agent_job,
)
from polysync_core.platforms.azure_ai_foundry_project.attributes import FoundryProjectAttributes
from polysync_core.platforms.azure_ai_foundry_project.evaluation_run import (
    EvaluationRunConnector,
    EvaluationSettings,
    check_evaluation_job,
)
from polysync_core.platforms.azure_ai_foundry_project.model_inference import (
    API_VERSION,
    InferenceSettings,
    ProjectDeployments,
    check_inference_job,
    operation_of,
)
from polysync_core.platforms.azure_ai_foundry_project.refusals import FOUNDRY, PROJECT_REFUSALS
from polysync_core.platforms.azure_openai.attributes import V1
from polysync_core.platforms.azure_openai.client import OpenAIApi
from polysync_core.platforms.azure_openai.model_call import ModelCallConnector
from polysync_core.platforms.azure_openai.sign_in import (
    MODEL_METHODS,
    AccountClients,
    check_account,
)
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.paging import objects_in
from polysync_core.platforms.plugin import (
    USUAL_CAPABILITIES,
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)


def check_project(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of the platform of a Foundry project."""
    return check_account(platform, FoundryProjectAttributes, allow_loopback=allow_loopback)


def open_project(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a Foundry project."""
    attributes = FoundryProjectAttributes.of(platform)
    clients = AccountClients(platform, attributes, context)
    client, now = (
        clients.to_project(PROJECT_REFUSALS, permission=FOUNDRY.permission),
        context.http.timer.now,
    )
    prefix, page = attributes.project, attributes.page
    deployments = ProjectDeployments(
        client=client, path=(*prefix, "deployments"), is_readable=not clients.has_key
    )
    agents = AgentRunConnector(
        api=OpenAIApi(client=client, prefix=prefix, query={"api-version": API_VERSION}),
        page=page,
        now=now,
    )
    evaluations = EvaluationRunConnector(
        api=OpenAIApi(client=client, prefix=(*prefix, "openai", V1)),
        page=page,
        portal_suffixes=attributes.portal_suffixes,
        now=now,
    )
    inference = ModelCallConnector(
        api=OpenAIApi.of_version(clients.to_models(), V1),
        operation=operation_of,
        describe_deployment=deployments.describe,
        page=page,
        refused=PROJECT_REFUSALS,
    )

    def check_access() -> str:
        if not clients.has_key:
            deployments.check_access()
            return f"Reached {client.base.host}; the deployments of the project are readable."
        models = OpenAIApi.of_version(clients.to_account(), V1)
        models.get("models", read=lambda answer: objects_in(answer, "data"))
        return f"Reached {client.base.host}; its models are readable."

    finds = {
        JobType.FOUNDRY_AGENT_RUN: agents.find,
        JobType.FOUNDRY_EVALUATION_RUN: evaluations.find,
        JobType.FOUNDRY_MODEL_INFERENCE: deployments.find,
    }
    return LivePlatform(
        plugin=PLUGIN,
        jobs={
            JobType.FOUNDRY_AGENT_RUN: agents,
            JobType.FOUNDRY_EVALUATION_RUN: evaluations,
            JobType.FOUNDRY_MODEL_INFERENCE: inference,
        },
        discoveries=[
            Discovery(job_types=frozenset({name}), find=find) for name, find in finds.items()
        ],
        check_access=check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_AI_FOUNDRY_PROJECT,
    jobs={
        JobType.FOUNDRY_AGENT_RUN: JobTypePlugin(
            check=check_agent_job,
            settings=AgentSettings,
            external_id_hint="The id of the agent, such as asst_1a2B3c.",
            capabilities=USUAL_CAPABILITIES - {Capability.RUNS},
            states=agent_states.STATES,
        ),
        JobType.FOUNDRY_EVALUATION_RUN: JobTypePlugin(
            check=check_evaluation_job,
            settings=EvaluationSettings,
            external_id_hint="The id of the evaluation, such as eval_1a2b3c.",
            states=evaluation_states.STATES,
            plan=SLOW,
        ),
        JobType.FOUNDRY_MODEL_INFERENCE: JobTypePlugin(
            check=check_inference_job,
            settings=InferenceSettings,
            external_id_hint="The name of the deployment, such as gpt-4o-prod.",
            capabilities=frozenset(
                {Capability.OUTPUTS, Capability.DISCOVERY, Capability.PARAMETERS}
            ),
        ),
    },
    sign_in=MODEL_METHODS,
    check=check_project,
    attributes=FoundryProjectAttributes,
    open=open_project,
    announces_sends=True,
)
