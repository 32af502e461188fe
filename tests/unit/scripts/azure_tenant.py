"""A strict fake of `az` and `azd`: a command that it does not know fails the test."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from scripts.azure_cli import CommandFailed
from scripts.register import GRAPH

CLIENT_ID = "7b9d1f5e-0000-4000-8000-000000000001"


class Tenant:
    """A fake tenant behind the Azure CLI, with azd's environment."""

    def __init__(self) -> None:
        self.applications: dict[str, dict[str, Any]] = {}
        self.enterprises: dict[str, dict[str, Any]] = {}
        self.assignments: list[dict[str, Any]] = []
        self.azd: dict[str, str] = {}
        self.calls = 0
        self.failure: str | None = None
        self.unseen = 0
        self.signed_in = "tenant-1"
        self.subscriptions = {"subscription-1": "tenant-1"}
        self.providers: list[str] = []
        self.smoked: list[str] = []

    def __call__(self, command: Sequence[str]) -> str:
        self.calls += 1
        if self.failure is not None:
            raise CommandFailed(self.failure)
        if self.unseen and "GET" in command:
            self.unseen -= 1
            raise CommandFailed("az: Not Found")
        match command:
            case ["azd", "env", "set", name, value]:
                self.azd[name] = value
                return ""
            case ["az", "account", *rest]:
                return self._account(rest)
            case ["az", "provider", "register", "--namespace", namespace, "--wait"]:
                self.providers.append(namespace)
                return ""
            case [_, "-m", "scripts.smoke", url, "--timeout", "900"]:
                self.smoked.append(url)
                return "ok\n"
            case ["az", "rest", "--method", method, "--url", url, *rest]:
                body = json.loads(rest[-1]) if rest else None
                path = url.removeprefix(f"{GRAPH}/").partition("?")[0]
                answer = self._answer(method, path, body, "Prefer=create-if-missing" in rest)
                return json.dumps(answer)
            case _:
                raise AssertionError(command)

    def _account(self, arguments: Sequence[str]) -> str:
        match arguments:
            case ["show", "--query", "tenantId", "-o", "tsv"]:
                return f"{self.signed_in}\n"
            case ["show", "--query", "tenantId", "-o", "tsv", "--subscription", subscription]:
                return f"{self.subscriptions[subscription]}\n"
            case ["get-access-token", "--scope", _, "--query", "accessToken", "-o", "tsv"]:
                return "a-token\n"
            case _:
                raise AssertionError(arguments)

    def _answer(self, method: str, path: str, body: Any, create: bool) -> Any:
        if path == "me":
            return {"id": "ann"}
        if path == "servicePrincipals/enterprise/appRoleAssignedTo":
            if method == "POST":
                self.assignments.append(body)
            return {"value": self.assignments}
        found = re.fullmatch(r"(\w+)\(\w+='([\w-]+)'\)", path)
        assert found is not None, path
        kind, name = found.groups()
        things = self.applications if kind == "applications" else self.enterprises
        made: dict[str, Any] = {"id": "enterprise"}
        if kind == "applications":
            made = {"appId": CLIENT_ID, "web": {"redirectUris": []}}
        if method == "PATCH":
            assert create or name in things
            things.setdefault(name, made).update(body)
        return things[name]
