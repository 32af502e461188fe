"""Names the hosts on which the whole-host tests run.

Every test of a trigger, a binding or the engine runs on each host that has it:

- the Functions host: the official worker library, the real Durable and queue extensions, Azurite;
- the embedded host: `polysync dev`, one process with its own engine, SQLite.

These tests run on one host only, for the reason given:

- `test_bad_input`, `test_appkit_jobs`, `test_graph`: the answers of the API do not depend on the
  host, so they run on the host that starts fastest;
- `test_storage_down`, `test_checkpoints`: a proxy in front of Azurite disturbs the storage. In a
  SQLite file there is no network that could fail;
These tests are marked `soak` on the Functions host, because they take half a minute or more there:

- a `kill -9`, because the engine hides the messages of a dead host for a minute;
- contention, faults of a platform, deliveries to webhooks, an outage of the storage. They run on
  the embedded host each time. Continuous integration also runs them on the Functions host.
"""

from __future__ import annotations

import os
from enum import StrEnum

import pytest


class HostKind(StrEnum):
    """A host of the app on one machine."""

    EMBEDDED = "embedded"
    FUNCTIONS = "functions"


def on(*kinds: HostKind) -> pytest.MarkDecorator:
    """Return a mark that runs a test on some hosts only."""
    return pytest.mark.parametrize("host_kind", kinds, indirect=True)


def on_both_with_soak() -> pytest.MarkDecorator:
    """Return a mark for every host; on the Functions host the test is a soak test."""
    functions = pytest.param(HostKind.FUNCTIONS, marks=pytest.mark.soak)
    others = [kind for kind in HostKind if kind is not HostKind.FUNCTIONS]
    return pytest.mark.parametrize("host_kind", [*others, functions], indirect=True)


def require(kind: HostKind) -> None:
    """Skip the test if the program of a host is missing; in CI, fail."""
    from devhost.durable_extension.program import program_path
    from polysync_embedded.options import StartRefused

    if kind is not HostKind.FUNCTIONS:
        return
    try:
        program_path()
    except StartRefused as refusal:
        if os.environ.get("CI"):
            pytest.fail(str(refusal))
        pytest.skip(str(refusal))
