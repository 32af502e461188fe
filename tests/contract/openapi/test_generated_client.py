"""A TypeScript client that a standard generator makes from the OpenAPI document."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from polysync_core.api.security.callers import accept_all
from tests.fakes.app import FakeApp, with_engine
from tests.fakes.contract import document
from tests.fakes.definitions import lakehouse

_ROOT = Path(__file__).parents[3]
_TOOLS = _ROOT / "node_modules"
_SOURCES = Path(__file__).with_name("typescript")
_TIMEOUT = 120


@contextmanager
def serving(app: FakeApp) -> Iterator[str]:
    """Serve an app on the loopback interface, and yield its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    api = with_engine(app.api, app.engine)
    config = uvicorn.Config(api, interface="asgi3", lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_TIMEOUT)
        listener.close()


@pytest.mark.slow
def test_a_generated_client_compiles_and_uses_the_api(tmp_path: Path) -> None:
    if not (_TOOLS / ".bin/openapi-typescript").exists():
        assert not os.environ.get("CI"), "the client generator is not installed"
        pytest.skip("the client generator is not installed (make setup)")
    project = tmp_path / "client"
    shutil.copytree(_SOURCES, project)
    (project / "node_modules").symlink_to(_TOOLS)
    (project / "openapi.json").write_text(json.dumps(document()))
    (project / "package.json").write_text('{"type": "module"}')

    run(project, "openapi-typescript", "openapi.json", "--output", "schema.d.ts")
    run(project, "tsc", "--project", ".")

    app = FakeApp(identify=accept_all)
    content = lakehouse()
    content["platforms"][0]["attributes"]["computeType"] = "Serverless"
    assert app.http.put("/definitions", json=content).status_code == 200
    with serving(app) as address:
        printed = json.loads(run(project, "node", "smoke.js", address))

    run_id = printed.pop("runId")
    assert printed == {
        "health": "ok",
        "priority": 7,
        "status": "Queued",
        "attempts": 0,
        "listed": [run_id],
        "problem": {"status": 404, "title": "Not found"},
    }


def run(project: Path, program: str, *arguments: str) -> str:
    """Return the output of a program, which must succeed."""
    tool = _TOOLS / ".bin" / program
    done = subprocess.run(
        [str(tool) if tool.exists() else program, *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
