"""Reads the variables of a bundle, and substitutes the values for `${var.name}`.

A value is a JSON value. A text that consists of one variable takes the value with its type. Within
a longer text, a value must be a text, a number or a Boolean. `$${` is left as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from polysync_core.domain.bundles.variable_types import VariableType, converted
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.security.secrets import references_in

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_USE = re.compile(r"\$\$\{|\$\{var\.([^{}]*)\}")
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\."
    r"|\bdapi[0-9a-f]{32}"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}"
    r"|\b(?:AccountKey|SharedAccessKey|SharedAccessSignature)="
    r"|[?&]sig=[A-Za-z0-9%]"
)
"""The forms of well-known secrets: keys, tokens, connection strings and signatures."""
_FIELDS = frozenset({"type", "default", "description"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A declared variable; the default None means that a value must be given."""

    name: str
    type: VariableType | None = None
    default: JsonValue = None
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """The values of one source, in the order of the sources."""

    source: str
    """The source in messages, such as `--var` or a file."""
    values: JsonObject
    must_be_used: bool = True
    """False for a context, which may serve several bundles."""
    path: str = ""
    """The path of the values in the document; empty for a source outside."""


@dataclass(slots=True)
class Substitution:
    """The values of the variables of one document, and the problems that were found."""

    declared: Mapping[str, Variable]
    assigned: Sequence[Assigned]
    problems: list[Problem] = field(default_factory=list[Problem])
    _values: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    _used: set[str] = field(default_factory=set[str])
    _open: list[str] = field(default_factory=list[str])

    def replaced(self, value: JsonValue, path: str) -> JsonValue:
        """Return a value in which every variable is replaced."""
        match value:
            case dict():
                for key in value:
                    if _names_in(key):
                        self.problems.append(Problem(path, f"'{key}': a key holds no variable"))
                return {
                    key: self.replaced(each, f"{path}.{key}" if path else key)
                    for key, each in value.items()
                }
            case list():
                return [self.replaced(each, f"{path}[{i}]") for i, each in enumerate(value)]
            case str():
                return self._text(value, path)
            case _:
                return value

    def finish(self) -> None:
        """Add a problem for each variable that nothing uses."""
        for name, variable in self.declared.items():
            if name not in self._used:
                self.problems.append(Problem(variable.path, "is used nowhere: remove it"))
        for each in self.assigned:
            for name in each.values:
                if each.must_be_used and name not in self.declared and name not in self._used:
                    hint = _similar(name, [*self.declared, *self._used])
                    self.problems.append(
                        Problem(each.path, f"{each.source}: no definition uses '{name}'{hint}")
                    )

    def _text(self, text: str, path: str) -> JsonValue:
        whole = _USE.fullmatch(text)
        if whole is not None and whole[1] is not None:
            return self._value(whole[1], path)
        return _USE.sub(lambda found: self._inner(found, path), text)

    def _inner(self, found: re.Match[str], path: str) -> str:
        if found[1] is None:
            return found[0]
        value = self._value(found[1], path)
        if isinstance(value, dict | list):
            message = f"'{found[1]}' is no text: it cannot be a part of a longer text"
            self.problems.append(Problem(path, message))
        return value if isinstance(value, str) else json.dumps(value)

    def _value(self, name: str, path: str) -> JsonValue:
        """Return the value of a variable; None after a problem."""
        self._used.add(name)
        if name in self._values:
            return self._values[name]
        if name in self._open:
            cycle = " → ".join([*self._open[self._open.index(name) :], name])
            self.problems.append(Problem(path, f"the variables refer to each other: {cycle}"))
            return None
        raw, origin = self._assignment(name, path)
        self._open.append(name)
        value = self.replaced(raw, origin)
        self._open.pop()
        self._values[name] = value = self._typed(name, value, origin)
        return value

    def _assignment(self, name: str, path: str) -> tuple[JsonValue, str]:
        """Return the last assigned value, or the default, with its path."""
        for each in reversed(self.assigned):
            if name in each.values:
                return each.values[name], f"{each.path}.{name}" if each.path else path
        variable = self.declared.get(name)
        if variable is None:
            known = [*self.declared, *(key for each in self.assigned for key in each.values)]
            message = f"there is no variable '{name}'{_similar(name, known)}: declare it"
            self.problems.append(Problem(path, f"{message} under `variables`, or give --var"))
        elif variable.default is None:
            message = (
                f"variable '{name}' has no value: give --var {name}=…, or a target that has it"
            )
            self.problems.append(Problem(path, message))
        else:
            return variable.default, variable.path
        return None, path

    def _typed(self, name: str, value: JsonValue, path: str) -> JsonValue:
        if value is None:
            return None
        if problem := value_problem(value):
            self.problems.append(Problem(path, f"variable '{name}': {problem}"))
            return None
        wanted = self.declared[name].type if name in self.declared else None
        if wanted is None:
            return value
        try:
            return converted(value, wanted)
        except ValueError:
            message = f"variable '{name}' is of type {wanted}: {_shown(value)} is none"
            self.problems.append(Problem(path, message))
            return None


def read_variables(raw: JsonValue) -> tuple[dict[str, Variable], list[Problem]]:
    """Return the variables that a document declares, and the problems of the declarations."""
    if raw is None:
        return {}, []
    if not isinstance(raw, dict):
        return {}, [Problem("variables", "must be an object (name: default value)")]
    declared: dict[str, Variable] = {}
    problems: list[Problem] = []
    for name, content in raw.items():
        path = f"variables.{name}"
        problems += [Problem(path, each) for each in _declaration_problems(name, content)]
        declared[name] = _declared(name, content, path)
    return declared, problems


def value_problem(value: JsonValue) -> str | None:
    """Return why a value may not be the value of a variable; None if it may."""
    if next(references_in(value), None) is not None:
        return (
            "a variable holds no secret and no reference to one: write the reference into the "
            "definition, such as vault://${var.vault}/name"
        )
    if any(_SECRET.search(text) for text in _texts(value)):
        return (
            "looks like a secret: put it into a vault, and refer to it by vault://<vault>/<secret>"
        )
    return None


def _declaration_problems(name: str, content: JsonValue) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield "a variable has a name of letters, digits and '_'"
    if not isinstance(content, dict):
        return
    for key in content:
        if key not in _FIELDS:
            yield f"'{key}' is not known: a variable has type, default and description"
    if content.get("type") not in {None, *VariableType}:
        yield f"the type must be one of {', '.join(VariableType)}"


def _declared(name: str, content: JsonValue, path: str) -> Variable:
    if not isinstance(content, dict):
        return Variable(name=name, type=_implied(content), default=content, path=path)
    given, default = content.get("type"), content.get("default")
    is_known = isinstance(given, str) and given in {*VariableType}
    kind = VariableType(str(given)) if is_known else _implied(default)
    return Variable(name=name, type=kind, default=default, path=path)


def _implied(default: JsonValue) -> VariableType | None:
    """Return the type that a default implies; a text with a variable implies none."""
    return None if isinstance(default, str) and _names_in(default) else VariableType.of(default)


def _names_in(text: str) -> list[str]:
    return [found[1] for found in _USE.finditer(text) if found[1] is not None]


def _texts(value: JsonValue) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _texts(each)
        case dict():
            for each in value.values():
                yield from _texts(each)
        case _:
            return


def _similar(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f", did you mean '{near[0]}'?" if near else ""


def _shown(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
