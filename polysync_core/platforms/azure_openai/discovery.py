"""Lists the model deployments of an Azure OpenAI account through Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from polysync_core.domain.definitions.jobs import JobType, Parameter
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.azure.answers import listed
from polysync_core.platforms.azure_openai.client import text_in
from polysync_core.platforms.azure_openai.refusals import refused_for_deployment
from polysync_core.platforms.azure_openai.settings import deployment_problem
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import Artefact, ArtefactSchema
from polysync_core.platforms.platform_client import PlatformClient

API_VERSION = "2024-10-01"

_NOT_CHECKED = (
    "the deployment was not looked up, because deployments are listed by Resource Manager"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentDiscovery:
    """Finds the deployments of one account."""

    management: Callable[[], PlatformClient]
    """Returns the client of Azure Resource Manager; raises an error without access to it."""
    deployments: tuple[str, ...] | None
    """The path of the deployments; None if the attributes do not name the account."""
    parameters: Mapping[str, Sequence[Parameter]]
    """The parameters of each job type."""

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the deployments; one that no Job can call has a problem."""
        wanted = (search or "").casefold()
        management = self.management()
        query = {"api-version": API_VERSION}
        for deployment in listed(management, *(self.deployments or ()), query=query):
            name = text_in(deployment, "name")
            if name and wanted in name.casefold():
                yield self._artefact(name, deployment)

    def describe(self, job_type: str) -> Callable[[str], ArtefactSchema]:
        """Return the function that describes a deployment for a job type."""

        def describe(deployment: str) -> ArtefactSchema:
            schema = self._schema(job_type)
            if self.deployments is None:
                return replace(schema, notes=(_NOT_CHECKED,))
            self.management().get(
                *self.deployments,
                deployment,
                query={"api-version": API_VERSION},
                read=_named,
                refused=refused_for_deployment,
            )
            return schema

        return describe

    def _schema(self, job_type: str) -> ArtefactSchema:
        # The templates of a Job may read further parameters.
        return ArtefactSchema(
            parameters=tuple(self.parameters[job_type]), typed=True, complete=False
        )

    def _artefact(self, name: str, deployment: JsonObject) -> Artefact:
        properties = object_in(deployment, "properties")
        model = text_in(object_in(properties, "model"), "name")
        job_type = job_type_of(
            model,
            text_in(object_in(deployment, "sku"), "name"),
            object_in(properties, "capabilities"),
        )
        return Artefact(
            external_id=name,
            job_type=job_type or JobType.OPENAI_CHAT_COMPLETION,
            name=name,
            description=model or None,
            schema=self._schema(job_type) if job_type else None,
            problem=deployment_problem(name) if job_type else no_operation(model),
            is_skipped=job_type is None,
        )


def job_type_of(model: str, sku: str, capabilities: JsonObject) -> JobType | None:
    """Return the job type that calls a deployment; None if no Job can call it.

    A deployment of a batch type answers no single call.
    """
    if sku.lower().endswith("batch"):
        return JobType.OPENAI_BATCH
    if "embedding" in model.lower() or is_able(capabilities, "embeddings"):
        return JobType.OPENAI_EMBEDDING
    # Old answers hold no capabilities.
    if not capabilities or is_able(capabilities, "chatCompletion"):
        return JobType.OPENAI_CHAT_COMPLETION
    return None


def is_able(capabilities: JsonObject, name: str) -> bool:
    """Return whether the model of a deployment has a capability."""
    named = {each.lower().replace("_", ""): value for each, value in capabilities.items()}
    return str(named.get(name.lower())).lower() == "true"


def no_operation(model: str) -> str:
    """Return the problem of a deployment whose model no Job can call."""
    return (
        f"the model {model or 'of the deployment'} offers neither chat completions nor embeddings"
    )


def _named(answer: JsonObject) -> str:
    name = text_in(answer, "name")
    if not name:
        raise UnexpectedAnswer
    return name
