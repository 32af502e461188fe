"""The simulator's record of its requests."""

from __future__ import annotations

from typing import Any

import pytest
import requests

HEADERS = {"Authorization": "Bearer someone"}


@pytest.fixture(autouse=True)
def forget(simulator: Any) -> None:
    simulator.control("DELETE", "requests")


def test_requests_are_recorded_without_tokens(simulator: Any) -> None:
    url = f"{simulator.url}/api/2.2/jobs/runs/cancel?a=1"
    requests.post(url, json={"run_id": 5}, headers=HEADERS, timeout=60)

    (parameters,) = simulator.control("GET", "requests")["requests"]

    assert (parameters["method"], parameters["endpoint"]) == ("POST", "jobs/runs/cancel")
    assert (parameters["query"], parameters["body"]) == ({"a": "1"}, {"run_id": 5})
    assert parameters["caller"]
    assert "someone" not in str(parameters)


@pytest.mark.parametrize("body", [b"{", b"[" * 9000, b'{"a":"%s"}' % (b"x" * 20_000)])
def test_a_request_with_a_long_or_invalid_body_is_still_counted(
    simulator: Any, body: bytes
) -> None:
    url = f"{simulator.url}/api/2.2/jobs/run-now"
    requests.post(url, data=body, headers=HEADERS, timeout=60)

    parameters = simulator.control("GET", "requests")

    assert parameters["counts"] == {"POST jobs/run-now": 1}
    assert parameters["requests"][0]["body"] is None


def test_every_answer_of_the_api_names_the_workspace(simulator: Any) -> None:
    for path in ("preview/scim/v2/Me", "none"):
        answer = requests.get(f"{simulator.url}/api/2.0/{path}", headers=HEADERS, timeout=60)
        assert answer.headers["x-databricks-org-id"]
