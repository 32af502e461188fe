"""A scripted web server of Airflow for the tests of its connector."""

from __future__ import annotations

from typing import Any

from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.definitions.platforms import Platform
from tests.fakes.http import Reply
from tests.fakes.scripted_platform import ScriptedPlatform

V2 = "/api/v2"
RUN = "GET /api/v2/dags/load/dagRuns/polysync-t0k"
NO_API = Reply.json({"error": "removed"}, 404)


def a_platform(*, url: str = "https://airflow.example.com", **auth: str) -> Platform:
    auth = auth or {"method": "Token", "token": "vault://v/t"}
    return Platform.model_validate(
        {
            "name": "p",
            "type": "ApacheAirflow",
            "auth": auth,
            "attributes": {"airflowUrl": url},
        }
    )


def a_job(*parameters: Parameter, **settings: Any) -> Job:
    return Job(
        name="j",
        platform="p",
        job_type="AirflowDag",
        external_id="load",
        parameters=parameters,
        settings=settings,
    )


def a_run(state: str, **fields: Any) -> dict[str, Any]:
    return {"dag_id": "load", "dag_run_id": "polysync-t0k", "state": state, **fields}


def airflow3(answers: dict[str, Any] | None = None, **platform: Any) -> ScriptedPlatform:
    """Return a connection to a server of Airflow 3."""
    known = {"GET /api/v2/version": {"version": "3.1.0"}, **(answers or {})}
    return ScriptedPlatform(a_platform(**platform), "AirflowDag", known)


def airflow2(answers: dict[str, Any] | None = None, **platform: Any) -> ScriptedPlatform:
    """Return a connection to a server of Airflow 2."""
    known = {"GET /api/v1/version": {"version": "2.10.5"}, **(answers or {})}
    return ScriptedPlatform(a_platform(**platform), "AirflowDag", known)
