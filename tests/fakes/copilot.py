"""A copilot that calls tools as the MCP extension does, on the API over fakes."""

from __future__ import annotations

import asyncio
import base64
import json
from itertools import count
from pathlib import Path
from typing import Any

from polysync_core.api.app import create_app
from polysync_core.api.definitions.documents import document_routes
from polysync_core.api.definitions.importing import importing_routes
from polysync_core.api.definitions.routes import definition_routes
from polysync_core.api.engine import SCOPE_KEY
from polysync_core.api.operations.documentation import documentation_routes
from polysync_core.api.runs.explanations import explanation_routes
from polysync_core.api.runs.routes import run_routes
from polysync_core.api.schedules.fire_times import fire_time_routes
from polysync_core.api.security.access_policy import AccessPolicy
from polysync_core.api.security.callers import from_app_service
from polysync_core.application.definitions.documents import Documents
from polysync_core.application.definitions.policies import Policies
from polysync_core.application.operations.audit import Audit
from polysync_core.application.operations.documentation import Documentation
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.runs.accepting import RunFactory
from polysync_core.application.runs.explaining import Explanations
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.application.schedules.preview import FireTimePreview
from polysync_core.domain.definitions.checks import Rules
from polysync_core.domain.roles import Role
from polysync_core.mcp.tools import TOOLS
from polysync_core.platforms.registry import check_job
from tests.fakes.audit import FakeAuditStore
from tests.fakes.builders import FakeClock
from tests.fakes.dependents import closing_of
from tests.fakes.engine import FakeEngine
from tests.fakes.platform import FakePlatform
from tests.fakes.runs import FakeRuns
from tests.unit.application.platforms.test_importing import World

DOCS = Path(__file__).parents[2] / "docs"


def principal(*roles: str, name: str = "ann@example.com") -> str:
    """Return what App Service tells of a caller."""
    claims = [{"typ": "preferred_username", "val": name}]
    claims += [{"typ": "roles", "val": role} for role in roles]
    return base64.b64encode(json.dumps({"claims": claims}).encode()).decode()


class Copilot:
    """An administrator at first, with a platform on which a test puts artefacts."""

    def __init__(self) -> None:
        self.world, self.runs, self.engine = World(), FakeRuns(), FakeEngine()
        self.audit, self.clock = FakeAuditStore(), FakeClock()
        self.headers: dict[str, str] = {}
        self.app = self._app()
        self._defined = dict(self.world.store.stored)
        self.begin()

    def begin(self) -> None:
        """Be as at first: the app takes longer to put together than a test to run."""
        self.world.store.stored = dict(self._defined)
        self.world.shelf.schemas.clear()
        self.runs.rows.clear()
        self.engine.states.clear()
        self.audit.entries.clear()
        self.audit.answers_left = None
        self.headers.clear()
        self.headers["Host"] = "func.example"
        self.be(Role.ADMINISTRATOR)

    def be(self, *roles: str) -> None:
        """Call with these roles from now on."""
        self.headers["X-MS-CLIENT-PRINCIPAL"] = principal(*roles)

    def _app(self) -> Any:
        definitions, rules = self.world.definitions, Rules(development=True, check_job=check_job)
        task_runs = TaskRuns(
            runs=self.runs,
            closing=closing_of(self.runs),
            task_named=definitions.task,
            acceptance=RunFactory(
                runs=self.runs,
                job_named=definitions.job,
                connections=Connections(definitions.platform, lambda _: FakePlatform()),
                policies=Policies(self.world.store.get),
                clock=self.clock,
            ),
            clock=self.clock,
        )
        preview = FireTimePreview(
            task_named=definitions.task,
            calendar_named=definitions.calendar,
            states_of=lambda _: [],
            clock=self.clock,
        )
        explanations = Explanations(runs=self.runs, definitions=definitions, clock=self.clock)
        ids = count()
        return create_app(
            [
                explanation_routes(explanations),
                fire_time_routes(preview),
                document_routes(Documents(self.world.store, rules)),
                documentation_routes(Documentation(folder=DOCS)),
                definition_routes(definitions),
                importing_routes(self.world.importing),
                run_routes(task_runs),
            ],
            access=AccessPolicy(
                identify=from_app_service,
                audit=Audit(store=self.audit, clock=self.clock, new_id=lambda: str(next(ids))),
            ),
        )

    def context(self, arguments: Any) -> dict[str, Any]:
        """Return what the extension tells of a call."""
        transport = {"name": "http-streamable", "properties": {"headers": self.headers}}
        return {"name": "", "arguments": arguments, "sessionid": "s", "transport": transport}

    def call(self, tool: str, context: str) -> tuple[dict[str, Any], bool]:
        """Return what a call answers, and whether as an error."""
        (found,) = [each for each in TOOLS if each.name == tool]
        answered = asyncio.run(found.call(context, self.app, {SCOPE_KEY: self.engine}))
        envelope = json.loads(answered)
        assert envelope["type"] == "call_tool_result"
        result = json.loads(envelope["content"])
        (block,) = result["content"]
        return json.loads(block["text"]), result["isError"]

    def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return what a tool answers to arguments that it takes."""
        content, failed = self.call(tool, json.dumps(self.context(arguments)))
        assert not failed, content
        return content

    def refused(self, tool: str, arguments: Any) -> dict[str, Any]:
        """Return the error of a call."""
        content, failed = self.call(tool, json.dumps(self.context(arguments)))
        assert failed, content
        return content["error"]

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """The actor, method and path of each audited request, without plans (status 200)."""
        entries = self.audit.entries.values()
        return [(each.actor, each.method, each.path) for each in entries if each.status != 200]
