"""An Azure OpenAI platform whose service answers by a script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import Connector, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import ScriptedTransport, Step, VirtualTime

RESOURCE = {
    "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
    "resourceGroupName": "rg-ai",
    "accountName": "sales-ai",
}


class Vault:
    """Resolves each reference to its own text."""

    def resolve(self, reference: str) -> Secret:
        return Secret(f"value-of-{reference.rpartition('/')[2]}")

    def forget(self, reference: str) -> None: ...


def a_platform(
    auth: Mapping[str, str] | None = None, platform_type: str = "AzureOpenAI", **attributes: Any
) -> Platform:
    url = {"accountUrl": "https://sales-ai.openai.azure.com"}
    return Platform.model_validate(
        {
            "name": "models",
            "type": platform_type,
            "auth": auth or {"method": "ApiKey", "apiKey": "vault://v/k"},
            "attributes": {**url, **attributes},
        }
    )


class Account:
    """A connection whose transport answers with the given steps."""

    def __init__(self, *steps: Step, platform: Platform | None = None) -> None:
        self.transport = ScriptedTransport(steps)
        self.time = VirtualTime()
        self.platform = platform or a_platform()
        self.connector: Connector = platform_plugin(self.platform.type).open(
            self.platform,
            PluginContext(
                secrets=Vault(),
                http=HttpOptions(transport=self.transport, timer=self.time.timer),
            ),
        )

    def request(self, job: Job, /, **changes: Any) -> SubmitRequest:
        given = {"token": "t0k3n", "run_name": "run", "parameters": {}}
        return SubmitRequest(job=job, begun_at=self.time.now(), **{**given, **changes})

    def submit(self, job: Job, /, **changes: Any) -> Any:
        return self.connector.job(job.job_type).submit(self.request(job, **changes))

    def sent(self, index: int = -1) -> dict[str, Any]:
        return json.loads(self.transport.requests[index].body or b"{}")


def a_job(
    job_type: str = JobType.OPENAI_CHAT_COMPLETION,
    *names: str,
    external_id: str = "chat",
    **settings: Any,
) -> Job:
    return Job(
        name="summary",
        platform="models",
        job_type=job_type,
        external_id=external_id,
        parameters=tuple(Parameter(name=name) for name in names),
        settings=settings,
    )


def a_completion(content: str | None = "Done.", reason: str = "stop", **message: Any) -> Any:
    return {
        "choices": [{"message": {"content": content, **message}, "finish_reason": reason}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
    }


def an_error(code: str, message: str = "no", **facts: Any) -> Any:
    return {"error": {"code": code, "message": message, **facts}}
