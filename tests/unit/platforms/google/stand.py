"""Connectors to Google Cloud with scripted answers, in virtual time."""

from __future__ import annotations

import json
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import JobConnector, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

TOKEN = "t" * 32
TYPES = {int: DataType.INT, float: DataType.FLOAT, bool: DataType.BOOL, dict: DataType.JSON}


class NoSecrets:
    def resolve(self, reference: str) -> Secret:
        raise AssertionError("no secret is needed")

    def forget(self, reference: str) -> None: ...


def a_platform(kind: str, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "cloud",
            "type": kind,
            "auth": {"method": "ApplicationDefault"},
            "attributes": {"projectId": "acme-data-1", "region": "europe-west3", **attributes},
        }
    )


class Stand:
    """A connector with scripted answers."""

    def __init__(
        self, job_type: JobType, *steps: Any, external_id: str = "17", **settings: Any
    ) -> None:
        self.time = VirtualTime()
        replies = [
            each if isinstance(each, Reply | Exception) else Reply.json(each) for each in steps
        ]
        self.transport = ScriptedTransport(replies)
        kind = "GoogleDataflow" if "Dataflow" in job_type else "GoogleVertexAI"
        http = HttpOptions(transport=self.transport, timer=self.time.timer)
        self.connector = platform_plugin(kind).open(
            a_platform(kind, endpoint="http://127.0.0.1:1"),
            PluginContext(secrets=NoSecrets(), allow_loopback=True, http=http),
        )
        self.job: JobConnector = self.connector.job(job_type)
        facts = {"name": "score", "platform": "cloud", "job_type": job_type}
        self.definition = Job.model_validate(
            {**facts, "external_id": external_id, "settings": settings}
        )

    def request(self, values: dict[str, Any] | None = None, **changes: Any) -> SubmitRequest:
        given = values or {}
        parameters = tuple(
            Parameter(name=name, data_type=TYPES.get(type(value), DataType.STRING))
            for name, value in given.items()
        )
        fields: dict[str, Any] = {
            "job": self.definition.model_copy(update={"parameters": parameters}),
            "token": TOKEN,
            "run_name": "score 1",
            "parameters": given,
            "begun_at": self.time.now(),
            **changes,
        }
        return SubmitRequest(**fields)

    def sent(self) -> list[str]:
        """Return the methods and paths of all requests, below the region."""
        return [
            f"{each.method} {str(each.path_url).rpartition('/europe-west3/')[2]}"
            for each in self.transport.requests
        ]

    def body(self, number: int = -1) -> JsonObject:
        """Return the body of a request."""
        return json.loads(self.transport.requests[number].body or b"{}")
