"""An app with secrets that an Operator may use, and one that is forbidden."""

from __future__ import annotations

import json
from typing import Any

from httpx import Response

from polysync_core.api.security.callers import by_key, from_app_service
from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Dependency, Mapping, Task
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.security.access_keys import new_access_key
from polysync_core.domain.security.roles import Role
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import ProviderStatus, Report
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job

GIVEN = "canary-given-to-the-task"
OTHER = "canary-of-another-task"
OTHER_REFERENCE = "vault://kv/other"
OPERATOR, _OPERATOR_ENTRY = new_access_key("operator", Role.OPERATOR)
ADMINISTRATOR, _ADMINISTRATOR_ENTRY = new_access_key("administrator", Role.ADMINISTRATOR)
KEYS = (_OPERATOR_ENTRY, _ADMINISTRATOR_ENTRY)
JOB = a_job(
    name="job",
    parameters=[
        {"name": "key", "dataType": "Secret", "default": "vault://kv/default"},
        {"name": "text"},
        {"name": "data", "dataType": "Json"},
        {"name": "list", "dataType": "JsonArray"},
        {"name": "both", "direction": "InputOutput"},
        {"name": "number", "dataType": "Int"},
    ],
)
UPSTREAM = a_job(name="upstream", parameters=[{"name": "path", "direction": "Output"}])


class App(FakeApp):
    """An app with access keys for an Operator and an Administrator; tools have a principal."""

    def __init__(self) -> None:
        nightly = Schedule(name="nightly", cron="0 3 * * *", parameters={"key": "vault://kv/night"})
        mapping = Dependency(task="before", mappings=(Mapping(output="path", input="text"),))
        auth = Auth(
            method=AuthMethod.PERSONAL_ACCESS_TOKEN, personal_access_token="vault://kv/token"
        )
        super().__init__(
            Vault(name="kv", provider=VaultProvider.ENVIRONMENT),
            Vault(name="company-vault", provider=VaultProvider.ENVIRONMENT),
            Platform(name="lakehouse", type=PlatformType.AZURE_DATABRICKS, auth=auth),
            JOB,
            UPSTREAM,
            Task(
                name="task",
                job="job",
                parameters={"key": "vault://kv/given"},
                schedules=(nightly,),
            ),
            Task(name="before", job="upstream"),
            Task(name="after", job="job", dependencies=(mapping,)),
            identify=by_key(KEYS, otherwise=from_app_service),
        )
        names = ("given", "default", "night", "token")
        self.vaults.values |= {f"kv/{name}": f"{GIVEN}-{name}" for name in names}
        self.vaults.values["kv/other"] = OTHER
        self.platform.reports = [Report(status=ProviderStatus.SUCCESS)]

    def post(self, path: str, body: Any = None, *, key: str = OPERATOR) -> Response:
        return self.http.post(path, json=body or {}, headers={"x-functions-key": key})

    def start(self, parameters: Any, *, key: str = OPERATOR) -> Response:
        return self.post("/tasks/task/run", {"parameters": parameters}, key=key)

    def execute(self, run_id: str) -> None:
        """Submit an accepted run and read its end."""
        self.services.attempt_steps.submit(run_id, 1, AttemptMemo())
        self.services.attempt_steps.poll(run_id, 1, AttemptMemo())

    def execute_all(self) -> None:
        """Execute every run that was accepted."""
        for entry in list(self.services.ports.runs.active_runs()):
            self.execute(entry.run_id)

    @property
    def sent(self) -> list[str]:
        """Every secret that the platform got."""
        values = [value for order in self.platform.orders for value in order.parameters.values()]
        return [value.reveal() for value in values if isinstance(value, Secret)]

    @property
    def texts(self) -> str:
        """Every other value that the platform got."""
        return str([dict(order.parameters) for order in self.platform.orders])


WAYS: dict[str, dict[str, Any]] = {
    "a Secret": {"key": OTHER_REFERENCE},
    "the reference of another parameter": {"text": "vault://kv/given"},
    "the credential of the platform": {"key": "vault://kv/token"},
    "the same secret in another parameter": {"both": "vault://kv/default"},
    "a String": {"text": OTHER_REFERENCE},
    "an InputOutput": {"both": OTHER_REFERENCE},
    "a Json": {"data": OTHER_REFERENCE},
    "nested in a Json": {"data": {"a": [{"b": OTHER_REFERENCE}]}},
    "as a key of a Json": {"data": {OTHER_REFERENCE: 1}},
    "nested in the text of a Json": {"data": json.dumps({"a": OTHER_REFERENCE})},
    "the text of a Json text": {"data": json.dumps([json.dumps([OTHER_REFERENCE])])},
    "nested in a JsonArray": {"list": [OTHER_REFERENCE]},
    "nested in the text of a JsonArray": {"list": json.dumps([OTHER_REFERENCE])},
    "a list for a String": {"text": [OTHER_REFERENCE]},
    "an object for a Secret": {"key": {"vault": "kv", "secret": "other"}},
    "a list for a Secret": {"key": [OTHER_REFERENCE]},
    "an Int": {"number": OTHER_REFERENCE},
    "capital letters": {"text": "VAULT://kv/other"},
    "a space before": {"text": f" {OTHER_REFERENCE}"},
    "a line feed before": {"text": f"\n{OTHER_REFERENCE}"},
    "an invisible character": {"text": f"\u200b{OTHER_REFERENCE}"},
    "full-width letters": {"text": "\uff56ault://kv/other"},
    "a tab within the scheme": {"text": "va\tult://kv/other"},
    "a no-break space before": {"text": f"\u00a0{OTHER_REFERENCE}"},
    "a soft hyphen": {"text": "vau\u00adlt://kv/other"},
    "full-width slashes": {"text": "vault:\uff0f\uff0fkv/other"},
    "small capitals of mathematics": {"text": "\U0001d42fault://kv/other"},
    "mixed letters nested in a Json": {"data": {"a": "VauLT://kv/other"}},
    "a run variable": {"text": "vault://kv/${run.triggerType}"},
    "an escaped variable": {"text": "vault://kv/$${x}"},
    "a query": {"key": "vault://kv/given?version=other"},
    "a percent sign": {"key": "vault://kv/%6fther"},
    "another vault": {"key": "vault://company-vault/other"},
    "another path of the vault": {"key": "vault://kv/given/../other"},
    "beside a permitted one": {"key": "vault://kv/given", "text": OTHER_REFERENCE},
}

PLAIN: dict[str, Any] = {
    "percent-encoded": "vault%3A%2F%2Fkv%2Fother",
    "percent-encoded twice": "vault%253A%252F%252Fkv%252Fother",
    "escaped for JSON": "\\u0076ault://kv/other",
    "escaped for HTML": "vault&#58;//kv/other",
    "a Cyrillic letter": "v\u0430ult://kv/other",
    "backslashes": "vault:\\\\kv\\other",
    "one slash": "vault:/kv/other",
    "in quotes": "'vault://kv/other'",
    "in a template of another system": "{{vault://kv/other}}",
    "the format of a time": "${run.scheduledTime:vault://kv/other}",
    "the begin from the format of a time": "${run.scheduledTime:vault:}//kv/other",
    "an escaped variable": "$${vault://kv/other}",
    "an address with a password": "https://x@vault://kv/other",
    "base64": "dmF1bHQ6Ly9rdi9vdGhlcg==",
}
"""Texts that are no reference: they are sent as they are."""
