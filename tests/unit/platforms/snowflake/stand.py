"""A scripted Snowflake account for the tests of its connector."""

from __future__ import annotations

from typing import Any

from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.definitions.platforms import Platform
from tests.fakes.scripted_platform import ScriptedPlatform

CALL = "POST /api/v2/statements"
POLL = "GET /api/v2/statements/01b-1"
STARTED = {"code": "333334", "statementHandle": "01b-1"}


def a_platform(auth: dict[str, str] | None = None, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "p",
            "type": "Snowflake",
            "auth": auth or {"method": "Token", "token": "vault://v/t"},
            "attributes": {
                "accountUrl": "https://myorg-acct1.snowflakecomputing.com",
                "database": "SALES",
                **attributes,
            },
        }
    )


def a_job(*parameters: Parameter, external_id: str = "SALES.PUBLIC.LOAD", **settings: Any) -> Job:
    return Job(
        name="j",
        platform="p",
        job_type="SnowflakeProcedure",
        external_id=external_id,
        parameters=parameters,
        settings=settings,
    )


def account(
    answers: dict[str, Any], platform: Platform | None = None, **secrets: str
) -> ScriptedPlatform:
    return ScriptedPlatform(platform or a_platform(), "SnowflakeProcedure", answers, **secrets)


def result(columns: dict[str, str], *rows: list[Any], **metadata: Any) -> dict[str, Any]:
    """Return a result with columns by their names and types."""
    types = [{"name": name, "type": kind, "scale": 0} for name, kind in columns.items()]
    about = {"rowType": types, "numRows": len(rows), **metadata}
    return {"code": "090001", "resultSetMetaData": about, "data": [*rows]}
