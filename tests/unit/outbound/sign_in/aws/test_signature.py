"""Signatures of AWS: its published test vectors, and everything that a signature must cover."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.credentials import CredentialsInUse
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.sign_in.aws.signature import (
    AwsCredentials,
    AwsSignature,
    SigningScope,
    signed_request,
)

KEY = AwsCredentials(
    access_key_id="AKIDEXAMPLE",
    secret_access_key=Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
)
TEMPORARY = replace(KEY, session_token=Secret("AQoDYXdzEPT//wEXAMPLE=="))
SCOPE = SigningScope(service="service", region="us-east-1")
STAMP = "20150830T123600Z"
HOST = "https://example.amazonaws.com"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def a_request(method: str, target: str, body: bytes | None = None, **headers: str) -> HttpRequest:
    return HttpRequest(method=method, url=f"{HOST}{target}", headers=headers, body=body)


def signature(request: HttpRequest, key: AwsCredentials = KEY, stamp: str = STAMP) -> str:
    signed = signed_request(request, key, SCOPE, stamp)
    return signed.headers["Authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(
            a_request("GET", "/"),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            id="get-vanilla",
        ),
        pytest.param(
            a_request("POST", "/"),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            id="post-vanilla",
        ),
        pytest.param(
            a_request("GET", "/?Param2=value2&Param1=value1"),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            id="get-vanilla-query-order-key-case",
        ),
        pytest.param(
            a_request("GET", "/?%E1%88%B4=bar"),
            "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
            id="get-vanilla-utf8-query",
        ),
        pytest.param(
            HttpRequest(method="POST", url=f"{HOST}/", headers=FORM, body=b"Param1=value1"),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            id="post-x-www-form-urlencoded",
        ),
    ],
)
def test_the_published_vectors_are_signed_as_published(
    request_: HttpRequest, expected: str
) -> None:
    assert signature(request_) == expected


def test_a_signature_covers_all_that_is_sent() -> None:
    usual = HttpRequest(
        method="POST",
        url=f"{HOST}/a?b=c",
        headers={"Content-Type": "application/json", "X-Amz-Target": "Service.Act"},
        body=b"{}",
    )
    changed = [
        replace(usual, method="PUT"),
        replace(usual, url=f"{HOST}/b?b=c"),
        replace(usual, url=f"{HOST}/a?b=d"),
        replace(usual, url="https://other.amazonaws.com/a?b=c"),
        replace(usual, url=f"{HOST}:8443/a?b=c"),
        replace(usual, headers={**usual.headers, "X-Amz-Target": "Service.Other"}),
        replace(usual, headers={**usual.headers, "Content-Type": "text/plain"}),
        replace(usual, body=b"[]"),
        replace(usual, body=None),
    ]

    signatures = {signature(each) for each in [usual, *changed]}
    signatures.add(signature(usual, TEMPORARY))
    signatures.add(signature(usual, stamp="20150830T123601Z"))

    assert len(signatures) == len(changed) + 3


def test_a_header_that_is_added_later_does_not_break_the_signature() -> None:
    traced = a_request("GET", "/", traceparent="00-1-2-01")

    assert signature(traced) == signature(a_request("GET", "/"))


def test_the_time_of_a_signature_is_that_of_the_sending() -> None:
    class Fixed:
        def current(self) -> AwsCredentials:
            return TEMPORARY

        def renew(self) -> None: ...

    moment = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    signed = AwsSignature(Fixed(), SCOPE, lambda: moment).sign(a_request("GET", "/"))

    assert signed.headers["X-Amz-Date"] == "20261130T235959Z"
    assert "/20261130/us-east-1/service/aws4_request" in signed.headers["Authorization"]
    assert TEMPORARY.session_token is not None
    assert signed.headers["X-Amz-Security-Token"] == TEMPORARY.session_token.reveal()


def test_only_the_session_token_is_remembered_as_a_credential() -> None:
    request = a_request("GET", "/")
    credentials = CredentialsInUse()

    credentials.note_signature(request, signed_request(request, TEMPORARY, SCOPE, STAMP))

    assert credentials.secrets == (TEMPORARY.session_token,)
