"""The two that are compared, each serving on a free port of the loopback interface."""

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

from tests.contract.appkit.observing import TOKEN

ORIGINAL = Path(__file__).with_name("original")
INSTALLED = ORIGINAL / "node_modules/@databricks/appkit/package.json"
_PATIENCE = 60


def environment(databricks: str, ids: Mapping[str, str]) -> dict[str, str]:
    """Return what both read from their environment: the workspace and the ids of the jobs."""
    names = {
        "DATABRICKS_JOB_ID" if key == "default" else f"DATABRICKS_JOB_{key.upper()}": said
        for key, said in ids.items()
    }
    return {"DATABRICKS_HOST": databricks, "DATABRICKS_TOKEN": TOKEN, **names}


class OriginalProcess:
    """The published AppKit in a process of its own."""

    def __init__(
        self, folder: Path, config: Mapping[str, Any], variables: Mapping[str, str]
    ) -> None:
        self._log = folder / "original.log"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                ["node", str(ORIGINAL / "server.mjs")],
                # It looks for static files and settings where it is started.
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(folder),
                    # Otherwise it wants a front end, and its errors hold stack traces.
                    "NODE_ENV": "production",
                    "ORIGINAL_CONFIG": json.dumps(config),
                    **variables,
                },
            )

    @cached_property
    def url(self) -> str:
        """Where it serves, once it does."""
        end = time.monotonic() + _PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            if found := re.search(r"^ready (\S+)$", self._log.read_text(), re.MULTILINE):
                return found[1]
            time.sleep(0.02)
        self.stop()
        raise AssertionError(f"the original did not start:\n{self._log.read_text()}")

    def stop(self) -> None:
        """End it, the hard way: it takes its time to end by itself."""
        self.process.kill()
        self.process.communicate()
