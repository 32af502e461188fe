"""Tests that an answer tells refused credentials, blocked addresses and temporary faults apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.domain.definitions.platforms import Auth
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.answer_messages import refusal_in
from polysync_core.platforms.azure_functions.refusals import FUNCTION_REFUSALS
from polysync_core.platforms.azure_logic_apps.refusals import REFUSALS
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.refusal_rules import (
    asks_to_try_later,
    blocks_address,
    credential_name,
    host_refuses_credential,
    refuses_credential,
)

IP_BLOCKED = "Source IP address: 10.1.2.3 is blocked by Databricks IP ACL for workspace: 42"


def refusal(status: int, body: Any = b"", **headers: str) -> Refusal:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return refusal_in(Answer(status=status, content=content, headers=named), "h.example")


def page(title: str, text: str = "") -> bytes:
    return f"<html><head><title>{title}</title></head><body>{text}</body></html>".encode()


@pytest.mark.parametrize(
    "refused",
    [
        refusal(401),
        refusal(401, {"error_code": "401", "message": "Credential was not sent"}),
        refusal(403, {"error_code": "403", "message": "Invalid access token."}),
        refusal(403, {"error_code": 403, "message": "Error 403: the token expired"}),
        refusal(403, {"error_code": "PERMISSION_DENIED", "message": "Token has been revoked"}),
        refusal(403, {"error": {"code": "Forbidden", "message": "The bearer token is invalid"}}),
        refusal(403, page("Error 403 Invalid access token.")),
        refusal(403, page("403", "<p>Reason: Invalid Token</p>")),
        refusal(403, b"The access token could not be verified"),
        refusal(403, {"message": "Personal access tokens are disabled"}),
        refusal(
            400, {"error_code": "BAD_REQUEST", "message": "io.jsonwebtoken.ExpiredJwtException"}
        ),
        refusal(400, {"message": "JWT is malformed"}),
        refusal(400, {"message": "io.jsonwebtoken.SignatureException: no match"}),
        refusal(400, {"message": "IncorrectClaimException: Expected iss claim to be: x"}),
        refusal(403, {"message": "Unable to authenticate the credential"}),
        refusal(403, {"message": "Your token has been invalidated"}),
        refusal(400, {"message": "Malformed bearer token"}),
        refusal(400, {"error": {"code": "ExpiredAuthenticationToken", "message": "x"}}),
        refusal(403, {"error": {"code": "InvalidAuthenticationTokenTenant"}}),
        refusal(403, {"error": {"status": "UNAUTHENTICATED", "message": "x"}}),
        refusal(403, www_authenticate='Bearer realm="x", error="invalid_token"'),
        refusal(400, www_authenticate="Bearer error=invalid_token"),
        refusal(302, location="https://login.microsoftonline.com/t/oauth2/authorize?x=1"),
        refusal(303, location="/login.html?next=x"),
        refusal(200, page("Databricks - Sign In")),
    ],
)
def test_a_refused_credential_is_recognised_with_any_status_and_content_type(
    refused: Refusal,
) -> None:
    assert refuses_credential(refused)
    assert not blocks_address(refused)


@pytest.mark.parametrize(
    "other",
    [
        refusal(403, {"error_code": "PERMISSION_DENIED", "message": "User lacks Can Run"}),
        refusal(403, {"error": {"code": "AuthorizationFailed", "message": "no action over scope"}}),
        refusal(403, page("403 Forbidden")),
        refusal(403, {"error_code": 403, "message": IP_BLOCKED}),
        refusal(401, {"message": IP_BLOCKED}),
        refusal(400, {"message": "Invalid page token"}),
        refusal(400, {"message": "The continuation_token is invalid"}),
        refusal(400, {"message": "idempotency_token is malformed"}),
        refusal(400, {"message": "Invalid value for parameter 'token'"}),
        refusal(400, {"message": "RPC token bucket limit has been exceeded"}),
        refusal(400, {"message": "Unexpected token < in JSON is invalid"}),
        refusal(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "Job 7 does not exist."}),
        refusal(404, {"message": "The token is invalid"}),
        refusal(403, www_authenticate='Bearer error="insufficient_scope"'),
        refusal(500, {"message": "Invalid access token"}),
        refusal(301, location="https://other.example/catalog"),
        refusal(302, location="https://[broken"),
        refusal(200, page("Welcome")),
        refusal(200, {"title": "Sign in"}),
    ],
)
def test_another_refusal_is_no_refused_credential(other: Refusal) -> None:
    assert not refuses_credential(other)


def test_a_text_of_a_users_own_code_says_nothing_about_the_credential_of_the_call() -> None:
    assert not host_refuses_credential(refusal(403, {"message": "Invalid access token"}))
    assert not host_refuses_credential(refusal(302, location="/login"))
    assert not host_refuses_credential(refusal(200, page("Sign in")))
    assert host_refuses_credential(refusal(401))
    assert host_refuses_credential(refusal(403, www_authenticate='Bearer error="invalid_token"'))
    assert host_refuses_credential(refusal(302, location="https://login.microsoftonline.com/t"))


@pytest.mark.parametrize(
    "blocked",
    [
        refusal(403, {"error_code": 403, "message": IP_BLOCKED}),
        refusal(403, {"message": "Unauthorized network access to workspace: 42"}),
        refusal(403, {"message": "Public access is not allowed for workspace: 42"}),
        refusal(403, {"code": "ClientIpAddressNotAuthorized", "message": "x"}),
        refusal(
            403, {"error": {"code": "Forbidden", "message": "Public network access is disabled"}}
        ),
        refusal(403, page("403", "Ip Forbidden"), x_ms_forbidden_ip="10.1.2.3"),
        refusal(
            403, {"error": {"message": "The client IP address '1.2.3.4' is not in the ranges"}}
        ),
        refusal(401, {"message": IP_BLOCKED}),
    ],
)
def test_a_blocked_address_is_recognised(blocked: Refusal) -> None:
    assert blocks_address(blocked)
    assert not refuses_credential(blocked)


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("Please try again later.", True),
        ("The service is temporarily unavailable", True),
        ("Retry the request after 30 seconds", True),
        ("Try again in a few minutes", True),
        ("Correct the value and try again", False),
        ("The job was created later", False),
        ("", False),
    ],
)
def test_a_request_to_try_later_is_recognised(text: str, later: bool) -> None:
    assert asks_to_try_later(refusal(400, {"message": text})) is later


def test_a_credential_is_named_by_its_references_or_its_method() -> None:
    token = Auth(method="PersonalAccessToken", personal_access_token="vault://env/BAD_TOKEN")

    assert credential_name(token) == "the credential vault://env/BAD_TOKEN"
    assert "ManagedIdentity" in credential_name(Auth(method="ManagedIdentity"))


@pytest.mark.parametrize(
    "answer",
    [
        page("Web App - Unavailable", "<h1>Error 403 - This web app is stopped.</h1>"),
        page("403 Site Disabled"),
        b"The function app has been stopped.",
    ],
)
def test_a_stopped_app_is_no_missing_permission(answer: bytes) -> None:
    for refused in (REFUSALS, FUNCTION_REFUSALS):
        error = refused(refusal(403, answer))
        assert "the app is stopped: start it" in str(error)
        assert "grant" not in str(error)
