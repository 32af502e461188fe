"""Starts a local Functions host as a child process, with a test app."""

from __future__ import annotations

import base64
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import httpx
import psutil
from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from devhost.settings import storage_connection
from polysync_core.storage.sqlite.database import FILE_NAME
from tests.host_kinds import HostKind

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
QUEUE = "work"
TIMEOUT = 60.0
"""Seconds until an expected event must have happened, also on a loaded machine."""


def free_ports(count: int) -> int:
    """Return the first of `count` consecutive free ports, apart from other test processes."""
    for base in range(20000 + os.getpid() * 1013 % 10000, 60000, 11):
        if all(_is_free(base + offset) for offset in range(count)):
            return base
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def eventually(check: Callable[[], Any], *, within: float = TIMEOUT) -> Any:
    """Return the first true answer of `check`, or fail after `within` seconds."""
    until = time.monotonic() + within
    while not (answer := check()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)
    return answer


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class QueueOfFile:
    """A queue in the file of the embedded host, for another process; as `QueueClient` is used."""

    def __init__(self, file: Path, name: str, *, encoded: bool) -> None:
        self._file = file
        self._name = name
        self._encoded = encoded

    def send_message(self, text: str) -> Any:
        """Send a message, and return it with its id."""
        content = base64.b64encode(text.encode()).decode() if self._encoded else text
        now = time.time()
        with closing(sqlite3.connect(self._file)) as file, file:
            sent = file.execute(
                "INSERT INTO messages (queue, visible_at, inserted_at, expires_at, dequeue_count, "
                "receipt, content) VALUES (?, ?, ?, ?, 0, '', ?)",
                (self._name, now, now, now + 600, content),
            )
        return SimpleNamespace(id=str(sent.lastrowid))

    def receive_messages(self, **_: Any) -> list[Any]:
        """Return the messages of the queue, the oldest first."""
        query = "SELECT content FROM messages WHERE queue=? ORDER BY id"
        with closing(sqlite3.connect(self._file)) as file:
            found = file.execute(query, (self._name,)).fetchall()
        return [SimpleNamespace(content=content) for (content,) in found]


class HostProcess:
    """A host started from the command line, with the code of a folder."""

    def __init__(
        self,
        data: Path,
        *,
        app: Path = HERE / "app",
        base: int | None = None,
        shared_storage: bool = False,
        code: Path = ROOT,
        kind: HostKind = HostKind.FUNCTIONS,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.data = data
        self.base = base or free_ports(4)
        self.port = free_ports(1) if shared_storage else self.base + 3
        self.log = data.parent / f"{data.name}.log"
        self._kind = kind
        options = ["--port", str(self.port), "--data", str(data)]
        if kind is HostKind.EMBEDDED:
            program = ["polysync_core.cli", "dev"]
        else:
            program = ["devhost"]
            options += ["--app", str(app), "--storage-port-base", str(self.base)]
            options += ["--no-simulators", *(["--shared-storage"] if shared_storage else [])]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *program, *options],
                cwd=code,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "TICK": "* * * * * *", "QUEUE": QUEUE, **variables},
            )

    def ready(self) -> HostProcess:
        """Wait for the ready line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith(f"ready http://127.0.0.1:{self.port}"), self.log_text()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api", timeout=TIMEOUT)
        return self

    def log_text(self) -> str:
        """Return the log up to now."""
        return self.log.read_text()

    def get(self, path: str) -> Any:
        """Return the JSON that the app answers."""
        return self.http.get(path).raise_for_status().json()

    def post(self, path: str, body: Any = None) -> Any:
        """Send JSON and return the JSON that the app answers."""
        return self.http.post(path, json=body).raise_for_status().json()

    def queue(self, name: str = QUEUE, *, encoded: bool = True) -> QueueClient | QueueOfFile:
        """Return a client of a queue in the host's storage. The queue is created if necessary.

        `encoded` means that the client writes its messages in base64.
        """
        if self._kind is HostKind.EMBEDDED:
            return QueueOfFile(self.data / FILE_NAME, name, encoded=encoded)
        queue = QueueClient.from_connection_string(
            storage_connection(self.base),
            name,
            message_encode_policy=TextBase64EncodePolicy() if encoded else None,
        )
        with suppress(ResourceExistsError):
            queue.create_queue()
        return queue

    def children(self) -> list[psutil.Process]:
        """Return every process under the host."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=TIMEOUT)

    def require_clean_end(self, number: signal.Signals) -> None:
        """Send the signal; fail unless the host ends in time, with its children and no output."""
        children = self.children()
        assert self.end(number) == 0

        assert "did not end in time" not in self.log_text()
        eventually(lambda: not any(map(is_alive, children)))
        assert self.rest_of_stdout() == ""

    def rest_of_stdout(self) -> str:
        """Return the output on stdout after the ready line."""
        assert self.process.stdout is not None
        return self.process.stdout.read()

    def close(self) -> None:
        """End the host and close its connections."""
        if self.process.poll() is None:
            self.end()
        if self.process.stdout is not None:
            self.process.stdout.close()
        if hasattr(self, "http"):
            self.http.close()


StartHost = Callable[..., HostProcess]
"""Starts a host with options; the host ends after the test."""
