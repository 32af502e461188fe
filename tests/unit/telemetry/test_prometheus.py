"""Prometheus scrapes the same instruments that OpenTelemetry exports, under the mapped names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from opentelemetry.metrics import NoOpMeter
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client.parser import text_string_to_metric_families

from polysync_core.api.operations.metrics import Metrics
from polysync_core.api.security.callers import accept_all
from polysync_core.composition import build_api
from polysync_core.telemetry import names
from polysync_core.telemetry.instruments import SCOPE, instruments, measure_with
from polysync_core.telemetry.names import METRICS, Metric, MetricKind
from polysync_core.telemetry.prometheus import PrometheusMetrics
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.contract import CheckedClient
from tests.unit.infra.templates import ROOT


@pytest.fixture
def metrics() -> Iterator[PrometheusMetrics]:
    prometheus = PrometheusMetrics()
    provider = MeterProvider(metric_readers=[prometheus.reader])
    measure_with(provider.get_meter(SCOPE))
    yield prometheus
    measure_with(NoOpMeter(SCOPE))
    provider.shutdown()


def _mapped(metric: Metric) -> str:
    unit = {"s": "_seconds", "By": "_bytes"}.get(metric.unit, "")
    return metric.name.replace(".", "_") + unit


def test_every_metric_of_the_registry_has_its_mapped_name(metrics: PrometheusMetrics) -> None:
    for attribute, metric in vars(instruments()).items():
        labels = {"polysync.shard": "a"}
        match getattr(names, attribute.upper()).kind:
            case MetricKind.COUNTER:
                metric.add(1, labels)
            case MetricKind.GAUGE:
                metric.set(2.0, labels)
            case MetricKind.HISTOGRAM:
                metric.record(3.0, labels)

    text, media_type = metrics.text("")

    found = {family.name: family for family in text_string_to_metric_families(text.decode())}
    assert media_type.startswith("text/plain")
    for metric in METRICS:
        family = found[_mapped(metric)]
        assert family.type == metric.kind.value
        assert {"polysync_shard": "a"}.items() <= family.samples[0].labels.items()


def test_a_counter_grows_between_two_scrapes(metrics: PrometheusMetrics) -> None:
    values: list[str] = []
    for _ in range(2):
        instruments().runs_accepted.add(1, {names.TRIGGER: "Manual"})
        text, _ = metrics.text("")
        values += re.findall(r"^polysync_runs_accepted_total{.*} (\S+)$", text.decode(), re.M)

    assert values == ["1.0", "2.0"]


def test_a_scraper_may_ask_for_the_open_metrics_format(metrics: PrometheusMetrics) -> None:
    text, media_type = metrics.text("application/openmetrics-text; version=1.0.0")

    assert media_type.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")


def test_the_route_serves_the_metrics_of_the_app(metrics: PrometheusMetrics) -> None:
    api = build_api(FakeApp().services, accept_all, metrics=Metrics(metrics.text))
    instruments().poison_messages.add(1, {names.QUEUE: "run-requests"})

    answer = CheckedClient(api).get("/metrics")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'polysync_messages_poison_total{polysync_queue="run-requests"} 1.0' in answer.text


def test_without_the_setting_the_route_names_the_setting() -> None:
    answer = FakeApp().http.get("/metrics")

    assert answer.status_code == 404
    assert answer.json()["detail"] == "Metrics are off: set POLYSYNC_PROMETHEUS to true."


@pytest.mark.parametrize(("text", "on"), [("true", True), ("false", False)])
def test_the_setting_turns_the_metrics_on(text: str, on: bool) -> None:
    assert settings_of(POLYSYNC_PROMETHEUS=text).prometheus is on


def test_the_dashboard_uses_existing_metrics_and_all_of_them() -> None:
    dashboard = json.loads((ROOT / "infra/grafana/polysync.json").read_text())
    expressions = [each["expr"] for panel in dashboard["panels"] for each in panel["targets"]]
    without_labels = re.sub(r"by \([^)]*\)|{[^}]*}", "", " ".join(expressions))
    shown = set(re.findall(r"\bpolysync_\w+", without_labels))

    suffixes = re.compile(r"_(total|count|bucket)$")
    assert {suffixes.sub("", name) for name in shown} == {_mapped(metric) for metric in METRICS}


def test_the_dashboard_groups_by_existing_labels() -> None:
    dashboard = json.loads((ROOT / "infra/grafana/polysync.json").read_text())
    known = {name.replace(".", "_") for metric in METRICS for name in metric.attributes} | {"le"}
    for panel in dashboard["panels"]:
        for each in panel["targets"]:
            grouped = re.findall(r"by \(([^)]*)\)", each["expr"])
            used = {label.strip() for group in grouped for label in group.split(",")}
            used |= set(re.findall(r"{{(\w+)}}", each["legendFormat"]))
            assert used <= known, panel["title"]
