"""Runs the original AppKit, and builds the environment of both servers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.contract.appkit.observation import TOKEN

ORIGINAL = Path(__file__).with_name("original")
INSTALLED = ORIGINAL / "node_modules/@databricks/appkit/package.json"
_TIMEOUT = 60


def environment(databricks: str, ids: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of both servers: the workspace and the ids of the jobs."""
    names = {
        "DATABRICKS_JOB_ID" if name == "default" else f"DATABRICKS_JOB_{name.upper()}": value
        for name, value in ids.items()
    }
    return {"DATABRICKS_HOST": databricks, "DATABRICKS_TOKEN": TOKEN, **names}


class OriginalProcess:
    """A process that runs the published AppKit."""

    def __init__(
        self, folder: Path, config: Mapping[str, Any], variables: Mapping[str, str]
    ) -> None:
        self._log = folder / "original.log"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                ["node", str(ORIGINAL / "server.mjs")],
                # The process reads static files and settings from its working directory.
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(folder),
                    # Other modes need a front end and show stack traces in errors.
                    "NODE_ENV": "production",
                    "ORIGINAL_CONFIG": json.dumps(config),
                    **variables,
                },
            )

    @cached_property
    def url(self) -> str:
        """The address; it is known when the process serves."""
        end = time.monotonic() + _TIMEOUT
        while self.process.poll() is None and time.monotonic() < end:
            if found := re.search(r"^ready (\S+)$", self._log.read_text(), re.MULTILINE):
                return found[1]
            time.sleep(0.02)
        self.stop()
        raise AssertionError(f"the original did not start:\n{self._log.read_text()}")

    def stop(self) -> None:
        """Kill the process, because a normal stop takes long."""
        self.process.kill()
        self.process.communicate()
