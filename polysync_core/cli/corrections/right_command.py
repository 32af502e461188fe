"""Translates a command with another tool's words or options to the right Polysync command."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from shlex import join

from polysync_core.cli.corrections.known_words import (
    COMMON_OPTIONS,
    JSON_OUTPUT,
    KINDS,
    NAME_ALONE,
    NOT_POSSIBLE,
    OPTION_FOR_KIND,
    OPTIONS,
    OTHER_VERBS,
    PHRASES,
    REQUIRED,
    RUN_COMMANDS,
    TAKES_KIND,
    TAKES_RUN,
    VERBS,
    WHOLE_COMMANDS,
)
from polysync_core.cli.nouns import match_noun

_ACTIONS = frozenset({*VERBS.values(), *RUN_COMMANDS, *TAKES_KIND, *OTHER_VERBS})


def right_command(words: Sequence[str], commands: Container[str]) -> str | None:
    """Return the command that the words probably mean; None if there is no other.

    `commands` are the names of the existing commands.
    """
    corrected = [*_options(_command(words, commands))]
    return None if corrected == [*words] else f"polysync {join(corrected)}"


def refusal(words: Sequence[str]) -> str | None:
    """Return the reason why Polysync does not have a command of another tool."""
    verbs = words[1:2] if words and _kind(words[0]) else words[:1]
    return next((NOT_POSSIBLE[verb] for verb in verbs if verb in NOT_POSSIBLE), None)


def _command(words: Sequence[str], commands: Container[str]) -> list[str]:
    """Return the words with those of another tool replaced."""
    first, others = words[0], [*words[1:]]
    whole = first in WHOLE_COMMANDS and not _has_name(others)
    if "--web" in others:
        others.remove("--web")
        return ["open", *_command([first, *others], commands)[1:]]
    if whole:
        return [*WHOLE_COMMANDS[first].split(), *others]
    if others and (phrase := PHRASES.get(f"{first} {others[0]}")):
        return [*phrase.split(), *others[1:]]
    if others and (kind := _kind(first)) and (verb := _verb(others[0], kind)):
        return _with_kind(verb, kind, others[1:])
    if others and (verb := _verb(first)) and (kind := _kind(others[0])):
        return _with_kind(verb, kind, others[1:])
    if phrase := PHRASES.get(first):
        return [*phrase.split(), *others]
    if first in commands:
        return _without_kind(first, others)
    if kind := _kind(first):
        return _with_kind("describe" if _has_name(others) else "get", kind, others)
    return _without_kind(VERBS.get(first, first), others)


def _kind(word: str) -> str | None:
    """Return the kind that a word names; `run` is one of them."""
    if word in KINDS:
        return KINDS[word]
    found = match_noun(word) if len(word) > 1 and word.islower() else None
    return None if found is None else found.word


def _verb(word: str, kind: str | None = None) -> str | None:
    """Return the verb of Polysync for a word, if the word is a verb."""
    verb = VERBS.get(word, word)
    return verb if verb in (RUN_COMMANDS if kind == "run" else _ACTIONS) else None


def _with_kind(verb: str, kind: str, others: list[str]) -> list[str]:
    has_name = _has_name(others)
    if kind == "run":
        is_list = verb == "get" and not has_name
        return ["runs" if is_list else RUN_COMMANDS.get(verb, verb), *others]
    if verb == "create":
        return ["create-task" if kind == "task" else "apply", *others]
    if has_name and kind in OPTION_FOR_KIND.get(verb, ()):
        return [verb, f"--{kind}", *others]
    if verb == "export" and has_name:
        return ["get", kind, *others, "-o", "yaml"]
    if verb in TAKES_KIND:
        return [verb, kind if has_name or verb != "get" else f"{kind}s", *others]
    if verb in TAKES_RUN and kind == "task" and has_name:
        return [verb, f"@{others[0]}", *others[1:]]
    return [verb, *others]


def _without_kind(verb: str, others: list[str]) -> list[str]:
    names = [each for each in others if not each.startswith("-")]
    if verb == "describe" and len(names) == 1:
        return ["show", *others]
    if len(names) == 1 and _kind(names[0]) is None:
        if verb in NAME_ALONE:
            return [verb, "task", *others]
        if verb in {"hold", "release"} and _has_name(others):
            return [verb, "--task", *others]
    return [verb, *others]


def _has_name(words: Sequence[str]) -> bool:
    return bool(words) and not words[0].startswith("-")


def _options(words: Sequence[str]) -> Iterator[str]:
    """Yield the words with the options of the command instead of those of another tool."""
    command = words[0]
    known = {**COMMON_OPTIONS, **OPTIONS.get(command, {})}
    if _has_name(words[1:]):
        known |= OPTIONS.get(f"{command} RUN", {})
    rest = iter(words)
    for word in rest:
        name, has_value, value = word.partition("=")
        if word in JSON_OUTPUT and command not in {"get", "graph"}:
            form = next(rest, "")
            yield from ["--json"] if form == "json" else [word, form]
        elif name in known:
            yield from [*known[name], *([value] if has_value else [])]
        else:
            yield word
    required = REQUIRED.get(command, ())
    if required and not any(word.startswith(required[0]) for word in words):
        yield from required
