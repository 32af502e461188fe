"""Starts the whole app with the emulator, a Databricks simulator and two access keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from polysync_core.domain.security.access_keys import new_access_key
from polysync_core.domain.security.roles import Role
from tests.faults.local_system import LocalSystem, local_system
from tests.host_kinds import HostKind

READER_KEY, _READER = new_access_key("dashboard", Role.READER)
OPERATOR_KEY, _OPERATOR = new_access_key("nightly-ci", Role.OPERATOR)


@contextmanager
def whole_app(folder: Path, kind: HostKind) -> Iterator[LocalSystem]:
    """Yield the app and close it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYSYNC_ACCESS_KEYS", f"{_READER},{_OPERATOR}")
        patch.setenv("POLYSYNC_PROMETHEUS", "true")
        with local_system(folder, kind=kind) as opened:
            yield opened
