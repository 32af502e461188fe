"""A strict fake of the commands of `az` that read a subscription."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from polysync_core.cli.azure.deployment import Deployment
from polysync_core.cli.azure.programs import ProgramFailed

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "tenant-1"
ARM = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/providers"
FOREIGN = "00000000-0000-0000-0000-000000000002"

OWNER = {"actions": ["*"], "notActions": []}
CONTRIBUTOR = {
    "actions": ["*"],
    "notActions": [
        "Microsoft.Authorization/*/Delete",
        "Microsoft.Authorization/*/Write",
        "Microsoft.Authorization/elevateAccess/Action",
    ],
}
ACCESS_ADMINISTRATOR = {
    "actions": ["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"],
    "notActions": [],
}
READER = {"actions": ["*/read"], "notActions": []}

EVERYTHING = Deployment(
    environment="dev",
    location="westeurope",
    subscription=None,
    uses_scheduler=True,
    is_private=True,
)


class Subscription:
    """The state of one subscription, and the answers to each command by its first words."""

    def __init__(self) -> None:
        self.account: dict[str, Any] = {
            "environmentName": "AzureCloud",
            "homeTenantId": TENANT,
            "id": SUBSCRIPTION,
            "isDefault": True,
            "name": "Polysync",
            "state": "Enabled",
            "tenantId": TENANT,
            "user": {"name": "ann@example.org", "type": "user"},
        }
        self.others: dict[str, dict[str, Any]] = {}
        self.permissions: list[dict[str, Any]] = [OWNER]
        self.providers = dict.fromkeys(EVERYTHING.providers, "Registered")
        self.registered_now: list[str] = []
        self.flex = ["westeurope", "northeurope"]
        self.scheduler_regions = ["West Europe", "North Central US"]
        self.groups: list[dict[str, Any]] = []
        self.own: list[str] = []
        self.deleted_vaults: list[str] = []
        self.taken: dict[str, str] = {}
        self.asked_names: list[str] = []
        self.broken: dict[str, str | ProgramFailed] = {}
        """The answers to replace, by the first words of their command."""

    def __call__(self, arguments: Sequence[str]) -> str:
        for words, answer in self.broken.items():
            if " ".join(arguments).startswith(words):
                if isinstance(answer, ProgramFailed):
                    raise answer
                return answer
        found = self._answer([each for each in arguments if each not in {"-o", "json"}])
        return json.dumps(found)

    def _answer(self, arguments: Sequence[str]) -> Any:
        match [*arguments]:
            case ["account", "show"]:
                return self.account
            case ["account", "show", "--subscription", name]:
                if name not in self.others:
                    raise ProgramFailed(f"az: The subscription of '{name}' doesn't exist")
                return self.others[name]
            case ["rest", "--method", method, "--url", url, *rest] if url.startswith(ARM):
                return self._managed(method, url.removeprefix(f"{ARM}/"), rest)
            case [*words, "--subscription", subscription]:
                assert subscription in {SUBSCRIPTION, *self.others}
                return self._listed(words)
            case ["group" | "functionapp" as first, second, "--subscription", subscription, *rest]:
                assert subscription in {SUBSCRIPTION, *self.others}
                return self._listed([first, second, *rest])
            case ["provider", "list", "--subscription", subscription, *rest]:
                assert subscription in {SUBSCRIPTION, *self.others}
                return self._listed(["provider", "list", *rest])
            case _:
                raise AssertionError(arguments)

    def _listed(self, words: Sequence[str]) -> Any:
        match [*words]:
            case [
                "provider",
                "list",
                "--query",
                "[].{namespace:namespace, state:registrationState}",
            ]:
                states = self.providers.items()
                return [{"namespace": name, "state": state} for name, state in states]
            case ["provider", "register", "--namespace", namespace, "--wait"]:
                self.providers[namespace] = "Registered"
                self.registered_now.append(namespace)
                return None
            case ["provider", "show", "--namespace", "Microsoft.DurableTask", "--query", query]:
                assert query == "resourceTypes[?resourceType=='schedulers'].locations[]"
                return self.scheduler_regions
            case ["functionapp", "list-flexconsumption-locations"]:
                return [{"name": name} for name in self.flex]
            case ["group", "list", "--query", "[].{name:name, location:location, tags:tags}"]:
                return self.groups
            case ["resource", "list", "--tag", "azd-env-name=dev", "--query", "[].name"]:
                return self.own
            case ["keyvault", "list-deleted", "--resource-type", "vault", "--query", "[].name"]:
                return self.deleted_vaults
            case _:
                raise AssertionError(words)

    def _managed(self, method: str, path: str, rest: Sequence[str]) -> Any:
        if path == "Microsoft.Authorization/permissions?api-version=2022-04-01":
            query = "value[].{actions:actions, notActions:notActions}"
            assert (method, [*rest]) == ("GET", ["--query", query])
            return self.permissions
        provider, _, version = path.partition("/checkNameAvailability?api-version=")
        assert (method, rest[:3]) == (
            "POST",
            ["--headers", "Content-Type=application/json", "--body"],
        )
        body = json.loads(rest[3])
        assert (body["type"].partition("/")[0], version[:2]) == (provider, "20")
        self.asked_names.append(body["name"])
        if body["name"] not in self.taken:
            return {"nameAvailable": True, "reason": None, "message": None}
        return {
            "nameAvailable": False,
            "reason": "AlreadyExists",
            "message": self.taken[body["name"]],
        }
