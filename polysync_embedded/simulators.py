"""Starts the platform simulators beside the embedded host, as child processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from polysync_embedded.child_programs import POLL, Child, Program, require_free
from polysync_embedded.options import PORT, StartRefused

TITLES = {
    "databricks": "Databricks",
    "ai_foundry": "AI Foundry",
    "google_functions": "Google functions",
    "data_factory": "Data Factory",
    "aws": "AWS",
}
PORTS: Mapping[str, int] = {
    "databricks": 8787,
    "ai_foundry": 9787,
    "google_functions": 9788,
    "data_factory": 9790,
    "aws": 9789,
}
"""The ports in the definitions of the examples, beside a host on the usual port."""
_HAVE_EXAMPLES = {"data_factory", "aws"}
"""The simulators that publish the artefacts of the examples on request only."""
START_SECONDS = 30.0
STOP_SECONDS = 5.0


class ProgramEnded(StartRefused):
    """A program has ended or was not ready in time."""


def require_simulators() -> None:
    """Raise `StartRefused` if the optional part of the package is not installed."""
    if find_spec("aiohttp") is None or find_spec("simulators") is None:
        raise StartRefused(
            "The simulators are not installed: run `pip install 'polysync[simulators]'`."
        )


def simulator_program(name: str, port: int, data: Path, *, option: str) -> Program:
    """Return the program of one simulator, with its data in a folder of its own."""
    arguments = ["--port", str(port), "--data", str(data / "simulators" / name)]
    if name in _HAVE_EXAMPLES:
        arguments.append("--examples")
    return Program(
        name=f"simulators.{name}",
        command=[sys.executable, "-u", "-m", f"simulators.{name}", *arguments],
        ports=(port,),
        option=option,
    )


class Children:
    """Some running programs. The main thread starts them and ends after them."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self._children: list[Child] = []
        for program in programs:
            for port in program.ports:
                require_free(port, program.option, timeout=0)
        for program in programs:
            child = Child(program)
            self._children.append(child)
            child.watch(lambda _: None)

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until every program has printed `ready`; raise `ProgramEnded` otherwise."""
        until = time.monotonic() + seconds
        while not all(child.ready for child in self._children):
            self.wait(POLL)
            if time.monotonic() > until:
                late = next(each for each in self._children if not each.ready)
                raise ProgramEnded(f"{late.program.name} was not ready within {seconds:.0f} s.")

    def wait(self, seconds: float) -> None:
        """Wait; raise `ProgramEnded` as soon as a program has ended."""
        until = time.monotonic() + seconds
        while True:
            for child in self._children:
                if child.exit_code is not None:
                    raise ProgramEnded(
                        f"{child.program.name} ended with exit code {child.exit_code}."
                    )
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, POLL))

    def stop(self) -> None:
        """End the programs, the last one first."""
        until = time.monotonic() + STOP_SECONDS
        for child in reversed(self._children):
            child.terminate()
        for child in self._children:
            child.wait(until)


def ports_beside(port: int) -> Mapping[str, int]:
    """Return the ports of the simulators beside a host; another host has other ports."""
    distance = port - PORT if port else 0
    return {name: default + distance for name, default in PORTS.items()}


def start_simulators(data: Path, ports: Mapping[str, int]) -> Children:
    """Start the simulators.

    Raises:
        StartRefused: they are not installed, or a port is in use.
    """
    require_simulators()
    # The simulator accepts any token; the vault of the examples reads this variable.
    os.environ.setdefault("DATABRICKS_TOKEN", "for-the-simulator")
    return Children(
        [
            simulator_program(name, port, data.absolute(), option="--port")
            for name, port in ports.items()
        ]
    )
