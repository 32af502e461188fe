"""What is sent, to whom, and what it costs where nothing is sent."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys

import pytest

from polysync_core.telemetry import sending
from polysync_core.telemetry.tracing import next_span_id
from tests.fakes.ingestion import ingestion
from tests.unit.infra.templates import ROOT

SCENE = """
import logging
from polysync_core.composition import observe
from polysync_core.telemetry.calls import outgoing
observe()
with outgoing("POST", "https://adb-1.example.net/path?sig=hidden", {}) as call:
    logging.getLogger("polysync_core.x").info("Ours.", extra={"action": "run_accepted"})
    logging.getLogger("requests").info("Chatter.")
    logging.getLogger("requests").warning("A warning.")
    logging.getLogger("azure.core").warning("Of the sender itself.")
    call.status = 503
"""


def run(scene: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a scene in a process of its own: what is set up once stays."""
    told = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true", **settings}
    return subprocess.run(
        [sys.executable, "-c", scene],
        cwd=ROOT,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


@pytest.mark.slow
def test_application_insights_gets_the_call_the_number_and_the_line() -> None:
    with ingestion() as sent:
        run(SCENE, OTEL_SERVICE_NAME="polysync-test", **sent.environment)
        (call,) = sent.items("dependencies")
        (number,) = [each for each in sent.items("customMetrics") if "polysync" in each.name]
        lines = sent.items("traces")
        envelopes = [each for body in sent.bodies for each in json.loads(body)]
    assert call.success is False
    assert [line.name for line in lines] == ["Ours.", "A warning."]
    assert {line.operation for line in lines} == {call.operation}
    assert {line.parent for line in lines} == {call.id}
    assert (number.name, number.dimensions["error.type"]) == ("polysync.call.duration", "503")
    assert {each["tags"]["ai.cloud.role"] for each in envelopes} == {"polysync-test"}
    (shown,) = [
        each["data"]["baseData"]
        for each in envelopes
        if each["data"]["baseType"] == "RemoteDependencyData"
    ]
    assert (shown["target"], shown["resultCode"]) == ("adb-1.example.net", "503")
    assert "hidden" not in json.dumps(envelopes)


@pytest.mark.slow
def test_where_nothing_is_sent_nothing_is_loaded() -> None:
    scene = "import sys, function_app; print(*sys.modules)"
    loaded = run(scene, APPLICATIONINSIGHTS_CONNECTION_STRING="").stdout.split()
    assert "polysync_core.telemetry.tracing" in loaded
    heavy = ("opentelemetry.sdk", "azure.monitor", "opentelemetry.exporter")
    assert [name for name in loaded if name.startswith(heavy)] == []


@pytest.mark.slow
def test_a_collector_is_sent_to_by_its_own_settings() -> None:
    scene = """
from polysync_core.telemetry.sending import _collector
print(_collector().spans._endpoint, _collector().logs._endpoint)
"""
    said = run(scene, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318").stdout.split()
    assert said == ["http://127.0.0.1:4318/v1/traces", "http://127.0.0.1:4318/v1/logs"]


def test_ids_are_drawn_unless_one_is_wished_for() -> None:
    ids = sending.ChosenIds()
    assert ids.generate_span_id() != ids.generate_span_id()
    token = next_span_id.set(7)
    try:
        assert ids.generate_span_id() == 7
    finally:
        next_span_id.reset(token)


@pytest.mark.parametrize("name", sending.APP_LOGGERS)
def test_our_loggers_are_packages_that_there_are(name: str) -> None:
    assert (ROOT / name / "__init__.py").exists()
    assert logging.getLogger(name)
