"""The vendors' clients accept the simulators as the services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ResourceNotFoundError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.web import WebSiteManagementClient
from google.api_core.exceptions import Forbidden, NotFound
from google.cloud.functions_v2 import FunctionServiceClient
from google.cloud.functions_v2.services.function_service.transports import (
    FunctionServiceRestTransport,
)
from google.oauth2.credentials import Credentials

from simulators.azure_functions.server import HOST_KEY, SYSTEM_KEY
from tests.contract.connectors.cases.azure_functions import SUBSCRIPTION
from tests.contract.functions.conftest import ScriptedPlatform

APP = ("rg-data", "sales-app")
REGION = "projects/acme-data-1/locations/europe-west3"


class PlainBearer(SansIOHTTPPolicy[Any, Any]):
    """Sends a token over plain HTTP, which the client's own policy refuses."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.http_request.headers["Authorization"] = "Bearer anything"


class NoCredential:
    """The credential that the client requires but never uses."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        raise AssertionError("the policy above needs no token")


@pytest.fixture
def manager(azure: ScriptedPlatform) -> Iterator[WebSiteManagementClient]:
    """Azure's client for App Service."""
    client = WebSiteManagementClient(
        NoCredential(),
        SUBSCRIPTION,
        base_url=azure.case.simulator.url,
        authentication_policy=PlainBearer(),
        retry_total=0,
    )
    with client:
        yield client


@pytest.fixture
def region(google: ScriptedPlatform) -> FunctionServiceClient:
    """Google's client for Cloud Functions."""
    transport = FunctionServiceRestTransport(
        host=google.case.simulator.url.removeprefix("http://"),
        credentials=Credentials("anything"),
        url_scheme="http",
    )
    return FunctionServiceClient(transport=transport)


def test_the_azure_client_reads_the_app_its_functions_and_keys(
    azure: ScriptedPlatform, manager: WebSiteManagementClient
) -> None:
    azure.script("Report", route="users/{id}")

    assert manager.web_apps.get(*APP).state == "Running"
    functions = {str(each.name): each for each in manager.web_apps.list_functions(*APP)}
    assert {"sales-app/Report", "sales-app/Hangs", "sales-app/Timer"} <= functions.keys()
    binding = manager.web_apps.get_function(*APP, "Report").config["bindings"][0]
    assert (binding["type"], binding["route"]) == ("httpTrigger", "users/{id}")
    keys = manager.web_apps.list_host_keys(*APP)
    assert keys.function_keys == {"default": HOST_KEY}
    assert keys.system_keys == {"durabletask_extension": SYSTEM_KEY}
    with pytest.raises(ResourceNotFoundError):
        manager.web_apps.get_function(*APP, "Gone")


def test_the_google_client_lists_and_reads_functions(
    google: ScriptedPlatform, region: FunctionServiceClient
) -> None:
    listed = {each.name: each for each in region.list_functions(parent=REGION)}

    assert f"{REGION}/functions/publish" in listed
    assert listed[f"{REGION}/functions/on_upload"].event_trigger.event_type
    found = region.get_function(name=f"{REGION}/functions/publish")
    assert found.service_config.uri == f"{google.case.simulator.url}/run/publish"
    assert found.state.name == "ACTIVE"
    with pytest.raises(NotFound):
        region.get_function(name=f"{REGION}/functions/gone")
    google.case.simulator.fault(endpoint="functions", fault="status", status=403)
    with pytest.raises(Forbidden):
        region.list_functions(parent=REGION)
