"""Serves the simulator's control API for tests and people, below `/simulator`.

It needs no token, because the simulator listens on the loopback interface only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiohttp import web

from simulators.databricks.notebooks.driver import log_of
from simulators.databricks.routes.service import SERVICE
from simulators.databricks.routes.traffic import traffic_routes
from simulators.databricks.runs import Run
from simulators.databricks.settings import Settings
from simulators.faults import fault_routes
from simulators.quirks import quirk_routes

SETTINGS = web.AppKey("settings", Settings)


def add_control(app: web.Application, settings: Settings) -> None:
    """Add the control API to the application."""
    app[SETTINGS] = settings
    app.add_routes(
        [
            web.get("/", _page),
            *fault_routes(),
            *quirk_routes(),
            *traffic_routes(),
            web.get("/simulator/runs", _list_runs),
            web.get("/simulator/runs/{run_id:\\d+}/log", _read_log),
        ]
    )


async def _page(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(Path(__file__).with_name("page.html"))


async def _list_runs(request: web.Request) -> web.Response:
    runs = [_run_json(run) for run in request.app[SERVICE].jobs.all()]
    return web.json_response({"runs": runs})


def _run_json(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "token": run.submission.token,
        "run_name": run.submission.run_name,
        "life_cycle_state": run.state.life_cycle,
        "result_state": run.state.result,
        "submitted_at": run.submitted_at,
        "ended_at": run.ended_at,
        "tasks": [
            {
                "run_id": task.run_id,
                "task_key": task.spec.key,
                "notebook_path": task.spec.notebook_path,
                "pid": task.pid,
                "cpu_seconds": round(task.cpu_seconds, 6),
            }
            for task in run.tasks.values()
        ],
    }


async def _read_log(request: web.Request) -> web.StreamResponse:
    process_id = int(request.match_info["run_id"])
    file = log_of(request.app[SETTINGS].data, process_id)
    printed = file.read_bytes() if file.is_file() else b""
    if not printed and not _is_known(request, process_id):
        raise web.HTTPNotFound
    # An active task run may have no output and no file yet.
    return web.Response(body=printed, content_type="text/plain", charset="utf-8")


def _is_known(request: web.Request, process_id: int) -> bool:
    runs = request.app[SERVICE].jobs.all()
    return any(task.run_id == process_id for run in runs for task in run.tasks.values())
