"""Lists the functions of an Azure function app through Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure.answers import listed
from polysync_core.platforms.azure_functions.external_id import (
    HttpTarget,
    external_id_of,
    read_target,
)
from polysync_core.platforms.azure_functions.refusals import refused_for_function
from polysync_core.platforms.azure_functions.sign_in import API_VERSION
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import Artefact, ArtefactSchema
from polysync_core.platforms.paging import objects_in
from polysync_core.platforms.platform_client import PlatformClient

_VERSION = {"api-version": API_VERSION}
_HTTP, _ORCHESTRATION = "httptrigger", "orchestrationtrigger"
_UNDECLARED = (
    "a function declares only the parameters of its route: add the parameters of its body and query"
    " to the job"
)


@dataclass(frozen=True, slots=True)
class AzureFunctionDiscovery:
    """Finds and describes the functions of one app; needs a Resource Manager client."""

    management: PlatformClient | None
    site: tuple[str, ...]

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the functions of the app; one that no Job can start has a problem."""
        wanted = (search or "").casefold()
        for function in listed(self._client(), *self.site, "functions", query=_VERSION):
            artefact = _artefact(function)
            if wanted in artefact.name.casefold():
                yield artefact

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the route parameters of a function, after a check of its triggers."""
        target = read_target(external_id)
        path = (*self.site, "functions", target.function)
        found = self._client().get(
            *path, query=_VERSION, read=_external_id, refused=refused_for_function
        )
        if found is None:
            raise PlatformRefused(
                f"{target.function} has neither an HTTP trigger nor an orchestration trigger: "
                "choose another function",
                cause=FailureCause.SUBMIT,
            )
        notes = (_UNDECLARED,)
        if found.casefold() != external_id.casefold():
            notes += (f"its external id is now {found}: import it again",)
        parameters = target.route.parameters if isinstance(target, HttpTarget) else ()
        return ArtefactSchema(parameters=parameters, notes=notes)

    def check_access(self) -> str:
        """Read the app in Azure Resource Manager; return its state."""
        return self._client().get(*self.site, query=_VERSION, read=_state)

    def _client(self) -> PlatformClient:
        if self.management is None:
            raise PlatformRefused(
                "a function key cannot list functions: set auth.method to ManagedIdentity or"
                " ServicePrincipal to list them",
                cause=FailureCause.SECRET,
            )
        return self.management


def _artefact(function: JsonObject) -> Artefact:
    name, external_id = _name(function), _external_id(function)
    other_kind: str | None = None
    if external_id is None:
        other_kind = "the function has neither an HTTP trigger nor an orchestration trigger"
    elif object_in(function, "properties").get("isDisabled") is True:
        other_kind = "the function is disabled: enable it in the app to run it"
    return Artefact(
        external_id=external_id or name,
        job_type=JobType.AZURE_HTTP_FUNCTION,
        name=name,
        problem=other_kind or _id_problem(external_id or name),
        is_skipped=other_kind is not None,
    )


def _id_problem(external_id: str) -> str | None:
    try:
        read_target(external_id)
    except Invalid as error:
        return "; ".join(each.message for each in error.problems)
    return None


def _external_id(function: JsonObject) -> str | None:
    """Return the external id of a function; None if it has another trigger."""
    config = object_in(object_in(function, "properties"), "config")
    bindings = objects_in(config, "bindings") if "bindings" in config else []
    for binding in bindings:
        kind, route = str(binding.get("type")).lower(), binding.get("route")
        if kind in {_HTTP, _ORCHESTRATION}:
            return external_id_of(
                _name(function),
                route if isinstance(route, str) else None,
                is_orchestrator=kind == _ORCHESTRATION,
            )
    return None


def _name(function: JsonObject) -> str:
    # The resource name is `<app>/<function>`.
    name = object_in(function, "properties").get("name") or function.get("name")
    if not isinstance(name, str):
        raise UnexpectedAnswer
    return name.rpartition("/")[2]


def _state(answer: JsonObject) -> str:
    state = object_in(answer, "properties").get("state")
    if not isinstance(state, str):
        raise UnexpectedAnswer
    return state[:32]
