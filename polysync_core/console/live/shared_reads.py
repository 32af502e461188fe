"""Caches storage reads briefly, so that live streams share one read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future

TTL = 0.8
"""Seconds for which an answer serves all streams with the same question."""
_MAX_ENTRIES = 256


class SharedReads[V]:
    """Answers equal questions by one read; safe for threads, and errors are not kept."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._answers: dict[Hashable, tuple[float, Future[V]]] = {}

    def get(self, question: Hashable, read: Callable[[], V]) -> V:
        """Return a recent answer, wait for the read of another stream, or read."""
        own: Future[V] = Future()
        with self._lock:
            now = self._monotonic()
            known = self._answers.get(question)
            if known is not None and (not known[1].done() or now < known[0] + TTL):
                shared = known[1]
            else:
                shared = None
                self._make_room(now)
                self._answers[question] = now, own
        return shared.result() if shared is not None else self._read(question, read, own)

    def _read(self, question: Hashable, read: Callable[[], V], own: Future[V]) -> V:
        try:
            answer = read()
        except BaseException as error:
            with self._lock:
                self._answers.pop(question, None)
            own.set_exception(error)
            raise
        with self._lock:
            self._answers[question] = self._monotonic(), own
        own.set_result(answer)
        return answer

    def _make_room(self, now: float) -> None:
        if len(self._answers) < _MAX_ENTRIES:
            return
        self._answers = {
            question: (at, answer)
            for question, (at, answer) in self._answers.items()
            if not answer.done() or now < at + TTL
        }
