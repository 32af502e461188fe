"""Maps URL prefixes to groups of console pages, whose modules load on first use.

So a cold start pays only for the pages that are opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from polysync_core.console.routing import PageRoute, PageRouter

type Load = Callable[[], Sequence[PageRouter]]

_INNER = frozenset({"live", "part"})
"""The first segments of addresses whose second segment names the subject."""


class Subject(BaseRoute):
    """The routes of the pages whose addresses begin with some words."""

    def __init__(self, load: Load, *words: str) -> None:
        self._load = load
        self._words = frozenset(words)

    @cached_property
    def routes(self) -> list[PageRoute]:
        """The routes; the first use imports their modules."""
        return [route for router in self._load() for route in router.routes]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return the match of a route; it loads the subject of the request only."""
        if scope["type"] != "http" or _word(scope) not in self._words:
            return Match.NONE, {}
        found = [(match, child) for match, child in self._matches(scope) if match is not Match.NONE]
        full = (each for each in found if each[0] is Match.FULL)
        return next(full, found[0] if found else (Match.NONE, {}))

    def _matches(self, scope: Scope) -> Iterator[tuple[Match, Scope]]:
        return (route.matches(scope) for route in self.routes)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request by the route that matched."""
        await scope["route"].handle(scope, receive, send)


@cache
def subjects() -> tuple[Subject, ...]:
    """Return the subjects, which every console of this process shares; nothing is imported yet."""
    return (
        Subject(_runs, "runs"),
        Subject(_tasks, "tasks", "schedule", "retry"),
        Subject(_jobs, "jobs"),
        Subject(_graph, "graph"),
        Subject(
            _editors,
            "platforms",
            "vaults",
            "limits",
            "holds",
            "calendars",
            "webhooks",
            "receivers",
        ),
        Subject(_lists, "missed", "upcoming", "jump", "zones"),
        Subject(_operations, "definitions", "audit", "help"),
    )


def _word(scope: Scope) -> str:
    """Return the word of an address that names its subject."""
    path, root = scope["path"], scope.get("root_path", "")
    inner: str = path.removeprefix(root) if path.startswith(f"{root}/") else path
    first, _, rest = inner.removeprefix("/").partition("/")
    return rest.partition("/")[0] if first in _INNER else first


def _runs() -> Sequence[PageRouter]:
    from polysync_core.console.live import runs as live
    from polysync_core.console.pages.run import actions
    from polysync_core.console.pages.run import page as run
    from polysync_core.console.pages.runs import bulk, page

    return page.router, bulk.router, live.router, run.router, actions.router


def _tasks() -> Sequence[PageRouter]:
    from polysync_core.console.pages.runs import page as runs
    from polysync_core.console.pages.tasks.routes import task_routers

    return [runs.task_router, *task_routers()]


def _jobs() -> Sequence[PageRouter]:
    from polysync_core.console.pages.jobs.routes import job_routers

    return job_routers()


def _graph() -> Sequence[PageRouter]:
    from polysync_core.console.live import graph_states
    from polysync_core.console.pages.graph import routes

    return routes.router, graph_states.router


def _editors() -> Sequence[PageRouter]:
    from polysync_core.console.pages.editors import editor_pages
    from polysync_core.console.pages.limits import holds, routes

    return [routes.router, holds.router, *editor_pages()]


def _lists() -> Sequence[PageRouter]:
    from polysync_core.console.pages.jump import routes as jump
    from polysync_core.console.pages.missed import routes as missed
    from polysync_core.console.pages.upcoming import routes as upcoming
    from polysync_core.console.pages.zones import routes as zones

    return missed.router, upcoming.router, jump.router, zones.router


def _operations() -> Sequence[PageRouter]:
    from polysync_core.console.pages.help import api_reference, routes
    from polysync_core.console.pages.operations import audit, definitions

    # The reference of the API comes before the pages of the documentation.
    return definitions.router, audit.router, api_reference.router, routes.router
