"""Defines the kinds of objects in CLI arguments, such as Task, with all accepted spellings."""

from __future__ import annotations

from dataclasses import dataclass

import typer


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """One kind of object."""

    singular: str
    """The kind in sentences, such as `contention profile`."""
    path: str
    """The path of the list in the API."""
    list_name: str | None
    """The list of the kind in a document; None for an object that no document holds."""
    short: tuple[str, ...] = ()
    """Further spellings."""

    @property
    def word(self) -> str:
        """The usual word for the kind, such as `profile`."""
        return self.singular.removeprefix("contention ")

    @property
    def spellings(self) -> set[str]:
        """The accepted spellings in lower case, without blanks and hyphens."""
        return {_plain(each) for each in (self.singular, self.path, *self.short)}


NOUNS = (
    Noun(singular="task", path="tasks", list_name="tasks", short=("t",)),
    Noun(singular="job", path="jobs", list_name="jobs", short=("j",)),
    Noun(singular="platform", path="platforms", list_name="platforms", short=("p", "plat")),
    Noun(singular="vault", path="vaults", list_name="vaults", short=("v",)),
    Noun(
        singular="contention profile",
        path="contention-profiles",
        list_name="contentionProfiles",
        short=("profile", "profiles", "limit", "limits", "cp"),
    ),
    Noun(singular="calendar", path="calendars", list_name="calendars", short=("cal",)),
    Noun(singular="webhook", path="webhooks", list_name="webhooks", short=("wh", "hook")),
    Noun(singular="receiver", path="receivers", list_name="receivers", short=("r", "rcv")),
    Noun(singular="schedule", path="schedules", list_name=None, short=("s", "sched")),
    Noun(singular="backfill", path="backfills", list_name=None, short=("b",)),
)
"""The kinds in the order in which messages list them."""

_ELSEWHERE = {
    "run": "list runs with `polysync runs`, and show one with `polysync show RUN`",
    "hold": "list holds with `polysync holds`",
    "event": "list the events of a run with `polysync show RUN`",
    "jobkey": "list job keys with `polysync job-keys`",
}
"""The commands for objects that have their own, by kind."""


def match_noun(text: str) -> Noun | None:
    """Return the kind of a spelling, if there is one."""
    wanted = _plain(text)
    return next((noun for noun in NOUNS if wanted in noun.spellings), None)


def find_noun(text: str) -> Noun:
    """Return the kind of a spelling.

    Raises:
        BadParameter: there is no such kind; the message has the known ones.
    """
    wanted = _plain(text)
    if found := match_noun(text):
        return found
    if hint := _ELSEWHERE.get(wanted.removesuffix("s")):
        raise typer.BadParameter(hint, param_hint="KIND")
    raise typer.BadParameter(_unknown(text, wanted), param_hint="KIND")


def find_definition_noun(text: str) -> Noun:
    """Return the kind of a spelling, if documents can hold objects of the kind.

    Raises:
        BadParameter: there is no such kind of definition.
    """
    noun = find_noun(text)
    if noun.list_name is None:
        kinds = ", ".join(each.word for each in NOUNS if each.list_name)
        message = f"a {noun.singular} is no definition of its own: give one of {kinds}"
        raise typer.BadParameter(message, param_hint="KIND")
    return noun


def kind_words() -> list[str]:
    """Return the usual word of each kind in the plural, for help and completion."""
    return [f"{noun.word}s" for noun in NOUNS]


def _unknown(text: str, wanted: str) -> str:
    from difflib import get_close_matches

    known = {spelling: noun for noun in NOUNS for spelling in noun.spellings}
    near = get_close_matches(wanted, known, n=1)
    hint = f"did you mean '{known[near[0]].word}s'? " if near else ""
    return f"'{text}' is not a kind: {hint}The kinds are {', '.join(kind_words())}."


def _plain(text: str) -> str:
    return text.lower().replace("-", "").replace("_", "").replace(" ", "")
