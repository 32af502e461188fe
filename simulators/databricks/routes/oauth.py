"""Serves the OAuth token endpoint, where service principals exchange secrets for tokens."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import Any

from aiohttp import web

from simulators.databricks.routes.service import SERVICE

REFUSED_SECRET = "dose-refused"  # noqa: S105 - not a secret
"""An OAuth secret that is always refused."""
TOKEN_SECONDS = 3600
_TOKEN_PATH = "/oidc/v1/token"  # noqa: S105 - not a secret
_METADATA_PATH = "/oidc/.well-known/oauth-authorization-server"


def oauth_routes() -> list[web.RouteDef]:
    """Return the routes of the sign-in."""
    return [
        web.get("/.well-known/databricks-config", _host_metadata),
        web.get(_METADATA_PATH, _metadata),
        web.post(_TOKEN_PATH, _token),
    ]


async def _host_metadata(request: web.Request) -> web.Response:
    return web.json_response({"oidc_endpoint": f"{request.url.origin()}/oidc"})


async def _metadata(request: web.Request) -> web.Response:
    origin = str(request.url.origin())
    return web.json_response(
        {
            "issuer": f"{origin}/oidc",
            "authorization_endpoint": f"{origin}/oidc/v1/authorize",
            "token_endpoint": f"{origin}{_TOKEN_PATH}",
        }
    )


async def _token(request: web.Request) -> web.Response:
    form = await request.post()
    client, secret = _credentials(request, form)
    if not client or not secret or secret == REFUSED_SECRET:
        return _refused(401, "invalid_client", "Client authentication failed")
    if form.get("grant_type") != "client_credentials":
        return _refused(400, "unsupported_grant_type", "Only client_credentials is supported")
    if form.get("scope") != "all-apis":
        return _refused(400, "invalid_scope", "The scope must be all-apis")
    token = f"eyJ.{secrets.token_urlsafe(24)}.sig"
    request.app[SERVICE].access.issued.add(token)
    return web.json_response(
        {
            "access_token": token,
            "scope": "all-apis",
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
        }
    )


def _credentials(request: web.Request, form: Any) -> tuple[str, str]:
    """Return the id and the secret of a client, from the header or the form."""
    scheme, _, proof = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return str(form.get("client_id", "")), str(form.get("client_secret", ""))
    try:
        client, _, secret = base64.b64decode(proof, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client, secret


def _refused(status: int, code: str, text: str) -> web.Response:
    return web.json_response({"error": code, "error_description": text}, status=status)
