"""Tests of the rules of arrivals when a Task is saved."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from polysync_core.domain.arrivals.definition import Arrival


def written(arrival: dict[str, Any]) -> dict[str, Any]:
    found = Arrival.model_validate({"name": "new", **arrival})
    return found.model_dump(mode="json", by_alias=True, exclude_defaults=True)


@pytest.mark.parametrize(
    "arrival",
    [
        {"source": "lake"},
        {"source": ["a", "b"], "type": {"prefix": "com.example."}},
        {"prefix": "a/", "suffix": ".csv", "filter": {"region": "eu", "data.a.b": ["1", "2"]}},
    ],
)
def test_an_arrival_is_written_as_it_was_read(arrival: dict[str, Any]) -> None:
    assert written(arrival) == {"name": "new", **arrival}


@pytest.mark.parametrize(
    ("arrival", "message"),
    [
        ({}, "every event would start the task"),
        ({"source": ""}, "1 to 2048 characters"),
        ({"source": []}, "1 to 100 texts"),
        ({"source": {}}, "needs a prefix or a suffix"),
        ({"source": {"contains": "x"}}, "has no part 'contains'"),
        ({"source": 7}, "must be a text, a list of texts, or an object"),
        ({"source": ["a", None]}, "must be a text, a list of texts, or an object"),
        ({"source": "a\u202eb"}, "U\\+202E"),
        ({"filter": {"Region": "eu"}}, "pattern"),
        ({"filter": {"data.": "eu"}}, "pattern"),
        ({"filter": {"type": "x"}}, "is written as the field type"),
        ({"source": "lake", "prefix": ""}, "at least 1 item"),
    ],
)
def test_a_wrong_arrival_is_refused(arrival: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        written(arrival)
