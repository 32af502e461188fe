"""What the simulator tells of the requests that it was sent."""

from __future__ import annotations

from typing import Any

import pytest
import requests

HEADERS = {"Authorization": "Bearer someone"}


@pytest.fixture(autouse=True)
def forget(simulator: Any) -> None:
    simulator.control("DELETE", "requests")


def test_it_tells_what_was_asked_and_keeps_no_token(simulator: Any) -> None:
    url = f"{simulator.url}/api/2.2/jobs/runs/cancel?a=1"
    requests.post(url, json={"run_id": 5}, headers=HEADERS, timeout=60)

    (told,) = simulator.control("GET", "requests")["requests"]

    assert (told["method"], told["endpoint"]) == ("POST", "jobs/runs/cancel")
    assert (told["query"], told["body"]) == ({"a": "1"}, {"run_id": 5})
    assert told["caller"]
    assert "someone" not in str(told)


@pytest.mark.parametrize("body", [b"{", b"[" * 9000, b'{"a":"%s"}' % (b"x" * 20_000)])
def test_a_body_that_is_not_worth_keeping_is_counted_all_the_same(
    simulator: Any, body: bytes
) -> None:
    url = f"{simulator.url}/api/2.2/jobs/run-now"
    requests.post(url, data=body, headers=HEADERS, timeout=60)

    told = simulator.control("GET", "requests")

    assert told["counts"] == {"POST jobs/run-now": 1}
    assert told["requests"][0]["body"] is None


def test_every_answer_of_the_api_names_the_workspace(simulator: Any) -> None:
    for path in ("preview/scim/v2/Me", "none"):
        answer = requests.get(f"{simulator.url}/api/2.0/{path}", headers=HEADERS, timeout=60)
        assert answer.headers["x-databricks-org-id"]
