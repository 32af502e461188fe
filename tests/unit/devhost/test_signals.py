"""Signals of the local host."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from devhost.host import wait_for
from tests.integration.devhost.host_process import TIMEOUT


@pytest.fixture
def received() -> Iterator[threading.Event]:
    """Return an event that the handler of SIGUSR1 sets."""
    event = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: event.set())
    yield event
    signal.signal(signal.SIGUSR1, before)


def test_a_signal_that_another_thread_receives_is_noticed(received: threading.Event) -> None:
    noticed = threading.Event()

    def receive() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        if not noticed.wait(TIMEOUT):
            received.set()  # so that a wrong wait ends as well

    # Begin when the main thread already waits.
    sender = threading.Timer(0.02, receive)
    sender.start()
    started = time.monotonic()
    wait_for(received)
    noticed.set()
    sender.join()

    assert time.monotonic() - started < TIMEOUT
