"""Tests of the route that tests the token issuer of the host."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from tests.fakes.app import FakeApp, settings_of
from tests.fakes.builders import NOON
from tests.fakes.http import Reply
from tests.fakes.token_issuer import AUDIENCE, ISSUER, FakeIssuer, public, rsa_key

SETTINGS = settings_of(POLYSYNC_OIDC_ISSUER=ISSUER, POLYSYNC_OIDC_AUDIENCE=AUDIENCE)


def _result(issuer: FakeIssuer) -> tuple[bool, str]:
    app = FakeApp(settings=SETTINGS, open_issuer=lambda *_: issuer.signing_keys)
    answer = app.http.post("/token-issuer/test")
    assert answer.status_code == 200
    return answer.json()["ok"], answer.json()["message"]


def _date(**error: float) -> dict[str, str]:
    return {"Date": format_datetime(NOON + timedelta(**error), usegmt=True)}


def test_an_issuer_that_answers_passes_with_its_number_of_keys() -> None:
    issuer = FakeIssuer()
    issuer.keys.append(public(rsa_key("second"), kid="second"))
    issuer.headers = _date(seconds=30)

    expected = "The issuer answers with 2 usable keys, and the clocks agree."
    assert _result(issuer) == (True, expected)
    assert len(issuer.requests) == 2


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": ""}])
def test_an_issuer_without_a_readable_time_still_passes(headers: dict[str, str]) -> None:
    issuer = FakeIssuer()
    issuer.headers = headers

    assert _result(issuer) == (
        True,
        "The issuer answers with 1 usable key; its answer has no time to compare.",
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [(61.0, "61 s behind the issuer's"), (-3600.0, "3600 s ahead of the issuer's")],
)
def test_a_clock_that_differs_more_than_tokens_allow_fails(error: float, expected: str) -> None:
    issuer = FakeIssuer()
    issuer.headers = _date(seconds=error)

    ok, message = _result(issuer)

    assert not ok
    assert expected in message
    assert "correct the clock of this host" in message


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        pytest.param(requests.ConnectionError(), "discovery document", id="no connection"),
        pytest.param(Reply(404), "answers with status 404", id="no document"),
        pytest.param(Reply(302, headers={"Location": "https://x"}), "status 302", id="a redirect"),
        pytest.param(Reply(200, b"<html>"), "a JSON object", id="another service"),
    ],
)
def test_an_issuer_that_cannot_be_read_fails_with_the_remedy(
    failure: Exception | Reply, expected: str
) -> None:
    issuer = FakeIssuer()
    issuer.failure = failure

    ok, message = _result(issuer)

    assert not ok
    assert expected in message
    assert "Check POLYSYNC_OIDC_ISSUER" in message


@pytest.mark.parametrize(
    ("discovery", "keys", "expected"),
    [
        ({"issuer": "https://other.example.com"}, None, "names another issuer"),
        ({"jwks_uri": "http://keys.example.com"}, None, "The key set of the token issuer"),
        ({"jwks_uri": None}, None, "The key set of the token issuer"),
        ({}, [], "has no key that can be used"),
    ],
)
def test_wrong_documents_are_named(
    discovery: dict[str, Any], keys: list[Any] | None, expected: str
) -> None:
    issuer = FakeIssuer()
    issuer.discovery |= discovery
    issuer.keys = issuer.keys if keys is None else keys

    ok, message = _result(issuer)

    assert not ok
    assert expected in message


def test_a_host_without_an_issuer_says_so() -> None:
    answer = FakeApp().http.post("/token-issuer/test")

    assert answer.status_code == 404
    assert "POLYSYNC_OIDC_ISSUER" in answer.json()["detail"]
