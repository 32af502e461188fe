"""Starts the programs under measurement, and measures their CPU time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

_SAMPLE_SECONDS = 0.5
_STOP_SECONDS = 20


@dataclass(slots=True)
class Program:
    """A program with the processes it starts; a context manager that ends them."""

    command: Sequence[str]
    log: Path
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    logs_output: bool = False
    """True writes standard output to the log. A pipe without a reader would stop the program."""
    _process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process; its log begins anew."""
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=log if self.logs_output else subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.log.parent,
                env={**os.environ, **self.variables},
            )

    def stop(self) -> None:
        """End the process, and the processes that it has started."""
        process = self.process
        children = psutil.Process(process.pid).children(recursive=True) if self.runs else []
        process.terminate()
        try:
            process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        self._close_pipes()

    def kill(self) -> None:
        """End the process at once, as a crash does."""
        self.process.kill()
        self.process.wait()
        self._close_pipes()

    @property
    def process(self) -> subprocess.Popen[str]:
        """The started process."""
        assert self._process is not None
        return self._process

    @property
    def runs(self) -> bool:
        """True until the process has ended."""
        return self.process.poll() is None

    def line(self, beginning: str = "") -> str:
        """Return the next line that begins with a text; raise if the program ends before."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(beginning):
                return line.strip()
        raise RuntimeError(f"{self.command[0]} has ended:\n{self.log.read_text()[-2000:]}")

    def address(self) -> str:
        """Return the address of a program that prints its port first."""
        return f"http://127.0.0.1:{self.line()}"

    def send(self, line: str) -> None:
        """Write a line to the program."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def cpu_seconds(self) -> float:
        """Return the CPU time of the program and its children until now."""
        return sum(_cpu(each) for each in self._all())

    def memory_megabytes(self) -> float:
        """Return the memory (PSS) of the program and its children."""
        total = 0
        for each in self._all():
            with suppress(psutil.NoSuchProcess):
                total += each.memory_full_info().pss
        return total / 2**20

    def _close_pipes(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                # Output that the process did not flush is lost with it.
                with suppress(BrokenPipeError):
                    pipe.close()

    def _all(self) -> list[psutil.Process]:
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]


class PeakMemory:
    """A context manager that samples the memory of programs and keeps the largest sum."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self.megabytes = 0.0
        self._programs = programs
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            total = sum(each.memory_megabytes() for each in self._programs)
            self.megabytes = max(self.megabytes, total)
            if self._ended.wait(_SAMPLE_SECONDS):
                return


def simulator(folder: Path) -> Program:
    """Return the program that stands in for the platform; its first line is its port."""
    script = Path(__file__).with_name("platform_simulator.py")
    return Program(command=[sys.executable, str(script)], log=folder / "simulator.log")


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system + times.children_user + times.children_system
