"""Telemetry is sent to the configured destinations; without one, no exporter is loaded."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys

import pytest

from polysync_core.telemetry import export as sending
from polysync_core.telemetry.tracing import next_span_id
from tests.fakes.ingestion import ingestion
from tests.unit.infra.templates import ROOT

CODE = """
import logging
from polysync_core.composition import observe
from polysync_core.telemetry.calls import outgoing
observe()
with outgoing("POST", "https://adb-1.example.net/path?sig=hidden", {}) as call:
    logging.getLogger("polysync_core.x").info("Of the app.", extra={"action": "run_accepted"})
    logging.getLogger("requests").info("An info of a library.")
    logging.getLogger("requests").warning("A warning.")
    logging.getLogger("azure.core").warning("A warning of the exporter.")
    call.status = 503
"""


def run(code: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new process, because the set-up of a process is permanent."""
    usual = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true", "POLYSYNC_PROMETHEUS": "false"}
    variables = usual | settings
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


@pytest.mark.slow
def test_application_insights_receives_the_span_the_metric_and_the_log_line() -> None:
    with ingestion() as sent:
        run(CODE, OTEL_SERVICE_NAME="polysync-test", **sent.environment)
        (call,) = sent.items("dependencies")
        (number,) = [each for each in sent.items("customMetrics") if "polysync" in each.name]
        lines = sent.items("traces")
        envelopes = [each for body in sent.bodies for each in json.loads(body)]
    assert call.success is False
    assert [line.name for line in lines] == ["Of the app.", "A warning."]
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
def test_without_a_destination_no_exporter_is_imported() -> None:
    code = "import sys, function_app; print(*sys.modules)"
    loaded = run(code, APPLICATIONINSIGHTS_CONNECTION_STRING="").stdout.split()
    assert "polysync_core.telemetry.tracing" in loaded
    heavy = ("opentelemetry.sdk", "azure.monitor", "opentelemetry.exporter")
    assert [name for name in loaded if name.startswith(heavy)] == []


@pytest.mark.slow
def test_a_collector_is_configured_by_its_own_settings() -> None:
    code = """
from polysync_core.telemetry.export import _collector
print(_collector().spans._endpoint, _collector().logs._endpoint)
"""
    urls = run(code, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318").stdout.split()
    assert urls == ["http://127.0.0.1:4318/v1/traces", "http://127.0.0.1:4318/v1/logs"]


def test_span_ids_are_random_unless_one_is_given() -> None:
    ids = sending.PresetSpanIds()
    assert ids.generate_span_id() != ids.generate_span_id()
    token = next_span_id.set(7)
    try:
        assert ids.generate_span_id() == 7
    finally:
        next_span_id.reset(token)


@pytest.mark.parametrize("name", sending.APP_LOGGERS)
def test_the_loggers_of_the_app_are_existing_packages(name: str) -> None:
    assert (ROOT / name / "__init__.py").exists()
    assert logging.getLogger(name)
