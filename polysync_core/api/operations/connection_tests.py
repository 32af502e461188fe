"""Serves the routes that test vaults, platforms, webhooks, secrets and the token issuer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from polysync_core.api.models import View
from polysync_core.api.security.audit_record import changes_nothing
from polysync_core.api.use_cases import use_case
from polysync_core.application.platforms.connection_tests import ConnectionTests


class ConnectionTestView(View):
    """The result of a connection test; a target that fails is a result, not an error."""

    ok: bool
    """True if the target answered as expected."""
    message: str
    """The result as a sentence, with the remedy after a failure."""
    latency_ms: int
    """The duration of the test in milliseconds."""
    platform_message: str | None
    """The platform's own words about a failure, without secrets; null if there are none."""


class SecretTestBody(BaseModel):
    """The secret to read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reference: Annotated[
        str, Field(max_length=400, description="The secret, as vault://<vault>/<secret>.")
    ]


CurrentConnectionTests = Annotated[ConnectionTests, Depends(use_case(ConnectionTests))]


def connection_test_routes() -> APIRouter:
    """Return the routes of connection tests."""
    routes = APIRouter(tags=["Connection tests"], dependencies=[Depends(changes_nothing)])

    @routes.post("/vaults/{name}/test")
    def test_vault(name: str, tests: CurrentConnectionTests) -> ConnectionTestView:
        """Test the connection to a vault."""
        return ConnectionTestView.model_validate(tests.test_vault(name))

    @routes.post("/platforms/{name}/test")
    def test_platform(name: str, tests: CurrentConnectionTests) -> ConnectionTestView:
        """Test the connection to a platform."""
        return ConnectionTestView.model_validate(tests.test_platform(name))

    @routes.post("/webhooks/{name}/test")
    def test_webhook(name: str, tests: CurrentConnectionTests) -> ConnectionTestView:
        """Send a signed test event to a webhook."""
        return ConnectionTestView.model_validate(tests.test_webhook(name))

    @routes.post("/token-issuer/test")
    def test_token_issuer(tests: CurrentConnectionTests) -> ConnectionTestView:
        """Test whether the keys of the token issuer can be read, and compare the clocks."""
        return ConnectionTestView.model_validate(tests.test_token_issuer())

    @routes.post("/secrets/test")
    def test_secret(tests: CurrentConnectionTests, body: SecretTestBody) -> ConnectionTestView:
        """Test whether a secret can be read; the answer never holds its value."""
        return ConnectionTestView.model_validate(tests.test_secret(body.reference))

    return routes
