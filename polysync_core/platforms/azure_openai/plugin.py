"""Checks definitions of Azure OpenAI platforms and Jobs, and opens connections."""

from __future__ import annotations

from collections.abc import Callable

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.platforms.azure_openai.attributes import OpenAIAttributes
from polysync_core.platforms.azure_openai.batch import (
    BATCH_PARAMETERS,
    BatchConnector,
    BatchSettings,
    check_batch_job,
    deployment_of,
)
from polysync_core.platforms.azure_openai.batch_states import STATES
from polysync_core.platforms.azure_openai.chat_completion import ChatCompletion
from polysync_core.platforms.azure_openai.client import OpenAIApi
from polysync_core.platforms.azure_openai.discovery import DeploymentDiscovery
from polysync_core.platforms.azure_openai.embedding import Embedding
from polysync_core.platforms.azure_openai.model_call import ModelCallConnector, ModelOperation
from polysync_core.platforms.azure_openai.settings import ChatSettings, EmbeddingSettings
from polysync_core.platforms.azure_openai.sign_in import (
    MODEL_METHODS,
    AccountClients,
    check_account,
)
from polysync_core.platforms.connector import Connector, JobConnector
from polysync_core.platforms.paging import objects_in
from polysync_core.platforms.plugin import (
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)

_OPERATIONS: dict[str, ModelOperation] = {
    JobType.OPENAI_CHAT_COMPLETION: ChatCompletion(),
    JobType.OPENAI_EMBEDDING: Embedding(),
}
_ANSWERS_AT_ONCE = frozenset({Capability.OUTPUTS, Capability.DISCOVERY, Capability.PARAMETERS})
_HINT = "The name of the deployment, such as gpt-4o-prod."


def check_openai(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of an Azure OpenAI platform."""
    return check_account(platform, OpenAIAttributes, allow_loopback=allow_loopback)


def open_openai(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to an account of Azure OpenAI."""
    attributes = OpenAIAttributes.of(platform)
    clients = AccountClients(platform, attributes, context)
    models = OpenAIApi.of_version(clients.to_models(), attributes.api_version)
    account = OpenAIApi.of_version(clients.to_account(), attributes.api_version)
    discovery = DeploymentDiscovery(
        management=clients.to_management,
        deployments=None if clients.has_key else attributes.resource("deployments"),
        parameters={
            **{name: each.parameters for name, each in _OPERATIONS.items()},
            JobType.OPENAI_BATCH: BATCH_PARAMETERS,
        },
    )
    jobs: dict[str, JobConnector] = {
        name: ModelCallConnector(
            api=models,
            operation=_always(operation),
            describe_deployment=discovery.describe(name),
            page=attributes.page,
        )
        for name, operation in _OPERATIONS.items()
    }
    jobs[JobType.OPENAI_BATCH] = BatchConnector(
        api=account,
        describe_deployment=discovery.describe(JobType.OPENAI_BATCH),
        page=attributes.page,
        now=context.http.timer.now,
    )

    def check_access() -> str:
        account.get("models", read=lambda answer: objects_in(answer, "data"))
        return f"Reached {account.client.base.host}; its models are readable."

    return LivePlatform(
        plugin=PLUGIN,
        jobs=jobs,
        discoveries=[Discovery(job_types=frozenset(jobs), find=discovery.find)],
        check_access=check_access,
    )


def _always(operation: ModelOperation) -> Callable[[Job], ModelOperation]:
    def choose(job: Job) -> ModelOperation:
        return operation

    return choose


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_OPENAI,
    jobs={
        JobType.OPENAI_CHAT_COMPLETION: JobTypePlugin(
            check=_OPERATIONS[JobType.OPENAI_CHAT_COMPLETION].check,
            settings=ChatSettings,
            external_id_hint=_HINT,
            capabilities=_ANSWERS_AT_ONCE,
        ),
        JobType.OPENAI_EMBEDDING: JobTypePlugin(
            check=_OPERATIONS[JobType.OPENAI_EMBEDDING].check,
            settings=EmbeddingSettings,
            external_id_hint="The name of the deployment, such as text-embedding-3-large.",
            capabilities=_ANSWERS_AT_ONCE,
        ),
        JobType.OPENAI_BATCH: JobTypePlugin(
            check=check_batch_job,
            settings=BatchSettings,
            external_id_hint="The name of a deployment of a batch type, such as gpt-4o-batch.",
            normal_id=deployment_of,
            states=STATES,
            plan=SLOW,
        ),
    },
    sign_in=MODEL_METHODS,
    check=check_openai,
    attributes=OpenAIAttributes,
    open=open_openai,
    announces_sends=True,
)
