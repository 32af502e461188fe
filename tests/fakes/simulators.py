"""Starts a platform simulator in its own process on a free port."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


class SimulatorProcess:
    """A running simulator; the constructor returns when it serves."""

    def __init__(self, module: str, data: Path, *options: str) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "--port", "0", "--data", str(data), *options],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            self.process.communicate(timeout=60)
            raise AssertionError(f"{module} did not start")
        self.url = line.removeprefix("ready ").strip()

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Make a call and return the JSON or text of its answer."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.url}/{path}", data=content, method=method, headers=headers
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            text = answer.read().decode()
        return json.loads(text) if answer.headers.get_content_type().endswith("json") else text

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Call the control API."""
        return self.call(method, f"simulator/{path}", body)

    def fault(self, **script: object) -> None:
        """Queue one fault."""
        self.control("POST", "faults", {"faults": [script]})

    def clear_faults(self) -> None:
        """Remove all faults that still apply."""
        self.control("DELETE", "faults")

    def lines(self, file: str) -> list[dict[str, Any]]:
        """Return the lines of one of the simulator's files."""
        text = (self.data / file).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def submissions(self) -> list[dict[str, Any]]:
        """Return all accepted submits."""
        return self.lines("submissions.jsonl")

    def kill(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.communicate()

    def ask_to_stop(self) -> None:
        """Send SIGTERM, and wait for nothing."""
        self.process.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        """Wait for the end of the process and return its exit code."""
        self.process.communicate(timeout=60)
        return self.process.returncode

    def stop(self) -> int:
        """Stop the process by SIGTERM and return its exit code."""
        self.ask_to_stop()
        return self.ended()
