"""The pipeline connector with scripted answers of the services."""

from __future__ import annotations

import json
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import (
    JobConnector,
    SubmitRequest,
)
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

TOKEN = "t" * 40
SETTINGS = {"attemptTokenParameter": "attempt"}
RUN = {"runId": "run-1", "status": "Succeeded", "runStart": "2030-01-01T00:00:01.1234567Z"}
JOB = Job(
    name="load",
    platform="pipelines",
    job_type=JobType.ADF_PIPELINE,
    external_id="pl_load",
    parameters=(Parameter(name="attempt"), Parameter(name="rows", data_type=DataType.INT)),
    settings=SETTINGS,
)


class Stand:
    """A connector with scripted answers, in virtual time."""

    def __init__(self, *steps: Any, kind: str = "AzureDataFactory") -> None:
        self.time = VirtualTime()
        replies = [
            each if isinstance(each, Reply | Exception) else Reply.json(each) for each in steps
        ]
        self.transport = ScriptedTransport(replies)
        named = {"factoryName": "adf-sales"} if "Factory" in kind else {"workspaceName": "syn"}
        platform = Platform.model_validate(
            {
                "name": "pipelines",
                "type": kind,
                "auth": {"method": "ManagedIdentity"},
                "attributes": {
                    "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
                    "resourceGroupName": "rg",
                    "endpoint": "http://127.0.0.1:1",
                    **named,
                },
            }
        )
        http = HttpOptions(transport=self.transport, timer=self.time.timer)
        self.connector = platform_plugin(kind).open(
            platform, PluginContext(secrets=NoSecrets(), allow_loopback=True, http=http)
        )
        job_type = JobType.ADF_PIPELINE if "Factory" in kind else JobType.SYNAPSE_PIPELINE
        self.job: JobConnector = self.connector.job(job_type)

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
        return [
            f"{each.method} {str(each.path_url).partition('adf-sales')[2].partition('?')[0]}"
            for each in self.transport.requests
        ]

    def body(self, number: int = -1) -> JsonObject:
        return json.loads(self.transport.requests[number].body or b"{}")


class NoSecrets:
    def resolve(self, reference: str) -> Secret:
        raise AssertionError("no secret is needed")

    def forget(self, reference: str) -> None: ...
