"""Apps with a few definitions, for the tests of the pages of editors."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import read_definition, read_document
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp, settings_of, with_engine
from tests.fakes.client import DirectClient
from tests.fakes.definitions import lakehouse
from tests.unit.api.security.protected_app import principal_header

HOLIDAYS = {
    "name": "holidays",
    "dates": ["2027-12-26", "2026-12-25", "2026-12-26"],
    "ranges": [{"from": "2026-08-03", "to": "2026-08-05"}],
}
CHAT = {
    "name": "chat",
    "url": "https://hooks.example.com/x",
    "secret": "vault://local/HOOK",
    "events": {"statuses": ["Failed", "Cancelled"], "tags": {"team": "sales"}},
}


def app_with(*more: tuple[Kind, dict[str, Any]], **ports: Any) -> FakeApp:
    """Return an app with the example of the documentation and further definitions."""
    definitions = [*read_document(lakehouse()).items]
    definitions += [read_definition(kind, document) for kind, document in more]
    return FakeApp(*definitions, **ports)


def signed_in(role: Role, *definitions: Definition) -> TestClient:
    """Return the client of a person with a role, at an app in Azure."""
    app = FakeApp(
        *definitions,
        settings=settings_of(POLYSYNC_ENVIRONMENT="production", WEBSITE_AUTH_ENABLED="True"),
    )
    return DirectClient(
        with_engine(app.console, app.engine),
        base_url="http://localhost/console",
        headers={"Sec-Fetch-Site": "same-origin", **principal_header(role, oid="someone")},
        follow_redirects=False,
    )


def stored(app: FakeApp, kind: Kind, name: str) -> Any:
    """Return a stored definition."""
    return app.services.definition_editing.get(kind, name).definition
