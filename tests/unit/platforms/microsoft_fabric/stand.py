"""The Fabric connectors with scripted answers."""

from __future__ import annotations

import json
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import JobConnector, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime
from tests.unit.platforms.azure_data_pipelines.stand import NoSecrets

WORKSPACE = "4b218778-e7a5-4d73-8187-f10824047715"
ITEM = "431e8d7b-4a95-4c02-8ccd-6faef5ba1bd7"
RUN = "f2d65699-dd22-4889-980c-15226deb0e1b"
HOST = "http://127.0.0.1:1"
INSTANCES = f"/v1/workspaces/{WORKSPACE}/items/{ITEM}/jobs/instances"


def instance(status: str, **fields: Any) -> dict[str, Any]:
    return {"id": RUN, "itemId": ITEM, "jobType": "RunNotebook", "status": status, **fields}


def started(location: str = f"{HOST}{INSTANCES}/{RUN}", **headers: str) -> Reply:
    return Reply(202, b"", {"Location": location, **headers})


def a_job(job_type: JobType, *parameters: Parameter, **settings: Any) -> Job:
    return Job(
        name="load",
        platform="fabric",
        job_type=job_type,
        external_id=ITEM,
        parameters=parameters,
        settings=settings,
    )


NOTEBOOK = a_job(JobType.FABRIC_NOTEBOOK, Parameter(name="path", direction=Direction.OUTPUT))
ALL_TYPES = tuple(Parameter(name=each.value.lower(), data_type=each) for each in DataType)


class Stand:
    """A connector with scripted answers, in virtual time."""

    def __init__(self, *steps: Any, job_type: JobType = JobType.FABRIC_NOTEBOOK) -> None:
        self.time = VirtualTime()
        self.transport = ScriptedTransport(
            each if isinstance(each, Reply | Exception) else Reply.json(each) for each in steps
        )
        http = HttpOptions(transport=self.transport, timer=self.time.timer)
        self.connector = platform_plugin("MicrosoftFabric").open(
            a_platform(), PluginContext(secrets=NoSecrets(), allow_loopback=True, http=http)
        )
        self.job: JobConnector = self.connector.job(job_type)

    def order(self, job: Job = NOTEBOOK, **changes: Any) -> SubmitRequest:
        fields: dict[str, Any] = {
            "job": job,
            "token": "t" * 40,
            "run_name": "load",
            "parameters": {},
            "begun_at": self.time.now(),
            **changes,
        }
        return SubmitRequest(**fields)

    def sent(self) -> list[str]:
        """Return the calls, with the paths below the workspace."""
        below = f"/v1/workspaces/{WORKSPACE}/"
        return [
            f"{each.method} {str(each.path_url).removeprefix(below)}"
            for each in self.transport.requests
        ]

    def body(self, number: int = -1) -> Any:
        return json.loads(self.transport.requests[number].body or b"{}")


def a_platform(**attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "fabric",
            "type": "MicrosoftFabric",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {"fabricWorkspaceId": WORKSPACE, "endpoint": HOST, **attributes},
        }
    )
