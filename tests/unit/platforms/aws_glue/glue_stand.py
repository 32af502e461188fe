"""The Glue connector with scripted answers of the service, in virtual time."""

from __future__ import annotations

import json
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.connector import JobConnector, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime
from tests.fakes.secrets import KnownSecrets

TOKEN = "t" * 40
RUN_ID = "jr_1"
MISSING = Reply.json({"__type": "EntityNotFoundException", "message": "no"}, 400)
JOB = Job(
    name="load",
    platform="glue",
    job_type=JobType.GLUE_JOB,
    external_id="load sales",
    parameters=(Parameter(name="rows", data_type=DataType.INT), Parameter(name="--day")),
)


def run(state: str, **facts: Any) -> JsonObject:
    """Return the answer of GetJobRun."""
    return {"JobRun": {"Id": RUN_ID, "JobRunState": state, **facts}}


class GlueStand:
    """A Glue connector with scripted answers."""

    def __init__(self, *steps: Any, **attributes: Any) -> None:
        self.time = VirtualTime()
        replies = [each if isinstance(each, Reply) else Reply.json(each) for each in steps]
        self.transport = ScriptedTransport(replies)
        platform = Platform.model_validate(
            {
                "name": "glue",
                "type": "AwsGlue",
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
        self.connector = platform_plugin("AwsGlue").open(platform, context)
        self.job: JobConnector = self.connector.job(JobType.GLUE_JOB)

    def order(self, **changes: Any) -> SubmitRequest:
        fields: dict[str, Any] = {
            "job": JOB,
            "token": TOKEN,
            "run_name": "load",
            "parameters": {},
            "begun_at": self.time.now(),
            **changes,
        }
        return SubmitRequest(**fields)

    def sent(self) -> list[str]:
        """Return the operations of all requests."""
        targets = [str(each.headers["X-Amz-Target"]) for each in self.transport.requests]
        return [target.removeprefix("AWSGlue.") for target in targets]

    def body(self, number: int = -1) -> JsonObject:
        return json.loads(self.transport.requests[number].body or b"{}")
