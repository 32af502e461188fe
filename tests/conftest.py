"""Configures pytest, Hypothesis and garbage collection for all tests."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.examples import SUITE
from tests.host_kinds import HostKind, require

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler.protocol import Scheduling

# Nothing that the collection makes becomes garbage; `pytest_collection_finish` enables it again.
gc.disable()

# As in the app. It must be set before the import of the durable library.
os.environ["AZURE_FUNCTIONS_DURABLE_STRICT_TYPING"] = "1"

# No example has a deadline, because a busy machine is slow without a fault.
settings.register_profile(
    "no-deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
_NO_DEADLINE = settings.get_profile("no-deadline")
settings.register_profile("suite", _NO_DEADLINE, max_examples=SUITE, stateful_step_count=40)
# Fewer examples for `make test-unit`; `make test` uses "suite".
settings.register_profile("quick", _NO_DEADLINE, max_examples=15, stateful_step_count=15)
# `make soak` runs 2,000 sequences of 100 operations of every state machine.
settings.register_profile(
    "soak", _NO_DEADLINE, max_examples=2000, stateful_step_count=100, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the soak tests, which take minutes, unless `-m` names them."""
    if "soak" in config.getoption("-m"):
        return
    if deselected := [item for item in items if item.get_closest_marker("soak")]:
        left_out = set(deselected)
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=deselected)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """Distribute the tests so that few hosts are started."""
    from tests.scheduling import HostScheduling

    return HostScheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    """Let a process of pytest-xdist send less, unless the durations are wanted."""
    if not hasattr(config, "workerinput") or config.getoption("durations") is not None:
        return
    from tests.worker_messages import send_less

    send_less(config)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(
    report: pytest.TestReport,
) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    """Leave out the keywords of a passed test: half of what a worker sends."""
    data = yield
    if data is not None and report.passed:
        data["keywords"] = {}
    return data


def pytest_collection_finish() -> None:
    """Exempt modules and tests from garbage collection, and collect the rest less often."""
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let child processes receive interrupts, even if a shell started the tests without them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module", params=HostKind)
def host_kind(request: pytest.FixtureRequest) -> HostKind:
    """The host on which a whole-host test runs (`tests/host_kinds.py`)."""
    require(request.param)
    return request.param
