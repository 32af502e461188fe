"""Definitions of a platform and a Job that no model has validated."""

from __future__ import annotations

from typing import Any

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform

WORKSPACE = "https://adb-1.7.azuredatabricks.net"
TOKEN = {"method": "PersonalAccessToken", "personalAccessToken": "vault://v/token"}


def a_platform(auth: dict[str, Any] | None = None, **attributes: Any) -> Platform:
    platform = Platform.model_validate(
        {
            "name": "lakehouse",
            "type": "AzureDatabricks",
            "auth": TOKEN,
            "attributes": {
                "workspaceUrl": WORKSPACE,
                "computeType": "Serverless",
                **attributes,
            },
        }
    )
    return platform.model_copy(update={"auth": unchecked_auth(auth or TOKEN)})


def unchecked_auth(fields: dict[str, Any]) -> Auth:
    """Return a definition before the `auth` model validates it."""
    names = {field.alias or name: name for name, field in Auth.model_fields.items()}
    values = {names[alias]: value for alias, value in fields.items()}
    return Auth.model_construct(**{**values, "method": AuthMethod(fields["method"])})


def a_job(**changes: Any) -> Job:
    job = Job(
        name="load",
        platform="lakehouse",
        job_type=JobType.DATABRICKS_NOTEBOOK,
        external_id="/etl/load",
    )
    # Unchecked, so that the connector's own rules are tested.
    return job.model_copy(update=changes)
