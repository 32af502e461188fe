"""A strict fake of `az` and `azd`: a command that it does not know fails the test."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from polysync_core.cli.azure.programs import ProgramFailed
from scripts.register import GRAPH
from tests.unit.scripts.azure_subscription import Subscription

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
        self.smoked: list[str] = []
        self.subscription = Subscription()

    def __call__(self, command: Sequence[str]) -> str:
        self.calls += 1
        if self.failure is not None:
            raise ProgramFailed(self.failure)
        if self.unseen and "GET" in command:
            self.unseen -= 1
            raise ProgramFailed("az: Not Found")
        match command:
            case ["azd", "env", "set", name, value]:
                self.azd[name] = value
                return ""
            case ["az", "account", "get-access-token", "--scope", _, *query]:
                assert query == ["--query", "accessToken", "-o", "tsv"]
                return "a-token\n"
            case [_, "-m", "scripts.smoke", url, "--timeout", "900"]:
                self.smoked.append(url)
                return "ok\n"
            case ["az", "rest", "--method", method, "--url", url, *rest] if url.startswith(GRAPH):
                body = json.loads(rest[-1]) if rest else None
                path = url.removeprefix(f"{GRAPH}/").partition("?")[0]
                answer = self._answer(method, path, body, "Prefer=create-if-missing" in rest)
                return json.dumps(answer)
            case ["az", *arguments]:
                return self.subscription(arguments)
            case _:
                raise AssertionError(command)

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
