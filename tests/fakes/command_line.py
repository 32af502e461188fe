"""Runs `polysync` CLI commands in tests against an app in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from polysync_core.cli.main import app as commands
from tests.fakes.app import FakeApp

URL = "http://127.0.0.1:7071/api"
_HOP_HEADERS = {"content-length", "host", "connection", "accept-encoding"}


@contextmanager
def shared_commands() -> Iterator[None]:
    """Let `CliRunner` build the command line once: each build takes longer than a command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(get_command))
        yield


class AppCommands:
    """Runs commands whose requests reach an app in memory instead of the network."""

    def __init__(self, app: FakeApp, patch: pytest.MonkeyPatch) -> None:
        self.app = app
        self.requests: list[httpx.Request] = []
        patch.setattr(
            "httpx.HTTPTransport.handle_request", lambda _transport, request: self._answer(request)
        )

    def __call__(self, *words: str, **options: Any) -> Result:
        """Run a command; `env` and `input` are those of `CliRunner`."""
        env = {
            "POLYSYNC_URL": URL,
            "POLYSYNC_KEY": None,
            "POLYSYNC_TOKEN": None,
            **options.pop("env", {}),
        }
        return CliRunner().invoke(commands, words, env=env, catch_exceptions=False, **options)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        headers = {
            name: value for name, value in request.headers.items() if name not in _HOP_HEADERS
        }
        path = request.url.raw_path.decode().removeprefix("/api")
        content = request.read() or None
        answer = self.app.http.request(request.method, path, headers=headers, content=content)
        return httpx.Response(
            answer.status_code,
            headers=[*answer.headers.items()],
            content=answer.content,
            request=request,
        )
