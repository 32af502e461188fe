"""Starts the simulator of Databricks, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from simulators.databricks.job_definitions import JobDefinitions, child_submission
from simulators.databricks.notebooks.driver import Driver, lake_of, log_of
from simulators.databricks.pipelines import Pipelines
from simulators.databricks.routes.control import add_control
from simulators.databricks.routes.service import Service
from simulators.databricks.run_log import RunLog
from simulators.databricks.run_service import RunService
from simulators.databricks.server import build_app
from simulators.databricks.settings import Settings, read_settings
from simulators.databricks.workspace import Workspace
from simulators.serving import serve_until_signal


@asynccontextmanager
async def _running_service(settings: Settings) -> AsyncIterator[Service]:
    """Start the parts of the service; on exit, end every notebook process."""
    lake_of(settings.data).mkdir(parents=True, exist_ok=True)
    log_of(settings.data, 0).parent.mkdir(parents=True, exist_ok=True)
    ledger, driver = RunLog(settings.data), Driver()
    definitions, pipelines = JobDefinitions(settings.data), Pipelines(settings.data)
    await driver.open()
    workspace = Workspace(settings.mounts)
    jobs = RunService(
        data=settings.data,
        driver=driver,
        ledger=ledger,
        find_notebook=workspace.notebook,
        child=partial(child_submission, definitions, settings.compute),
    )
    try:
        yield Service(
            workspace=workspace,
            jobs=jobs,
            definitions=definitions,
            pipelines=pipelines,
            compute=settings.compute,
            access=settings.access,
        )
    finally:
        await jobs.close()
        await driver.close()
        ledger.close()
        definitions.close()
        pipelines.close()


async def serve(settings: Settings) -> None:
    """Serve until a signal."""
    async with _running_service(settings) as service:
        app = build_app(service)
        add_control(app, settings)
        await serve_until_signal(app, settings.port)


def main() -> None:
    """Run the simulator in the foreground."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(serve(read_settings(sys.argv[1:])))
    except OSError as error:
        sys.exit(f"The Databricks simulator cannot start: {error}")


if __name__ == "__main__":
    main()
