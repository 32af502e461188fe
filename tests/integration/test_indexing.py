"""The official worker library indexes the app as in Azure.

`functions.json` lists the bindings of all functions: queue names, the schedule and the routes. A
change of this file changes the deployment, so a reviewer must read it.
`ACCEPT=1 pytest tests/integration/test_indexing.py` writes the file again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SNAPSHOT = Path(__file__).with_name("functions.json")
PROGRAM = """
import asyncio, json, logging, sys, warnings
from pathlib import Path
warnings.simplefilter("error")
logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
from devhost.app.worker import FunctionApp
app = FunctionApp()
asyncio.run(app.load(Path.cwd()))
functions = sorted(app.functions, key=lambda each: each.name)
print(json.dumps({each.name: list(each.bindings) for each in functions}, sort_keys=True))
"""


def test_the_official_worker_indexes_every_function_without_a_warning() -> None:
    indexed = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={
            "POLYSYNC_STORAGE": "UseDevelopmentStorage=true",
            "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert indexed.returncode == 0, indexed.stderr
    assert indexed.stderr == ""
    found = json.loads(indexed.stdout)
    if os.environ.get("ACCEPT"):
        SNAPSHOT.write_text(json.dumps(found, indent=2) + "\n")
    assert found == json.loads(SNAPSHOT.read_text())
