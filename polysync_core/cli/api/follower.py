"""Follows a run to its end, also through outages and broken connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from polysync.following import followed_run
from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.api.client import ApiClient


@dataclass(frozen=True, slots=True)
class RunFollower:
    """Follows one run by its event stream, or by polling if the stream fails."""

    api: ApiClient
    run_id: str
    on_outage: Callable[[], None] = lambda: None
    """Called for each read that has no answer and is repeated."""

    def states(self) -> Iterator[RunAnswer]:
        """Yield every state of the run that is received; the last one is terminal.

        Raises:
            CommandFailed: the run does not exist, or the server is unavailable for too long.
        """
        for state in self.api.follow(followed_run(self.run_id), self.on_outage):
            yield RunAnswer.decode(state)
