"""A copilot imports a pipeline and runs it, with the official MCP client over HTTP."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx
import pytest
from mcp.client.client import Client

from devhost.web.mcp_endpoint import PATH
from scripts.smoke import MCP_HEADERS, MCP_INITIALIZE
from tests.faults.local_system import TOKEN, LocalSystem
from tests.integration.copilot import ask, copilot
from tests.integration.devhost.host_process import TIMEOUT

pytestmark = [pytest.mark.devhost, pytest.mark.azurite]

SCHEDULE = """
tasks:
  - name: landing
    job: JOB
    schedules: [{name: daily, cron: "0 6 * * *", timeZone: Europe/Berlin}]
"""


def test_a_copilot_imports_a_pipeline_and_runs_it(system: LocalSystem) -> None:
    asyncio.run(_import_and_run(system))


async def _import_and_run(system: LocalSystem) -> None:
    answers: list[Any] = []
    async with copilot(system) as client:

        async def call(tool: str, **arguments: Any) -> dict[str, Any]:
            answers.append(await ask(client, tool, **arguments))
            return answers[-1]

        listed = await call("list_platform_pipelines", platform="lakehouse", search="land_sources")
        (pipeline,) = listed["pipelines"]
        external_id = pipeline["platform"]["untrusted"]["externalId"]

        wanted = {"platform": "lakehouse", "externalIds": [external_id]}
        planned = await call("import_platform_jobs", **wanted)
        assert [each["jobType"] for each in planned["create"]] == ["DatabricksNotebook"]
        imported = await call("import_platform_jobs", **wanted, confirm=True)
        job = imported["created"][0]["job"]

        change = {"job": job, "changes": {"displayName": "Landing"}}
        would = await call("configure_job", **change)
        assert "Landing" in str(would["differences"])
        assert "done" in await call("configure_job", **change, confirm=True)

        assert "would" in await call("create_task_from_job", job=job, task="landing")
        assert "done" in await call("create_task_from_job", job=job, task="landing", confirm=True)

        started = await call("run_task_once", task="landing")
        run = await _ended(client, started["runId"])
        answers.append(run)
        assert (run["status"], run["job"]) == ("Succeeded", job)
        explained = await call("explain_run", runId=started["runId"])
        assert "Succeeded" in str(explained["sentences"])
        (listed_run,) = (await call("list_runs", task="landing"))["runs"]
        assert listed_run["runId"] == started["runId"]

        document = SCHEDULE.replace("JOB", job)
        plan = await call("apply_definitions", document=document)
        assert [each["name"] for each in plan["update"]] == ["landing"]
        token = plan["planToken"]
        assert "done" in await call("apply_definitions", document=document, planToken=token)
        fires = await call("next_fire_times", task="landing", count=2)
        assert [each["schedule"] for each in fires["fireTimes"]] == ["daily", "daily"]

        read = await client.read_resource(f"polysync://runs/{started['runId']}")
        answers.append(read.contents[0].text)  # pyright: ignore[reportAttributeAccessIssue]
        assert '"to": "Succeeded"' in answers[-1]
    assert TOKEN not in str(answers)


async def _ended(client: Client, run_id: str) -> dict[str, Any]:
    until = time.monotonic() + TIMEOUT
    while "finishedAt" not in (run := await ask(client, "get_run", runId=run_id)):
        assert time.monotonic() < until, run
        await asyncio.sleep(0.1)
    return run


def test_two_concurrent_copilots_get_their_own_answers(system: LocalSystem) -> None:
    async def ask_both() -> list[dict[str, Any]]:
        async with copilot(system) as one, copilot(system, "auto") as other:
            calls = [
                ask(client, "next_fire_times", task=f"unknown-{number}")
                for number, client in enumerate([one, other] * 4)
            ]
            return await asyncio.gather(*calls)

    answers = asyncio.run(ask_both())

    messages = [answer["error"]["problems"][0]["message"] for answer in answers]
    assert messages == [f"there is no 'unknown-{number}'" for number in range(8)]


@pytest.mark.parametrize(
    ("method", "headers", "statuses"),
    [
        pytest.param("POST", {}, {200}, id="as MCP clients do"),
        pytest.param("GET", {}, {405}, id="a separate stream, as in the older transport"),
        # The embedded host refuses the caller as its API does, the other one as MCP servers do.
        pytest.param("POST", {"host": "evil.example"}, {403, 421}, id="DNS rebinding"),
        pytest.param(
            "POST", {"origin": "https://evil.example"}, {403}, id="a page from the internet"
        ),
        pytest.param(
            "POST", {"content-type": "text/plain"}, {400}, id="the content type of a form"
        ),
    ],
)
def test_the_local_mcp_endpoint_answers_this_machine_only(
    system: LocalSystem, method: str, headers: dict[str, str], statuses: set[int]
) -> None:
    url = f"http://127.0.0.1:{system.host.port}{PATH}"
    defaults = {**MCP_HEADERS, "content-type": "application/json"}

    answer = httpx.request(
        method, url, headers=defaults | headers, content=json.dumps(MCP_INITIALIZE)
    )

    assert answer.status_code in statuses


def test_the_local_host_refuses_the_same_calls_as_the_extension(system: LocalSystem) -> None:
    async def send_invalid_calls() -> list[str]:
        answers: list[str] = []
        async with copilot(system) as client:
            for tool in ("get_run", "no_such_tool"):
                try:
                    await client.call_tool(tool, {})
                except Exception as error:  # the error types of the client are not public
                    answers.append(str(error))
        return answers

    assert asyncio.run(send_invalid_calls()) == [
        "One or more required tool properties are missing values. Please provide: runId",
        "Unknown tool: 'no_such_tool'",
    ]
