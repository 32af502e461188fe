"""A Foundry project whose service answers by a script."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.sign_in import entra
from polysync_core.outbound.sign_in.authenticators import FixedToken
from tests.fakes.http import Step
from tests.unit.platforms.azure_openai.account import Account, a_platform

URL = "https://sales-ai.services.ai.azure.com"


def a_project(auth: dict[str, str] | None = None, **attributes: Any) -> Platform:
    return a_platform(
        auth or {"method": "ManagedIdentity"},
        "AzureAIFoundryProject",
        **{"accountUrl": URL, "projectName": "forecasts", **attributes},
    )


class Project(Account):
    """A connection to a project; the token of a call is its scope."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *steps: Step, **attributes: Any) -> None:
        def token(auth: object, cloud: object, secrets: object, scope: str) -> FixedToken:
            return FixedToken(Secret(scope.replace("/", "-").replace(":", "")))

        monkeypatch.setattr(entra, "entra_token", token)
        super().__init__(*steps, platform=a_project(**attributes))

    def paths(self) -> list[str]:
        """Return the methods and paths of all requests."""
        host = f"{URL}/api/projects/forecasts/"
        return [
            f"{each.method} {(each.url or '').removeprefix(host)}"
            for each in self.transport.requests
        ]
