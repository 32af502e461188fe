"""The duration of a wait, as a number or an expression."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulators.data_factory.runs import start
from simulators.serving import Refusal

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def wait(seconds: Any) -> tuple[str, timedelta]:
    """Return the final status of a pipeline that waits, and its duration."""
    definition = {
        "parameters": {"s": {"type": "int", "defaultValue": 5}},
        "activities": [
            {"name": "Nap", "type": "Wait", "typeProperties": {"waitTimeInSeconds": seconds}}
        ],
    }
    run = start("nap", definition, {}, NOW)
    return run.status(NOW + timedelta(hours=1)), run.natural_end - NOW


@pytest.mark.parametrize(
    "seconds",
    [
        5,
        "5",
        "@pipeline().parameters.s",
        {"value": "@pipeline().parameters.s", "type": "Expression"},
        {"value": "@int(pipeline().parameters.s)", "type": "Expression"},
        {"value": "@{pipeline().parameters.s}", "type": "Expression"},
    ],
)
def test_a_wait_takes_a_number_or_the_value_of_an_expression(seconds: Any) -> None:
    assert wait(seconds) == ("Succeeded", timedelta(seconds=5))


@pytest.mark.parametrize(
    "seconds", ["soon", "@pipeline().parameters.none", {"value": "@utcnow()", "type": "Expression"}]
)
def test_another_expression_is_refused(seconds: Any) -> None:
    with pytest.raises(Refusal):
        wait(seconds)
