"""Requests that schemathesis generates from the OpenAPI document; every answer is documented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.fakes.app import FakeApp
from tests.fakes.contract import PREFIX, document
from tests.fakes.definitions import ON_CALL, lakehouse

SCHEMA = cast("OpenApiSchema", schemathesis.openapi.from_dict(document()))
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
_SOAK_REQUESTS = 20_000
_NAMES: Mapping[str, tuple[str, ...]] = {
    "vaults": ("local",),
    "platforms": ("lakehouse",),
    "contention-profiles": ("lakehouse-cap", "submit-rate"),
    "calendars": ("holidays",),
    "jobs": ("landing", "sales-load"),
    "tasks": ("landing-check", "sales-load-daily"),
    "webhooks": ("on-call",),
}
"""The names of existing definitions."""


CASES = [
    pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
    for operation in OPERATIONS
    for mode in GenerationMode
    # An operation without any input has no invalid input.
    if mode is GenerationMode.POSITIVE
    or {"parameters", "requestBody"} & operation.definition.raw.keys()
]


@pytest.fixture(scope="module")
def statuses() -> Iterator[Counter[int]]:
    counted: Counter[int] = Counter()
    yield counted
    print(f"\n{counted.total()} requests: {dict(sorted(counted.items()))}")


@pytest.fixture
def app() -> FakeApp:
    """Return an app with definitions and a run, new for each operation."""
    app = FakeApp()
    content = lakehouse(webhooks=[ON_CALL])
    content["platforms"][0]["attributes"]["computeType"] = "Serverless"
    assert app.http.put("/definitions", json=content).status_code == 200
    return app


def _send(app: FakeApp, case: Any, known: bool, choice: int, run_id: str) -> int:
    """Send a generated request, half of them for objects that exist."""
    path = case.operation.path
    names = _NAMES.get(path.split("/")[1], ())
    if known and names and "name" in case.path_parameters:
        case.path_parameters["name"] = names[choice % len(names)]
    # A stream of an active run lasts for minutes.
    if known and "run_id" in case.path_parameters and not path.endswith("/events"):
        case.path_parameters["run_id"] = run_id
    for stream in [each for each in case.query or {} if each == "stream"]:
        del case.query[stream]
    options = case.as_transport_kwargs(base_url=f"http://localhost{PREFIX}")
    options.pop("cookies", None)
    sent = {"method", "url", "params", "headers", "json", "data"} & options.keys()
    request = {name: options[name] for name in sent}
    if isinstance(request.get("data"), bytes | str):
        request["content"] = request.pop("data")
    request["headers"] = {
        name: value.encode("latin-1", "replace") for name, value in request["headers"].items()
    }
    return app.http.request(**request).status_code


def _fuzz(app: FakeApp, operation: Any, mode: GenerationMode, examples: int) -> Counter[int]:
    counted: Counter[int] = Counter()
    started = app.http.post("/tasks/landing-check/run").json()["runId"]

    @given(
        case=operation.as_strategy(generation_mode=mode), known=st.booleans(), choice=st.integers()
    )
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any, known: bool, choice: int) -> None:
        status = _send(app, case, known, choice, started)
        counted[status] += 1
        assert status < 500

    send()
    return counted


@pytest.mark.slow
@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_a_generated_request_has_a_documented_answer(
    app: FakeApp, statuses: Counter[int], operation: Any, mode: GenerationMode
) -> None:
    statuses.update(_fuzz(app, operation, mode, examples=3))


@pytest.mark.soak
@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_many_generated_requests_have_documented_answers(
    app: FakeApp, statuses: Counter[int], operation: Any, mode: GenerationMode
) -> None:
    statuses.update(_fuzz(app, operation, mode, examples=_SOAK_REQUESTS // len(CASES)))
