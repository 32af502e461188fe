"""The functions of an app, as Azure Resource Manager tells them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.azure.answers import listed, object_in, objects_in
from polysync_core.platforms.azure_functions.external_id import (
    HttpTarget,
    external_id_of,
    read_target,
)
from polysync_core.platforms.azure_functions.refusals import refused_for_function
from polysync_core.platforms.azure_functions.sign_in import API_VERSION
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import Artefact, ArtefactSchema
from polysync_core.platforms.platform_client import PlatformClient

_VERSION = {"api-version": API_VERSION}
_HTTP, _ORCHESTRATION = "httptrigger", "orchestrationtrigger"
_UNDECLARED = (
    "a function declares the parameters of its route only: add those of its body and its query to"
    " the job"
)


@dataclass(frozen=True, slots=True)
class AzureFunctionDiscovery:
    """The functions of one app; without a client for Resource Manager they cannot be seen."""

    management: PlatformClient | None
    site: tuple[str, ...]

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the functions that can be started from outside."""
        wanted = (search or "").casefold()
        for function in listed(self._client(), *self.site, "functions", query=_VERSION):
            artefact = _artefact(function)
            if artefact is not None and wanted in artefact.name.casefold():
                yield artefact

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the parameters of a function's route, if it is still what the id says."""
        target = read_target(external_id)
        path = (*self.site, "functions", target.function)
        found = self._client().get(
            *path, query=_VERSION, read=_external_id, refused=refused_for_function
        )
        if found is None:
            raise PlatformRefused(
                f"{target.function} has neither an HTTP trigger nor an orchestration trigger",
                cause=FailureCause.SUBMIT,
            )
        notes = (_UNDECLARED,)
        if found.casefold() != external_id.casefold():
            notes += (f"it is named {found} now: import it anew",)
        parameters = target.route.parameters if isinstance(target, HttpTarget) else ()
        return ArtefactSchema(parameters=parameters, notes=notes)

    def reach(self) -> str:
        """Read the app's own entry; return its state."""
        return self._client().get(*self.site, query=_VERSION, read=_state)

    def _client(self) -> PlatformClient:
        if self.management is None:
            raise PlatformRefused(
                "a function key opens functions and does not tell which there are: sign in by"
                " ManagedIdentity or ServicePrincipal (auth.method) to see them",
                cause=FailureCause.SECRET,
            )
        return self.management


def _artefact(function: JsonObject) -> Artefact | None:
    external_id = _external_id(function)
    properties = object_in(function, "properties")
    if external_id is None or properties.get("isDisabled") is True:
        return None
    return Artefact(
        external_id=external_id,
        job_type=JobType.AZURE_HTTP_FUNCTION,
        name=_name(function),
    )


def _external_id(function: JsonObject) -> str | None:
    """Return how a Job names the function; None where nothing from outside starts it."""
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
    # The resource's own name is `<app>/<function>`.
    name = object_in(function, "properties").get("name") or function.get("name")
    if not isinstance(name, str):
        raise UnexpectedAnswer
    return name.rpartition("/")[2]


def _state(answer: JsonObject) -> str:
    state = object_in(answer, "properties").get("state")
    if not isinstance(state, str):
        raise UnexpectedAnswer
    return state[:32]
