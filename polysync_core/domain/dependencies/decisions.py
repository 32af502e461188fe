"""What a gate decides, from the tokens that it holds; nothing here is remembered or changed.

Tokens that share a root run form a group: what one or more graph runs have brought so far. A group
awaits the edges whose upstream is one of its roots or downstream of one. Once it has them all:

- an outcome that is not the one wanted skips the Task for this group;
- a group that has every edge fires: the same graph run comes first;
- any other group stands, first in first out, until others that stand bring the rest.

A group is used up as a whole. Of several outcomes of one upstream in it, the newest counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from polysync_core.domain.dependencies.tokens import SCHEDULE, Edge, Token
from polysync_core.domain.runs.identity import RunId, derived_run_id

MOST_STANDING = 100
"""Complete groups that may wait at an edge for what comes from elsewhere."""
MOST_OUTSTANDING = 1000
"""Tokens that may wait at an edge in all."""

type Descends = Callable[[str, frozenset[str]], bool]
"""Tells whether a Task is one of some roots or downstream of one."""
type Recall = Callable[[str, tuple[RunId, ...]], Token | None]
"""Returns what an edge had in the graph runs that are repeated, None where it had nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """What a gate has decided: a run, a skipped run, or merely that some tokens are void."""

    run_id: RunId
    used: tuple[Token, ...]
    """What is taken out of the gate."""
    recalled: tuple[Token, ...] = ()
    """What is taken from graph runs that are repeated in part; it is in no gate."""
    skipped: str = ""
    """Why there is no run but a skipped one; empty for a run."""
    void: bool = False
    """Whether no run comes of it."""

    @property
    def sources(self) -> tuple[Token, ...]:
        """The outcomes that count, one for each edge."""
        return newest((*self.used, *self.recalled))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The tokens of one graph run, or of several that were joined before."""

    tokens: tuple[Token, ...]
    awaits: tuple[str, ...] = ()
    """The upstreams that will still bring their outcomes."""
    lacks: tuple[str, ...] = ()
    """The upstreams that no root of this group leads to."""
    recalled: tuple[Token, ...] = ()
    """What a partial repetition takes from the graph runs that it repeats."""

    @property
    def sources(self) -> tuple[Token, ...]:
        """The outcomes that count, one for each edge."""
        return newest((*self.tokens, *self.recalled))

    @property
    def repeats(self) -> tuple[RunId, ...]:
        """The graph runs that this one repeats in part."""
        return tuple(dict.fromkeys(each for token in self.tokens for each in token.repeats))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The rules of one Task's gate."""

    task: str
    edges: tuple[Edge, ...]
    descends: Descends
    recall: Recall = lambda _, __: None

    def decide(self, tokens: Iterable[Token]) -> Firing | None:
        """Return what to do first; None where there is nothing to be done but to wait.

        Once it is done, and what it used is taken out of the gate, there may be more.
        """
        tokens = tuple(tokens)
        upstreams = {edge.upstream for edge in self.edges}
        if void := tuple(token for token in tokens if token.edge not in upstreams):
            return Firing(run_id=self._run_id(void), used=void, void=True)
        groups = self.groups(tokens)
        standing: list[Group] = []
        for group in groups:
            if group.awaits:
                continue
            whole = self._completed(group)
            if reason := self._unmet(whole):
                return self._firing(whole, skipped=reason)
            if not whole.lacks:
                return self._firing(whole)
            standing.append(group)
        return self._joined(standing) or self._crowded(standing, groups)

    def groups(self, tokens: Iterable[Token]) -> list[Group]:
        """Return the groups that some tokens form, the one with the oldest token first."""
        return [self._group(each) for each in connected(tokens)]

    def _group(self, tokens: tuple[Token, ...]) -> Group:
        has = {token.edge for token in tokens}
        roots = frozenset(origin.task for token in tokens for origin in token.origins)
        missing = [edge.upstream for edge in self.edges if edge.upstream not in has]
        awaits = [each for each in missing if each != SCHEDULE and self.descends(each, roots)]
        lacks = [each for each in missing if each not in awaits]
        return Group(tokens=tokens, awaits=tuple(awaits), lacks=tuple(lacks))

    def _completed(self, group: Group) -> Group:
        """Return a group with what a partial repetition takes from the graph runs it repeats."""
        if not group.lacks or not group.repeats:
            return group
        found = {each: self.recall(each, group.repeats) for each in group.lacks}
        recalled = tuple(token for token in found.values() if token is not None)
        lacks = tuple(each for each, token in found.items() if token is None)
        return replace(group, recalled=recalled, lacks=lacks)

    def _unmet(self, group: Group) -> str:
        """Return which outcome is not the one wanted, in words; empty where all are."""
        edges = {edge.upstream: edge for edge in self.edges}
        unmet = [each for each in group.sources if not edges[each.edge].is_met_by(each)]
        if not unmet:
            return ""
        first, more = unmet[0], len(unmet) - 1
        reason = f"Task '{first.edge}' ended as {first.status} (run {first.run_id}); "
        reason += f"the dependency is {edges[first.edge].condition}."
        others = f" {more} more dependenc{'y is' if more == 1 else 'ies are'} not met either."
        return reason + (others if more else "")

    def _joined(self, standing: Sequence[Group]) -> Firing | None:
        """Return the run that the oldest standing groups make together, if they have every edge."""
        chosen: dict[int, Group] = {}
        for edge in self.edges:
            having = [
                (min(token.age for token in group.tokens if token.edge == edge.upstream), place)
                for place, group in enumerate(standing)
                if any(token.edge == edge.upstream for token in group.tokens)
            ]
            if not having:
                return None
            _, place = min(having)
            chosen[place] = standing[place]
        used = tuple(token for group in chosen.values() for token in group.tokens)
        return self._firing(Group(tokens=used))

    def _crowded(self, standing: Sequence[Group], groups: Sequence[Group]) -> Firing | None:
        """Return the skip of the oldest group where too much waits at an edge."""
        for waiting, most in ((standing, MOST_STANDING), (groups, MOST_OUTSTANDING)):
            for edge in self.edges:
                at_edge = [
                    group
                    for group in waiting
                    if any(token.edge == edge.upstream for token in group.tokens)
                ]
                if len(at_edge) > most:
                    oldest = at_edge[0]
                    reason = (
                        f"{most} newer outcomes of {named(edge.upstream)} wait for "
                        f"{', '.join(map(named, oldest.awaits or oldest.lacks))}: "
                        "the oldest is given up."
                    )
                    return self._firing(oldest, skipped=reason)
        return None

    def _firing(self, group: Group, *, skipped: str = "") -> Firing:
        return Firing(
            run_id=self._run_id(group.tokens),
            used=group.tokens,
            recalled=group.recalled,
            skipped=skipped,
        )

    def _run_id(self, used: Iterable[Token]) -> RunId:
        return derived_run_id("dependency", self.task, *sorted(token.run_id for token in used))


def connected(tokens: Iterable[Token]) -> list[tuple[Token, ...]]:
    """Return the tokens in groups that share a root run, the one with the oldest token first."""
    above: dict[RunId, RunId] = {}

    def leader(root: RunId) -> RunId:
        while above.setdefault(root, root) != root:
            root = above[root]
        return root

    tokens = sorted(tokens, key=lambda each: each.age)
    for token in tokens:
        first, *others = _roots(token)
        for other in others:
            above[leader(other)] = leader(first)
    groups: dict[RunId, list[Token]] = {}
    for token in tokens:
        groups.setdefault(leader(_roots(token)[0]), []).append(token)
    return [tuple(group) for group in groups.values()]


def newest(tokens: Iterable[Token]) -> tuple[Token, ...]:
    """Return the newest token of each edge, the oldest of them first."""
    found: dict[str, Token] = {}
    for token in sorted(tokens, key=lambda each: each.age):
        found.pop(token.edge, None)
        found[token.edge] = token
    return tuple(found.values())


def _roots(token: Token) -> list[RunId]:
    return [origin.run_id for origin in token.origins] or [token.run_id]


def named(edge: str) -> str:
    """Return an edge in words."""
    return "its schedule" if edge == SCHEDULE else f"task '{edge}'"
