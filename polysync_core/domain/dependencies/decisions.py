"""Decides whether a dependency gate creates a run, records a skipped run, or waits.

The rules are pure. They read the tokens of a gate and return one decision at a time.

Tokens that share a root run form a group: the outcomes that one or more graph runs have brought.
A group awaits each upstream that is one of its roots or a descendant of a root. A group that
awaits no upstream is complete, and one of three rules applies to it:

- If its outcomes leave a requirement unmet, the Task is skipped for this group.
- If its outcomes meet all requirements, it fires.
- Otherwise it waits, first in first out, until other complete groups bring the missing tokens.

The join of the Task decides about the requirements. With `All` and `AllDone`, each edge is one
requirement. With `Any`, all upstreams together are one requirement, which one of them meets. The
schedules of the Task are always a requirement of their own.

A decision uses all tokens of a group. If a group has several outcomes of one upstream, the newest
counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from polysync_core.domain.definitions.tasks import Join, Take
from polysync_core.domain.dependencies.tokens import SCHEDULE, GateEdge, ScheduledFire, Token
from polysync_core.domain.dependencies.windows import (
    Window,
    may_wait,
    times_text,
    token_of_window,
)
from polysync_core.domain.runs.identity import RunId, derived_run_id
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.runs.skip import RootCause, Skip, SkipKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_COMPLETE_GROUPS = 100
"""Complete groups that may wait at an edge for tokens of other graph runs."""
MAX_GROUPS = 1000
"""Groups that may wait at an edge, complete or not."""

type Descends = Callable[[str, frozenset[str]], bool]
"""Returns True if a Task is one of the given roots or a descendant of a root."""
type Latest = Callable[[str], Token | None]
"""Returns the newest outcome of an upstream, or None."""
type WindowOf = Callable[[str, ScheduledFire], Window]
"""Returns the window of an upstream for a fire time of the Task."""
type TokensOf = Callable[[str, tuple[RunId, ...]], Sequence[Token]]
"""Returns the outcomes of some runs of an upstream, in the same order."""
type Recall = Callable[[str, tuple[RunId, ...]], Token | None]
"""Returns the token that an edge had in the repeated graph runs, or None."""


def no_window(upstream: str, fire: ScheduledFire) -> Window:
    """Return a window without fire times."""
    return Window(upstream=upstream, after=fire.scheduled_time, until=fire.scheduled_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDecision:
    """A decision of a gate: create a run, record a skipped run, or drop tokens."""

    run_id: RunId
    used: tuple[Token, ...]
    """The tokens that the decision removes from the gate."""
    recalled: tuple[Token, ...] = ()
    """Tokens from the graph runs that a rerun repeats; they are in no gate."""
    skip_reason: str | None = None
    """The reason why the run is skipped; None if it starts."""
    skip: Skip | None = None
    """The same as data."""
    void: bool = False
    """True if the tokens are dropped without a run."""

    @property
    def sources(self) -> tuple[Token, ...]:
        """The tokens that count: the newest of each edge."""
        return newest((*self.used, *self.recalled))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGroup:
    """The tokens of one graph run, or of graph runs that a run combined."""

    tokens: tuple[Token, ...]
    awaits: tuple[str, ...] = ()
    """The upstreams that will still bring a token to this group."""
    lacks: tuple[str, ...] = ()
    """The upstreams of unmet requirements that do not descend from a root of this group."""
    recalled: tuple[Token, ...] = ()
    """Tokens from the graph runs that a rerun repeats."""
    windows: tuple[Window, ...] = ()
    """The windows of the fire time, in a view."""

    @property
    def sources(self) -> tuple[Token, ...]:
        """The tokens that count: the newest of each edge."""
        return newest((*self.tokens, *self.recalled))

    @property
    def repeats(self) -> tuple[RunId, ...]:
        """The earlier graph runs of which this group is a partial rerun."""
        return tuple(dict.fromkeys(each for token in self.tokens for each in token.repeats))


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """The rules of the gate of one Task."""

    task: str
    edges: tuple[GateEdge, ...]
    descends: Descends
    recall: Recall = lambda _, __: None
    latest: Latest = lambda _: None
    window: WindowOf = no_window
    tokens_of: TokensOf = lambda _, __: ()
    now: datetime = _EPOCH
    """The time of the decision; wait limits before it have passed."""
    join: Join = Join.ALL
    in_order: bool = False
    """True if no fire time may overtake an earlier one of its schedule."""

    def decide(self, tokens: Iterable[Token]) -> GateDecision | None:
        """Return the first decision about some tokens, or None if all tokens wait.

        The caller removes the used tokens and calls again, until the answer is None.
        """
        tokens = tuple(tokens)
        upstreams = {edge.upstream for edge in self.edges if edge.take is not Take.WINDOW}
        if void := tuple(token for token in tokens if token.edge not in upstreams):
            return GateDecision(run_id=self._run_id(void), used=void, void=True)
        groups = self.groups(tokens)
        waiting: list[TokenGroup] = []
        for group in groups:
            if group.awaits or self._overtakes(group, tokens):
                continue
            if self._starts_nothing(group):
                return GateDecision(run_id=self._run_id(group.tokens), used=group.tokens, void=True)
            whole = self._with_recalled_tokens(group)
            if unmet := self._unmet(whole):
                return self._decision(whole, self._skip(unmet), self._unmet_reason(unmet))
            if not whole.lacks:
                return self._decision(whole)
            waiting.append(group)
        return self._combine(waiting) or self._abandon_oldest(waiting, groups)

    def _overtakes(self, group: TokenGroup, tokens: Iterable[Token]) -> bool:
        """Return whether an earlier fire time of the same schedule waits."""
        fires = [token.fire for token in tokens if token.fire is not None]
        own = [token.fire for token in group.tokens if token.fire is not None]
        return self.in_order and any(
            each.schedule_id == mine.schedule_id and each.scheduled_time < mine.scheduled_time
            for mine in own
            for each in fires
        )

    def groups(self, tokens: Iterable[Token]) -> list[TokenGroup]:
        """Return the groups of some tokens; the group with the oldest token comes first."""
        return [self._group(each) for each in group_by_root(tokens)]

    def _group(self, tokens: tuple[Token, ...]) -> TokenGroup:
        roots = frozenset(origin.task for token in tokens for origin in token.origins)
        missing = set(self._upstreams_without(tokens)) - {SCHEDULE, *self._windows}
        awaits = [
            edge.upstream
            for edge in self.edges
            if edge.upstream in missing and self.descends(edge.upstream, roots)
        ]
        lacks = [each for each in self._lacking(newest(tokens)) if each not in awaits]
        return TokenGroup(tokens=tokens, awaits=tuple(awaits), lacks=tuple(lacks))

    @property
    def _windows(self) -> frozenset[str]:
        """The upstreams whose windows are taken."""
        return frozenset(edge.upstream for edge in self.edges if edge.take is Take.WINDOW)

    def windows_of(self, group: TokenGroup) -> tuple[Window, ...]:
        """Return the windows of the fire time of a group; a group without one has none."""
        fire = next((token.fire for token in group.tokens if token.fire is not None), None)
        if fire is None:
            return ()
        windows = (each for each in self.edges if each.take is Take.WINDOW)
        return tuple(self.window(edge.upstream, fire) for edge in windows)

    def _upstreams_without(self, tokens: Iterable[Token]) -> list[str]:
        """Return the upstreams of which the group has no token."""
        has = {token.edge for token in tokens}
        return [edge.upstream for edge in self.edges if edge.upstream not in has]

    def _starts_nothing(self, group: TokenGroup) -> bool:
        """Return True if a group has only outcomes of upstreams whose newest outcome is taken."""
        referred = {edge.upstream for edge in self.edges if edge.take is Take.NEWEST}
        return all(token.edge in referred for token in group.tokens)

    def _with_recalled_tokens(self, group: TokenGroup) -> TokenGroup:
        """Return a group with tokens of earlier runs.

        They come from a repeated graph run, or are the newest outcome or those of a window.
        """
        missing = self._upstreams_without(group.tokens)
        edges = [edge for edge in self.edges if edge.upstream in missing]
        found = [self._recalled(edge, group) for edge in edges if edge.take is not Take.WINDOW]
        fire = next((each for each in (*group.tokens, *found) if each and each.fire), None)
        if fire is not None:
            found += [self._windowed(each, fire) for each in edges if each.take is Take.WINDOW]
        recalled = tuple(token for token in found if token is not None)
        if not recalled:
            return group
        lacks = self._lacking(newest((*group.tokens, *recalled)))
        return replace(group, recalled=recalled, lacks=tuple(lacks))

    def _recalled(self, edge: GateEdge, group: TokenGroup) -> Token | None:
        if group.repeats and (token := self.recall(edge.upstream, group.repeats)) is not None:
            return token
        if edge.take is not Take.NEWEST or (newest := self.latest(edge.upstream)) is None:
            return None
        return edge.aged(newest, max(token.finished_at for token in group.tokens))

    def _windowed(self, edge: GateEdge, fire: Token) -> Token | None:
        """Return the outcomes of a window as one token; None if some are awaited."""
        if fire.fire is None:
            return None
        window = self.window(edge.upstream, fire.fire)
        is_open = window.fault is None and bool(window.awaited)
        if is_open and may_wait(edge, fire.fire, now=self.now):
            return None
        outcomes = self.tokens_of(edge.upstream, window.run_ids)
        return token_of_window(edge, window, fire, outcomes)

    @property
    def _requirements(self) -> list[frozenset[str]]:
        """The upstreams of each requirement; an outcome of one of them meets the requirement."""
        upstreams = [edge.upstream for edge in self.edges]
        if self.join is not Join.ANY:
            return [frozenset({each}) for each in upstreams]
        alternatives = frozenset(upstreams) - {SCHEDULE}
        return [alternatives, *([frozenset({SCHEDULE})] if SCHEDULE in upstreams else [])]

    def _open_upstreams(self, sources: Iterable[Token]) -> frozenset[str]:
        """Return the upstreams of the requirements that these outcomes do not meet."""
        met = {token.edge for token in sources if self._is_met(token)}
        unmet = (each for each in self._requirements if met.isdisjoint(each))
        return frozenset[str]().union(*unmet)

    def _lacking(self, sources: Sequence[Token]) -> list[str]:
        """Return the upstreams without an outcome whose requirements are not met yet."""
        upstreams = self._open_upstreams(sources)
        return [each for each in self._upstreams_without(sources) if each in upstreams]

    def _unmet(self, group: TokenGroup) -> list[Token]:
        """Return the outcomes that leave a requirement unmet."""
        upstreams = self._open_upstreams(group.sources)
        return [token for token in group.sources if token.edge in upstreams]

    def _is_met(self, token: Token) -> bool:
        return any(edge.is_met_by(token) for edge in self.edges if edge.upstream == token.edge)

    def _skip(self, unmet: Sequence[Token]) -> Skip:
        """Return the reason of a skip as data."""
        edges = {edge.upstream: edge for edge in self.edges}
        outcomes = [each for token in unmet for each in edges[token.edge].unmet(token)]
        if not outcomes:
            return Skip(kind=SkipKind.INCOMPLETE)
        return Skip(kind=SkipKind.UPSTREAM, root=_root_cause(outcomes))

    def _unmet_reason(self, unmet: Sequence[Token]) -> str:
        """Return a sentence about the conditions that are not met."""
        edges = {edge.upstream: edge for edge in self.edges}
        first, more = unmet[0], len(unmet) - 1
        reason = f"{unmet_sentence(edges[first.edge], first)}."
        others = f" {more} more dependenc{'y is' if more == 1 else 'ies are'} not met either."
        return reason + (others if more else "")

    def _combine(self, waiting: Sequence[TokenGroup]) -> GateDecision | None:
        """Combine the oldest complete groups that together meet all requirements."""
        chosen: dict[int, TokenGroup] = {}
        referred = {edge.upstream for edge in self.edges if edge.take is not Take.EACH}
        for requirement in self._requirements:
            if requirement <= referred:
                continue
            ages = [
                (token.age, index)
                for index, group in enumerate(waiting)
                for token in group.tokens
                if token.edge in requirement and self._is_met(token)
            ]
            if not ages:
                return None
            _, index = min(ages)
            chosen[index] = waiting[index]
        used = tuple(token for group in chosen.values() for token in group.tokens)
        combined = self._with_recalled_tokens(TokenGroup(tokens=used))
        if unmet := self._unmet(combined):
            return self._decision(combined, self._skip(unmet), self._unmet_reason(unmet))
        return None if self._lacking(combined.sources) else self._decision(combined)

    def _abandon_oldest(
        self, complete: Sequence[TokenGroup], groups: Sequence[TokenGroup]
    ) -> GateDecision | None:
        """Return the skip of the oldest group if too many groups wait at an edge."""
        for waiting, limit in ((complete, MAX_COMPLETE_GROUPS), (groups, MAX_GROUPS)):
            for edge in self.edges:
                at_edge = [
                    group
                    for group in waiting
                    if any(token.edge == edge.upstream for token in group.tokens)
                ]
                if len(at_edge) > limit:
                    oldest = at_edge[0]
                    reason = (
                        f"{limit} newer outcomes of {edge_text(edge.upstream)} wait for "
                        f"{', '.join(map(edge_text, oldest.awaits or oldest.lacks))}: "
                        "the oldest outcome is abandoned."
                    )
                    return self._decision(oldest, Skip(kind=SkipKind.ABANDONED), reason)
        return None

    def _decision(
        self, group: TokenGroup, skip: Skip | None = None, skip_reason: str | None = None
    ) -> GateDecision:
        return GateDecision(
            run_id=self._run_id(group.tokens),
            used=group.tokens,
            recalled=group.recalled,
            skip_reason=skip_reason,
            skip=skip,
        )

    def _run_id(self, used: Iterable[Token]) -> RunId:
        return derived_run_id("dependency", self.task, *sorted(token.run_id for token in used))


def group_by_root(tokens: Iterable[Token]) -> list[tuple[Token, ...]]:
    """Group tokens that share a root run; the group with the oldest token comes first."""
    parents: dict[RunId, RunId] = {}

    def leader(root: RunId) -> RunId:
        while parents.setdefault(root, root) != root:
            root = parents[root]
        return root

    tokens = sorted(tokens, key=lambda each: each.age)
    for token in tokens:
        first, *others = _roots(token)
        for other in others:
            parents[leader(other)] = leader(first)
    groups: dict[RunId, list[Token]] = {}
    for token in tokens:
        groups.setdefault(leader(_roots(token)[0]), []).append(token)
    return [tuple(group) for group in groups.values()]


def newest(tokens: Iterable[Token]) -> tuple[Token, ...]:
    """Return the newest token of each edge, sorted by age."""
    found: dict[str, Token] = {}
    for token in sorted(tokens, key=lambda each: each.age):
        found.pop(token.edge, None)
        found[token.edge] = token
    return tuple(found.values())


def unmet_sentence(edge: GateEdge, token: Token) -> str:
    """Return a sentence, without full stop, about an unmet outcome or window."""
    if token.is_window and token.fault is not None:
        return f"Task '{token.edge}' {token.fault}"
    unmet = edge.unmet(token)
    first = unmet[0]
    time = first.scheduled_time if token.is_window else None
    of = "" if time is None else f" for {times_text([time])}"
    count = f", as {len(unmet) - 1} more of the window" if len(unmet) > 1 else ""
    reason = edge.unmet_reason(first)
    return f"Task '{first.edge}' ended as {first.status}{of} (run {first.run_id}){count}; {reason}"


def _root_cause(unmet: Iterable[Token]) -> RootCause:
    """Return the root cause of unmet conditions; one that did not succeed takes precedence."""
    causes = [token.root_cause for token in unmet]
    failed = (cause for cause in causes if cause.status is not RunStatus.SUCCEEDED)
    return next(failed, causes[0])


def _roots(token: Token) -> list[RunId]:
    return [origin.run_id for origin in token.origins] or [token.run_id]


def edge_text(edge: str) -> str:
    """Return the words for an edge in a sentence."""
    return "its schedule" if edge == SCHEDULE else f"task '{edge}'"
