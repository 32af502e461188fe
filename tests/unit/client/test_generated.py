"""Tests that the generated modules of the Python client are current and light."""

from __future__ import annotations

import subprocess
import sys

from scripts import client_models, client_sync
from tests.fakes.contract import document

LOADED = """
import sys
import polysync
before = set(sys.modules)
assert not any(name in before for name in ("httpx", "pydantic")), before
from polysync import AsyncPolysync, Polysync
heavy = ("azure", "fastapi", "orchestrations", "polysync_core", "typer", "yaml")
print(*sorted(name for name in sys.modules if name.partition(".")[0] in heavy))
"""


def test_the_models_are_generated_from_the_present_document() -> None:
    written = client_models.MODULE.read_text("utf-8")
    assert written == client_models.module(document()), "run: python -m scripts.client_models"


def test_the_blocking_client_is_generated_from_the_asynchronous_one() -> None:
    for name, text in client_sync.modules().items():
        written = (client_sync.TARGET / name).read_text("utf-8")
        assert written == text, "run: python -m scripts.client_sync"
    assert "async" not in "".join(client_sync.modules().values()).replace("async_auth_flow", "")


def test_the_client_loads_nothing_of_the_host() -> None:
    command = [sys.executable, "-c", LOADED]
    answer = subprocess.run(command, capture_output=True, check=True, text=True)
    assert answer.stdout.split() == []


def test_every_exported_name_exists() -> None:
    import polysync

    assert all(getattr(polysync, name) is not None for name in polysync.__all__)
    assert set(dir(polysync)) == set(polysync.__all__)
