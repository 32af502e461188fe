"""Calls the Logic Apps API for workflows, trigger URLs and workflow runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.hosts import AddressScope, BaseAddress, base_from_service
from polysync_core.outbound.urls import OwnAddress, own_address
from polysync_core.platforms.azure.answers import listed
from polysync_core.platforms.azure_logic_apps.attributes import LogicAppsAttributes
from polysync_core.platforms.azure_logic_apps.refusals import refused_for_run, refused_for_workflow
from polysync_core.platforms.azure_logic_apps.workflow_definition import Workflow, workflow_of
from polysync_core.platforms.calls import Call, UnexpectedAnswer
from polysync_core.platforms.platform_client import PlatformClient


@dataclass(frozen=True, slots=True)
class TriggerEndpoint:
    """The address of a trigger; it contains a signature that is valid for a limited time."""

    base: BaseAddress
    address: OwnAddress


@dataclass(frozen=True, slots=True)
class WorkflowClient:
    """Reads the workflows of a logic app or resource group, and their runs."""

    client: PlatformClient
    attributes: LogicAppsAttributes

    def workflows(self) -> Iterator[JsonObject]:
        """Yield the workflows in the platform's list."""
        query: dict[str, str | int] = {"api-version": self.attributes.definitions_version}
        if self.attributes.is_standard:
            query["$expand"] = "definition"
        return listed(self.client, *self.attributes.definitions, query=query)

    def workflow(self, name: str) -> Workflow:
        """Return a workflow; raise `PlatformRefused` if it is missing."""
        return self.client.get(
            *self.attributes.definitions,
            name,
            query={"api-version": self.attributes.definitions_version},
            read=workflow_of,
            refused=refused_for_workflow,
        )

    def trigger_endpoint(self, name: str, trigger: str) -> TriggerEndpoint:
        """Return the address of a trigger."""
        call = self._call("POST", name, "triggers", trigger, "listCallbackUrl", repeats=True)
        address, method = self.client.execute(call, _callback)
        if method != "POST" or "{" in address:
            raise PlatformRefused(
                "the workflow's trigger needs a method other than POST or a path with parameters:"
                " remove these settings from the trigger",
                cause=FailureCause.SUBMIT,
            )
        return self._endpoint(address)

    def run(self, name: str, run_id: str) -> JsonObject:
        """Return a run; raise `RunNotFound` if it is missing."""
        call = self._call("GET", name, "runs", run_id, repeats=True)
        return self.client.execute(call, lambda answer: answer)

    def runs(self, name: str, *, tracking_id: str | None = None) -> Iterator[JsonObject]:
        """Yield the runs of a workflow, newest first: all, or those with a tracking id."""
        query = {"api-version": self.attributes.runtime_version}
        if tracking_id is not None:
            query["$filter"] = f"ClientTrackingId eq '{tracking_id}'"
        return listed(self.client, *self.attributes.runtime, name, "runs", query=query)

    def actions(self, name: str, run_id: str) -> Iterator[JsonObject]:
        """Yield the actions of a run, also those inside others; raise `RunNotFound`."""
        return self._of_run(name, run_id, "actions")

    def repetitions(self, name: str, run_id: str, action: str) -> Iterator[JsonObject]:
        """Yield the passes of an action in a loop."""
        return self._of_run(name, run_id, "actions", action, "repetitions")

    def _of_run(self, name: str, run_id: str, *below: str) -> Iterator[JsonObject]:
        query = {"api-version": self.attributes.runtime_version}
        return listed(
            self.client,
            *self.attributes.runtime,
            name,
            "runs",
            run_id,
            *below,
            query=query,
            refused=refused_for_run,
        )

    def cancel(self, name: str, run_id: str) -> None:
        """Request the cancellation of a run; raise `RunNotFound` if it is missing."""
        call = self._call("POST", name, "runs", run_id, "cancel", repeats=True, effect=True)
        self.client.exchange(call, lambda _: None)

    def _endpoint(self, address: str) -> TriggerEndpoint:
        base: BaseAddress | None = self.client.base
        if self.client.base.scope is not AddressScope.LOOPBACK:
            base = base_from_service(address, self.attributes.trigger_hosts)
        own = None if base is None else own_address(address, base.url)
        if base is None or own is None:
            raise PlatformRefused(
                "the trigger's address is not on an Azure host"
                f" ({' or '.join(self.attributes.trigger_hosts)}), so it is not called",
                cause=FailureCause.PLATFORM_UNREACHABLE,
            )
        return TriggerEndpoint(base, own)

    def _call(
        self, method: Literal["GET", "POST"], *segments: str, repeats: bool, effect: bool = False
    ) -> Call:
        about_run = "runs" in segments[1:]
        return Call(
            method=method,
            segments=(*self.attributes.runtime, *segments),
            query={"api-version": self.attributes.runtime_version},
            repeatable=repeats,
            effect=effect,
            refused=refused_for_run if about_run else refused_for_workflow,
        )


def _callback(answer: JsonObject) -> tuple[str, str]:
    address, method = answer.get("value"), answer.get("method", "POST")
    if not isinstance(address, str) or not isinstance(method, str):
        raise UnexpectedAnswer
    return address, method.upper()
