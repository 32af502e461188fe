"""Serves the API routes that test vaults, platforms, receivers, secrets and the token issuer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from polysync_core.api.definitions.routes import CurrentDefinitionEditing
from polysync_core.api.models import RunIdText, Time, View
from polysync_core.api.platform_route import PlatformRoute
from polysync_core.api.security.audit_record import changes_nothing
from polysync_core.api.use_cases import use_case
from polysync_core.application.operations.recent_results import ResultRecorder, delivery_key
from polysync_core.application.platforms.connection_tests import ConnectionTests
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.recent_results import DeliveryResult
from polysync_core.domain.errors import NotFound


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


class LastTestView(View):
    """The last test of a stored definition."""

    at: Time
    """The time of the test."""
    ok: bool
    """True if the target answered as expected."""
    message: str
    """The result as a sentence."""
    latency_ms: int
    """The duration of the test in milliseconds."""


class DeliveryView(View):
    """One attempt to deliver an event or a message."""

    at: Time
    """The time of the attempt."""
    event_id: str
    """The id of the event."""
    kind: str
    """The kind of the event, such as `run.failed`, or of the message, such as `Failed (50)`."""
    run_id: RunIdText | None
    """The run of the event."""
    attempt: int
    """The number of the attempt; 1 is the first."""
    result: DeliveryResult
    """`Accepted`, `Failed` (tried again) or `Abandoned` (the last attempt)."""
    error: str | None
    """The reason why it was not accepted."""


class DeliveriesView(View):
    """The recent attempts of a webhook or a receiver."""

    items: list[DeliveryView]
    """The attempts, newest first; their number is bounded."""


class SecretTestBody(BaseModel):
    """The secret to read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reference: Annotated[
        str, Field(max_length=400, description="The secret, as vault://<vault>/<secret>.")
    ]


CurrentRecorder = Annotated[ResultRecorder, Depends(use_case(ResultRecorder))]
CurrentConnectionTests = Annotated[ConnectionTests, Depends(use_case(ConnectionTests))]


def connection_test_routes() -> APIRouter:
    """Return the routes of connection tests."""
    routes = APIRouter(
        tags=["Connection tests"],
        dependencies=[Depends(changes_nothing)],
        route_class=PlatformRoute,
    )
    for kind in (Kind.VAULT, Kind.PLATFORM, Kind.WEBHOOK, Kind.RECEIVER):
        _add_last_test(routes, kind)

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

    @routes.post("/receivers/{name}/test")
    def test_receiver(name: str, tests: CurrentConnectionTests) -> ConnectionTestView:
        """Send a test message to a receiver of notifications."""
        return ConnectionTestView.model_validate(tests.test_receiver(name))

    @routes.post("/token-issuer/test")
    def test_token_issuer(tests: CurrentConnectionTests) -> ConnectionTestView:
        """Test whether the keys of the token issuer can be read, and compare the clocks."""
        return ConnectionTestView.model_validate(tests.test_token_issuer())

    @routes.post("/secrets/test")
    def test_secret(tests: CurrentConnectionTests, body: SecretTestBody) -> ConnectionTestView:
        """Test whether a secret can be read; the answer never holds its value."""
        return ConnectionTestView.model_validate(tests.test_secret(body.reference))

    @routes.get("/webhooks/{name}/deliveries")
    def list_deliveries(
        name: str, definitions: CurrentDefinitionEditing, recent: CurrentRecorder
    ) -> DeliveriesView:
        """List the recent attempts to deliver events to a webhook."""
        definitions.get(Kind.WEBHOOK, name)
        found = recent.store.deliveries(name)
        return DeliveriesView(items=[DeliveryView.model_validate(each) for each in found])

    @routes.get("/receivers/{name}/deliveries")
    def list_notifications(
        name: str, definitions: CurrentDefinitionEditing, recent: CurrentRecorder
    ) -> DeliveriesView:
        """List the recent attempts to send messages to a receiver of notifications."""
        definitions.get(Kind.RECEIVER, name)
        found = recent.store.deliveries(delivery_key(Kind.RECEIVER, name))
        return DeliveriesView(items=[DeliveryView.model_validate(each) for each in found])

    return routes


def _add_last_test(routes: APIRouter, kind: Kind) -> None:
    spec = SPECS[kind]

    @routes.get(
        f"/{spec.path}/{{name}}/test",
        summary=f"Read the last test of a {spec.singular}",
        name=f"get last test of {spec.singular}",
    )
    def get_last_test(
        name: str, definitions: CurrentDefinitionEditing, recent: CurrentRecorder
    ) -> LastTestView:
        definitions.get(kind, name)
        found = recent.store.test(Reference(kind, name))
        if found is None:
            raise NotFound(f"The {spec.singular} '{name}' was not tested yet.")
        return LastTestView.model_validate(found)
