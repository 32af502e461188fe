"""Simulates an MCP client that calls tools on a complete app."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from polysync_core.api.engine import SCOPE_KEY
from polysync_core.api.security.callers import from_app_service
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.security.roles import Role
from polysync_core.mcp.tools import TOOLS
from polysync_core.platforms.connector import Artefact, ArtefactSchema
from tests.fakes.app import FakeApp
from tests.fakes.audit import FakeAuditStore
from tests.fakes.definitions import lakehouse
from tests.fakes.platform import FakePlatform
from tests.fakes.runs import FakeRunTable


def principal(*roles: str, name: str = "ann@example.com") -> str:
    """Return the principal header that App Service sets for a caller."""
    claims = [{"typ": "preferred_username", "val": name}]
    claims += [{"typ": "roles", "val": role} for role in roles]
    return base64.b64encode(json.dumps({"claims": claims}).encode()).decode()


class ArtefactPlatform(FakePlatform):
    """A platform with notebooks that a test defines."""

    def __init__(self) -> None:
        super().__init__()
        self.schemas: dict[str, ArtefactSchema | Exception] = {}

    def put(self, path: str, *parameters: Parameter) -> None:
        """Add a notebook."""
        self.schemas[path] = ArtefactSchema(parameters=parameters)

    def artefacts(
        self, *, job_type: str | None = None, search: str | None = None
    ) -> Iterator[Artefact]:
        for path in self.schemas:
            name = path.rpartition("/")[2]
            if search is None or search in name:
                yield Artefact(external_id=path, job_type="DatabricksNotebook", name=name)

    def describe(self, external_id: str) -> ArtefactSchema:
        schema = self.schemas[external_id]
        if isinstance(schema, Exception):
            raise schema
        return schema


class Copilot:
    """Calls tools, as an administrator by default, on an app with one Databricks platform."""

    def __init__(self) -> None:
        self.audit, self.runs, self.platform = FakeAuditStore(), FakeRunTable(), ArtefactPlatform()
        self.headers: dict[str, str] = {}
        self._seconds = 0.0
        self.app = FakeApp(
            *self._platform_definitions(),
            identify=from_app_service,
            audit=self.audit,
            runs=self.runs,
            monotonic=lambda: self._seconds,
        )
        self.app.platform = self.platform
        self.engine, self.clock = self.app.engine, self.app.clock
        self.definitions = self.app.services.definitions
        self._initial = deepcopy(self.app.tables.tables)
        self.api: Any = self.app.api
        self.reset()

    @staticmethod
    def _platform_definitions() -> Iterator[Any]:
        kinds = (Kind.VAULT, Kind.CONTENTION_PROFILE, Kind.CALENDAR, Kind.PLATFORM)
        document = lakehouse()
        for kind in kinds:
            for raw in document[kind.value]:
                yield read_definition(kind, raw)

    def reset(self) -> None:
        """Return to the initial state; building the app takes longer than a test."""
        for name, rows in self.app.tables.tables.items():
            rows.clear()
            rows.update(deepcopy(self._initial.get(name, {})))
        # All caches of the app expire.
        self._seconds += 3600
        self.platform.schemas.clear()
        self.runs.rows.clear()
        self.engine.states.clear()
        self.audit.entries.clear()
        self.audit.answers_left = None
        self.headers.clear()
        self.headers["Host"] = "func.example"
        self.set_roles(Role.ADMINISTRATOR)

    def set_roles(self, *roles: str) -> None:
        """Call with these roles from now on."""
        self.headers["X-MS-CLIENT-PRINCIPAL"] = principal(*roles)

    def context(self, arguments: Any) -> dict[str, Any]:
        """Return the input of the extension for a call."""
        transport = {"name": "http-streamable", "properties": {"headers": self.headers}}
        return {"name": "", "arguments": arguments, "sessionid": "s", "transport": transport}

    def call_raw(self, tool: str, context: str) -> tuple[dict[str, Any], bool]:
        """Return the answer to a call, and whether it is an error."""
        (found,) = [each for each in TOOLS if each.name == tool]
        answer = asyncio.run(found.call(context, self.api, {SCOPE_KEY: self.engine}))
        envelope = json.loads(answer)
        assert envelope["type"] == "call_tool_result"
        result = json.loads(envelope["content"])
        (block,) = result["content"]
        return json.loads(block["text"]), result["isError"]

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return the answer to a successful call."""
        content, failed = self.call_raw(tool, json.dumps(self.context(arguments)))
        assert not failed, content
        return content

    def error_of(self, tool: str, arguments: Any) -> dict[str, Any]:
        """Return the error of a call."""
        content, failed = self.call_raw(tool, json.dumps(self.context(arguments)))
        assert failed, content
        return content["error"]

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """The actor, method and path of each audited request, without plans (status 200)."""
        entries = self.audit.entries.values()
        return [(each.actor, each.method, each.path) for each in entries if each.status != 200]
