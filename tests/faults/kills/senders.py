"""Clients that start runs all the time, and remember which of them were accepted."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

_PAUSE_SECONDS = 0.05
_NAP = {"parameters": {"seconds": 0.3}}


@dataclass(slots=True)
class Accepted:
    """The accepted runs. An answer is noted only after it has arrived completely."""

    by_key: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """The run ids by idempotency key; a second id of one key is a duplicate run."""
    without_key: set[str] = field(default_factory=set[str])
    chains: set[str] = field(default_factory=set[str])
    """Runs without a key on which another Task depends."""

    @property
    def run_ids(self) -> set[str]:
        """All accepted runs at this moment."""
        keyed = (found for ids in self.by_key.copy().values() for found in ids)
        return {*self.without_key, *self.chains, *keyed}


@dataclass(slots=True)
class Senders:
    """Threads that send requests to a host, which may be away at any time."""

    url: str
    accepted: Accepted = field(default_factory=Accepted)
    _stop: threading.Event = field(default_factory=threading.Event)

    def send_with_keys(self) -> None:
        """Repeat each request with its key until its answer arrives, and then once more."""
        with httpx.Client(base_url=self.url, timeout=10) as client:
            while not self._stop.is_set():
                key = uuid.uuid4().hex
                ids = self.accepted.by_key[key] = set()
                while not self._stop.is_set() and len(ids) == 0:
                    ids |= self._post(client, "nap", _NAP, {"Idempotency-Key": key})
                ids |= self._post(client, "nap", _NAP, {"Idempotency-Key": key})

    def send_without_keys(self) -> None:
        """Send each request once; one without an answer may have been accepted."""
        with httpx.Client(base_url=self.url, timeout=10) as client:
            while not self._stop.is_set():
                self.accepted.without_key |= self._post(client, "nap", _NAP, {})
                self.accepted.chains |= self._post(client, "first", {}, {})

    def stop(self) -> None:
        """End the threads after their present request."""
        self._stop.set()

    def _post(
        self, client: httpx.Client, task: str, body: Any, headers: Mapping[str, str]
    ) -> set[str]:
        self._stop.wait(_PAUSE_SECONDS)
        with suppress(httpx.TransportError):
            answer = client.post(f"/tasks/{task}/run", json=body, headers=headers)
            if answer.status_code != 503:
                return {answer.raise_for_status().json()["runId"]}
        return set()


@contextmanager
def sending(url: str) -> Iterator[Accepted]:
    """Send requests in two threads while the context is open."""
    senders = Senders(url)
    threads = [
        threading.Thread(target=each)
        for each in (senders.send_with_keys, senders.send_without_keys)
    ]
    for thread in threads:
        thread.start()
    try:
        yield senders.accepted
    finally:
        senders.stop()
        for thread in threads:
            thread.join()
