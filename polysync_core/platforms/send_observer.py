"""Announces each request with an effect to an observer, right before it is sent.

Before the first request of a submit, a client signs in and reads secrets. A run may be cancelled
in that time. So the submit step observes each request that may start something.
It writes to the run that a submit is sent, or it withholds the request.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from polysync_core.domain.errors import PolysyncError


class Withheld(PolysyncError):
    """The request was not sent, because its run may not start any more."""


class SendObserver(Protocol):
    """Observes the requests with an effect."""

    def before_send(self) -> None:
        """Take note that a request is about to be sent; raise `Withheld` to prevent that."""
        ...

    def not_arrived(self) -> None:
        """Take note that the last announced request certainly had no effect."""
        ...


_observer: ContextVar[SendObserver | None] = ContextVar("send_observer", default=None)


@contextmanager
def observing_sends(observer: SendObserver) -> Generator[None]:
    """Announce to the observer each request with an effect that this thread sends."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def announce_send() -> None:
    """Announce a request with an effect; raises `Withheld` if it must not be sent."""
    observer = _observer.get()
    if observer is not None:
        observer.before_send()


def withdraw_send() -> None:
    """Report that the announced request certainly had no effect."""
    observer = _observer.get()
    if observer is not None:
        observer.not_arrived()
