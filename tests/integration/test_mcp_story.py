"""A copilot moves a pipeline here: the official client, over HTTP, against the whole app."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx
import pytest
from mcp.client.client import Client

from devhost.web.mcp_front import PATH
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


def test_a_pipeline_is_moved_here_and_run(system: LocalSystem) -> None:
    asyncio.run(_move(system))


async def _move(system: LocalSystem) -> None:
    said: list[Any] = []
    async with copilot(system) as client:

        async def tell(tool: str, **arguments: Any) -> dict[str, Any]:
            said.append(await ask(client, tool, **arguments))
            return said[-1]

        listed = await tell("list_platform_pipelines", platform="lakehouse", search="land_sources")
        (pipeline,) = listed["pipelines"]
        external_id = pipeline["platform"]["untrusted"]["externalId"]

        wanted = {"platform": "lakehouse", "externalIds": [external_id]}
        planned = await tell("import_platform_jobs", **wanted)
        assert [each["jobType"] for each in planned["create"]] == ["DatabricksNotebook"]
        imported = await tell("import_platform_jobs", **wanted, confirm=True)
        job = imported["created"][0]["job"]

        change = {"job": job, "changes": {"displayName": "Landing"}}
        would = await tell("configure_job", **change)
        assert "Landing" in str(would["differences"])
        assert "done" in await tell("configure_job", **change, confirm=True)

        assert "would" in await tell("create_task_from_job", job=job, task="landing")
        assert "done" in await tell("create_task_from_job", job=job, task="landing", confirm=True)

        started = await tell("run_task_once", task="landing")
        run = await _ended(client, started["runId"])
        said.append(run)
        assert (run["status"], run["job"]) == ("Succeeded", job)
        explained = await tell("explain_run", runId=started["runId"])
        assert "Succeeded" in str(explained["sentences"])
        (listed_run,) = (await tell("list_runs", task="landing"))["runs"]
        assert listed_run["runId"] == started["runId"]

        document = SCHEDULE.replace("JOB", job)
        plan = await tell("apply_definitions", document=document)
        assert [each["name"] for each in plan["update"]] == ["landing"]
        token = plan["planToken"]
        assert "done" in await tell("apply_definitions", document=document, planToken=token)
        fires = await tell("next_fire_times", task="landing", count=2)
        assert [each["schedule"] for each in fires["fireTimes"]] == ["daily", "daily"]

        read = await client.read_resource(f"polysync://runs/{started['runId']}")
        said.append(read.contents[0].text)  # pyright: ignore[reportAttributeAccessIssue]
        assert '"to": "Succeeded"' in said[-1]
    assert TOKEN not in str(said)


async def _ended(client: Client, run_id: str) -> dict[str, Any]:
    until = time.monotonic() + TIMEOUT
    while "finishedAt" not in (run := await ask(client, "get_run", runId=run_id)):
        assert time.monotonic() < until, run
        await asyncio.sleep(0.1)
    return run


def test_two_copilots_at_once_get_their_own_answers(system: LocalSystem) -> None:
    async def both() -> list[dict[str, Any]]:
        async with copilot(system) as one, copilot(system, "auto") as other:
            asked = [
                ask(client, "next_fire_times", task=f"nobody-{number}")
                for number, client in enumerate([one, other] * 4)
            ]
            return await asyncio.gather(*asked)

    answers = asyncio.run(both())

    asked_for = [answer["error"]["problems"][0]["message"] for answer in answers]
    assert asked_for == [f"there is no 'nobody-{number}'" for number in range(8)]


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        pytest.param("POST", {}, 200, id="as clients do"),
        pytest.param("GET", {}, 405, id="a stream of its own, as of the older transport"),
        pytest.param("POST", {"host": "evil.example"}, 421, id="a name bent to this machine"),
        pytest.param("POST", {"origin": "https://evil.example"}, 403, id="a page of the internet"),
        pytest.param("POST", {"content-type": "text/plain"}, 400, id="a form's content"),
    ],
)
def test_the_local_door_opens_to_this_machine_only(
    system: LocalSystem, method: str, headers: dict[str, str], status: int
) -> None:
    url = f"http://127.0.0.1:{system.host.port}{PATH}"
    usual = {**MCP_HEADERS, "content-type": "application/json"}

    answer = httpx.request(method, url, headers=usual | headers, content=json.dumps(MCP_INITIALIZE))

    assert answer.status_code == status


def test_what_the_extension_would_refuse_is_refused_here(system: LocalSystem) -> None:
    async def ask_wrongly() -> list[str]:
        said: list[str] = []
        async with copilot(system) as client:
            for tool in ("get_run", "no_such_tool"):
                try:
                    await client.call_tool(tool, {})
                except Exception as error:  # the client's own family is not public
                    said.append(str(error))
        return said

    assert asyncio.run(ask_wrongly()) == [
        "One or more required tool properties are missing values. Please provide: runId",
        "Unknown tool: 'no_such_tool'",
    ]
