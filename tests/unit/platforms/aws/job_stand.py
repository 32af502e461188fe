"""A connector of an AWS platform with scripted answers, in virtual time."""

from __future__ import annotations

import json
from typing import Any

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.connector import JobConnector, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime
from tests.fakes.secrets import KnownSecrets

TOKEN = "t" * 40


def refused(code: str, message: str = "no") -> Reply:
    """Return the refusal of a service with a JSON protocol."""
    return Reply.json({"__type": code, "message": message}, 400)


class JobStand:
    """A connector for one Job with scripted answers."""

    def __init__(self, platform_type: str, job: Job, *steps: Any, **attributes: Any) -> None:
        self.time = VirtualTime()
        self.a_job = job
        replies = [each if isinstance(each, Reply) else Reply.json(each) for each in steps]
        self.transport = ScriptedTransport(replies)
        platform = Platform.model_validate(
            {
                "name": "aws",
                "type": platform_type,
                "auth": {
                    "method": "AccessKey",
                    "accessKeyId": "AKIASIMULATOR00000000",
                    "secretAccessKey": "vault://v/s",
                },
                "attributes": {
                    "region": "eu-west-1",
                    "endpoint": "http://127.0.0.1:1",
                    **attributes,
                },
            }
        )
        context = PluginContext(
            secrets=KnownSecrets({"vault://v/s": "secret"}),
            allow_loopback=True,
            http=HttpOptions(transport=self.transport, timer=self.time.timer),
        )
        self.connector = platform_plugin(platform_type).open(platform, context)
        self.job: JobConnector = self.connector.job(job.job_type)

    def order(self, **changes: Any) -> SubmitRequest:
        fields: dict[str, Any] = {
            "job": self.a_job,
            "token": TOKEN,
            "run_name": "load",
            "parameters": {},
            "begun_at": self.time.now(),
            **changes,
        }
        return SubmitRequest(**fields)

    def sent(self) -> list[str]:
        """Return the operations of all requests."""
        return [
            str(each.headers.get("X-Amz-Target", each.path_url)).rpartition(".")[2]
            for each in self.transport.requests
        ]

    def body(self, number: int = -1) -> JsonObject:
        return json.loads(self.transport.requests[number].body or b"{}")
