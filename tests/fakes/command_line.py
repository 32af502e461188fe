"""Lets the tests of one process share the commands of `polysync`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from typer.main import get_command


@contextmanager
def shared_commands() -> Iterator[None]:
    """Let `CliRunner` build the command line once: each build takes longer than a command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(get_command))
        yield
