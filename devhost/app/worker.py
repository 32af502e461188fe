"""Loads the app and calls its functions through the Azure Functions Python worker library.

The state of the library is global, so a process has one app.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime

from devhost.app.functions import Function, declared
from devhost.app.messages import (
    InvocationRequest,
    ParameterBinding,
    RpcException,
    StatusResult,
    TypedData,
    request,
)
from devhost.logs import configure_web_server_logging, forget_invocation, name_invocation

_invocation_id: ContextVar[Any] = runtime.invocation_id_cv


_SETTING_ERROR = re.compile(r"[\w.]*\bSettingError: (.+)")


class AppFailed(Exception):
    """The function app could not be loaded."""

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.trace = trace

    @property
    def report(self) -> str:
        """Return the sentence about a wrong setting, or the message with the whole trace."""
        lines = self.trace.rstrip().splitlines()
        setting = _SETTING_ERROR.match(lines[-1]) if lines else None
        if setting is not None:
            return f"A setting of the app is wrong: {setting[1]}"
        return f"{self}\n{self.trace.rstrip()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The exception of a function."""

    type: str
    message: str
    trace: str

    @classmethod
    def of(cls, exception: RpcException | None) -> Failure:
        """Return the failure that the worker describes as `Type: message`."""
        if exception is None:
            return cls(type="Exception", message="The function failed.", trace="")
        name, _, message = exception.message.partition(": ")
        return cls(type=name, message=message or name, trace=exception.stack_trace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of an invocation: the returned value or the failure."""

    value: TypedData | None = None
    failure: Failure | None = None


class FunctionApp:
    """The app of this process: its functions and their calls."""

    def __init__(self) -> None:
        self.functions: tuple[Function, ...] = ()
        self.web_address: str | None = None
        """The address of the worker's own HTTP server, if the app streams."""
        self.running = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._client = TypedData(string="{}")

    def connect(self, client_configuration: Mapping[str, object]) -> None:
        """Give the durable clients of the app their configuration."""
        self._client = TypedData(string=json.dumps(client_configuration))

    async def load(self, directory: Path) -> None:
        """Import the app in `directory` and list its functions.

        Raises:
            AppFailed: there is no app, or its import failed; `trace` shows the position.
        """
        script = directory / os.environ.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py")
        if not script.exists():
            raise AppFailed(f"There is no {script.name} in {directory}.")
        if str(directory) not in sys.path:
            sys.path.insert(0, str(directory))
        configure_web_server_logging()
        runtime.start_threadpool_executor()
        init = SimpleNamespace(capabilities={}, function_app_directory=str(directory))
        answer = await runtime.worker_init_request(request("worker_init_request", init))
        if answer.result.status != StatusResult.Success:
            failure = answer.result.exception
            raise AppFailed(f"{script.name} could not be loaded.", failure.stack_trace)
        self.web_address = answer.capabilities.get("HttpUri")
        listed = await runtime.functions_metadata_request(request("metadata", None))
        self.functions = tuple(map(declared, listed.function_metadata_results or ()))

    async def idle(self, limit: float) -> bool:
        """Wait up to `limit` seconds until no function runs, and return whether none runs."""
        try:
            await asyncio.wait_for(self._idle.wait(), timeout=max(limit, 0))
        except TimeoutError:
            return False
        return True

    async def invoke(
        self,
        function: Function,
        trigger: TypedData,
        *,
        metadata: Mapping[str, TypedData] | None = None,
        invocation_id: str | None = None,
    ) -> Outcome:
        """Call the function once with the value of its trigger, and return the result."""
        invocation = InvocationRequest(
            invocation_id=invocation_id or str(uuid.uuid4()),
            function_id=function.id,
            input_data=[
                ParameterBinding(function.argument, trigger),
                *(ParameterBinding(name, self._client) for name in function.clients),
            ],
            trigger_metadata=metadata,
        )
        name_invocation(invocation.invocation_id, function.name)
        # The worker sets the id in its threads; the host sets it for a coroutine.
        token = _invocation_id.set(invocation.invocation_id)
        self.running += 1
        self._idle.clear()
        try:
            answer = await runtime.invocation_request(request("invocation_request", invocation))
        finally:
            self.running -= 1
            if not self.running:
                self._idle.set()
            _invocation_id.reset(token)
            forget_invocation(invocation.invocation_id)
        if answer.result.status == StatusResult.Success:
            return Outcome(value=answer.return_value)
        return Outcome(failure=Failure.of(answer.result.exception))
