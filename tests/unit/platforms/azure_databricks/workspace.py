"""A workspace that answers by path, and the report of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from requests import PreparedRequest

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.sign_in.authenticators import HeaderToken, VaultToken
from polysync_core.platforms.azure_databricks.client import RunClient
from polysync_core.platforms.connector import Connector, Report
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

type Route = Callable[[dict[str, str]], Any] | Any


class OneSecret:
    def resolve(self, reference: str) -> Secret:
        return Secret("token")

    def forget(self, reference: str) -> None: ...


def report(run: dict[str, Any], base: str = "https://adb-1.7.azuredatabricks.net") -> Report:
    """Return the report of a run that the API describes so."""
    time = VirtualTime()
    client = PlatformClient(
        BaseAddress(base, "adb-1.7.azuredatabricks.net", AddressScope.PUBLIC),
        HeaderToken(VaultToken("vault://a/b", OneSecret())),
        http=HttpOptions(transport=ScriptedTransport([Reply.json(run)]), timer=time.timer),
    )
    return RunClient(client, time.now).read("17")


class Workspace:
    """Answers by the end of the path; a route is a value or a function of the query."""

    def __init__(self, **routes: Route) -> None:
        self.routes: dict[str, Route] = {
            name.replace("__", "/").replace("_", "-"): route for name, route in routes.items()
        }
        self.asked: list[str] = []
        self.time = VirtualTime()

    def answer(self, request: PreparedRequest) -> Reply:
        found = urlsplit(str(request.url))
        self.asked.append(f"{request.method} {found.path}")
        route = next(
            (
                route
                for ending, route in sorted(self.routes.items(), key=lambda each: -len(each[0]))
                if found.path.endswith(ending)
            ),
            Reply.json({"message": "no such path"}, 404),
        )
        value = route(dict(parse_qsl(found.query))) if callable(route) else route
        return value if isinstance(value, Reply) else Reply.json(value)

    def connect(self, **attributes: Any) -> Connector:
        platform = Platform.model_validate(
            {
                "name": "lakehouse",
                "type": "AzureDatabricks",
                "auth": {
                    "method": "PersonalAccessToken",
                    "personalAccessToken": "vault://v/t",
                },
                "attributes": {
                    "workspaceUrl": "https://adb-1.7.azuredatabricks.net",
                    "computeType": "Serverless",
                    **attributes,
                },
            }
        )
        http = HttpOptions(transport=ScriptedTransport([self.answer]), timer=self.time.timer)
        return platform_plugin("AzureDatabricks").open(
            platform, PluginContext(secrets=OneSecret(), http=http)
        )
