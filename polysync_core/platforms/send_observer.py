"""Lets an observer record or withhold each state-changing request, before it is sent.

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
    """Observes state-changing requests."""

    def before_send(self) -> None:
        """Record that a request is about to be sent; raises `Withheld` to prevent it."""
        ...

    def not_arrived(self) -> None:
        """Record that the last reported request certainly had no effect."""
        ...


_observer: ContextVar[SendObserver | None] = ContextVar("send_observer", default=None)


@contextmanager
def observing_sends(observer: SendObserver) -> Generator[None]:
    """Report each state-changing request of this thread to the observer."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def announce_send() -> None:
    """Report a state-changing request before it is sent; raises `Withheld` to prevent it."""
    observer = _observer.get()
    if observer is not None:
        observer.before_send()


def withdraw_send() -> None:
    """Report that the last request certainly had no effect."""
    observer = _observer.get()
    if observer is not None:
        observer.not_arrived()
