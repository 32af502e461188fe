"""Features of Google Cloud Functions only: address look-up and the function `publish`."""

from __future__ import annotations

import urllib.request
from dataclasses import replace

import pytest

from polysync_core.domain.definitions.jobs import Direction, Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.platforms.connector import ArtefactNotFound, ProviderStatus
from tests.contract.connectors.cases.google_functions import a_platform
from tests.contract.connectors.job_type_case import ConnectorHarness
from tests.contract.functions.conftest import ScriptedPlatform


def test_publish_writes_a_page_and_returns_its_address(google: ScriptedPlatform) -> None:
    schema = (
        Parameter(name="title"),
        Parameter(name="total"),
        Parameter(name="url", direction=Direction.OUTPUT),
    )

    outputs = google.report("publish", schema, title="Sales <b>", total="4,200").outputs

    with urllib.request.urlopen(str(outputs["url"])) as answer:  # noqa: S310 - loopback
        page = answer.read().decode()
    assert "Sales &lt;b&gt;" in page
    assert "4,200" in page


def test_the_address_of_a_function_is_cached(google: ScriptedPlatform) -> None:
    google.script("echo")
    google.report("echo")
    google.case.simulator.fault(endpoint="functions/echo", fault="status", status=500)

    assert google.report("echo").status is ProviderStatus.SUCCESS


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/run/echo",
        "http://127.0.0.1:9/run/echo",
        "https://echo.run.app.evil.example",
        "not an address",
    ],
)
def test_a_function_with_an_address_on_another_host_is_not_called(
    google: ScriptedPlatform, uri: str
) -> None:
    google.script("echo")
    google.case.simulator.fault(
        endpoint="functions/echo", fault="wrong-type", replace={"serviceConfig": {"uri": uri}}
    )

    with pytest.raises(PlatformRefused, match="not on a Google host"):
        google.submit("echo")


def test_a_function_with_an_event_trigger_is_listed_with_the_reason_and_not_called(
    google: ScriptedPlatform,
) -> None:
    problems = {each.name: each.problem for each in google.harness.connector.artefacts()}

    assert problems["publish"] is None
    assert "event trigger" in str(problems["on_upload"])
    with pytest.raises(PlatformRefused, match="has an event trigger"):
        google.submit("on_upload")


def test_a_refused_description_differs_from_a_missing_function(google: ScriptedPlatform) -> None:
    name = google.job("publish").external_id.replace("publish", "absent")

    with pytest.raises(ArtefactNotFound, match="was deleted"):
        google.harness.job.describe(name)
    google.case.simulator.fault(endpoint="functions/publish", fault="status", status=403)
    with pytest.raises(PlatformRefused) as caught:
        google.harness.job.describe(google.job("publish").external_id)
    assert not isinstance(caught.value, ArtefactNotFound)


def test_discovery_can_be_limited_to_one_function(google: ScriptedPlatform) -> None:
    platform = a_platform(google.case.simulator, functionName="publish")
    harness = ConnectorHarness(replace(google.case, platform=platform))

    assert [each.name for each in harness.connector.artefacts()] == ["publish"]
