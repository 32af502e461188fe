"""Translates JavaScript regular expressions to the syntax of the Python library `regex`.

The parts that the two languages read differently are written as code points. The parts that cannot
be translated are refused. https://tc39.es/ecma262/#sec-patterns
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from polysync_core.appkit.json_schema.code_points import (
    ALL,
    LINE_ENDS,
    WORD,
    class_items,
    class_of,
    complement,
    escaped,
)

_QUANTIFIER = re.compile(r"[*+?]|\{([0-9]{1,9})(,([0-9]{1,9})?)?\}")
_PROPERTY = re.compile(r"\{([A-Za-z_]+=)?[A-Za-z0-9_]+\}")
_GROUP_NAME = re.compile(r"<([A-Za-z_][A-Za-z0-9_]*)>")
_HEX = {"x": re.compile("[0-9A-Fa-f]{2}"), "u": re.compile("[0-9A-Fa-f]{4}")}
_CODE_POINT = re.compile(r"\{([0-9A-Fa-f]{1,6})\}")
_LOW_SURROGATE = re.compile(r"\\u([dD][c-fC-F][0-9A-Fa-f]{2})")
_SET_OPERATION = re.compile(r"&&|--")
_CONTROLS = {"f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09, "v": 0x0B}
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_GROUPS = ("(?:", "(?=", "(?!", "(?<=", "(?<!")
_LAST_CODE_POINT = 0x10FFFF
_WORD_CLASS = f"[{class_items(WORD)}]"
_BOUNDARY = (
    f"(?:(?<={_WORD_CLASS})(?!{_WORD_CLASS})|(?<!{_WORD_CLASS})(?={_WORD_CLASS}))",
    f"(?:(?<={_WORD_CLASS})(?={_WORD_CLASS})|(?<!{_WORD_CLASS})(?!{_WORD_CLASS}))",
)


class PatternRefused(Exception):
    """An expression is not valid in ECMAScript, or cannot be translated."""


@dataclass(slots=True)
class _Group:
    """An open or closed group of the expression."""

    number: int | None
    """The number of a group that captures; None for any other."""
    repeatable: bool = True
    """ECMAScript does not repeat a lookbehind."""
    inner: list[int] = field(default_factory=list[int])
    """The numbers of the capturing groups within the group."""


@dataclass(slots=True)
class Translation:
    """The translation of one expression, from left to right."""

    source: str
    unicode: bool
    """The expression has the flag `u`."""
    _at: int = 0
    _out: list[str] = field(default_factory=list[str])
    _open: list[_Group] = field(default_factory=list[_Group])
    _captures: int = 0
    _names: dict[str, int] = field(default_factory=dict[str, int])
    _repeated: set[int] = field(default_factory=set[int])
    """The capturing groups that a repeated group contains."""
    _references: set[int] = field(default_factory=set[int])

    def translated(self) -> str:
        """Return the translation, or raise `PatternRefused`."""
        while self._at < len(self.source):
            self._term()
        if self._open:
            raise PatternRefused("has a group without its end")
        if self._references & self._repeated:
            # ECMAScript forgets the text of such a group with each repetition.
            raise PatternRefused("refers back to a group within a repeated group")
        return "".join(self._out)

    def _term(self) -> None:
        char = self.source[self._at]
        match char:
            case "(":
                self._open_group()
            case ")":
                self._close_group()
            case "|":
                self._emit("|")
            case "^":
                self._emit(r"\A")
            case "$":
                self._emit(r"\Z")
            case _:
                self._atom(char)

    def _atom(self, char: str) -> None:
        repeatable = True
        if char == "\\":
            repeatable = self._escape()
        elif char == "[":
            self._class()
        elif char == ".":
            self._emit(f"[{class_items(complement(LINE_ENDS))}]")
        elif _QUANTIFIER.match(self.source, self._at):
            raise PatternRefused("repeats nothing")
        elif char in "]{}" and self.unicode:
            raise PatternRefused(f"has a lone '{char}'")
        else:
            self._emit(escaped(ord(char)))
        self._quantifier(None, repeatable=repeatable)

    def _emit(self, text: str, length: int = 1) -> None:
        self._out.append(text)
        self._at += length

    def _open_group(self) -> None:
        start = next((each for each in _GROUPS if self.source.startswith(each, self._at)), None)
        if start is not None:
            repeatable = not start.startswith("(?<") and (start == "(?:" or not self.unicode)
            self._open.append(_Group(None, repeatable=repeatable))
            self._emit(start, len(start))
            return
        self._captures += 1
        number, length = self._captures, 1
        if self.source.startswith("(?", self._at):
            found = _GROUP_NAME.match(self.source, self._at + 2)
            if found is None or found[1] in self._names:
                raise PatternRefused("has a group of an unsupported kind")
            self._names[found[1]] = number
            length = found.end() - self._at
        self._open.append(_Group(number))
        self._emit("(", length)

    def _close_group(self) -> None:
        if not self._open:
            raise PatternRefused("ends a group that it does not begin")
        group = self._open.pop()
        if self._open:
            own = [] if group.number is None else [group.number]
            self._open[-1].inner += [*own, *group.inner]
        self._emit(")")
        self._quantifier(group, repeatable=group.repeatable)

    def _quantifier(self, group: _Group | None, *, repeatable: bool) -> None:
        found = _QUANTIFIER.match(self.source, self._at)
        if found is None:
            return
        if not repeatable:
            raise PatternRefused("repeats an assertion")
        if found[1] and found[3] and int(found[3]) < int(found[1]):
            raise PatternRefused("has the bounds of a repetition in the wrong order")
        if group is not None:
            self._repeated.update(group.inner)
        self._emit(found[0], len(found[0]))
        if self.source.startswith("?", self._at):
            self._emit("?")
        if _QUANTIFIER.match(self.source, self._at):
            raise PatternRefused("repeats a repetition")

    def _escape(self) -> bool:
        """Translate an escape outside a class; return whether it may be repeated."""
        char = self.source[self._at + 1 : self._at + 2]
        if char in ("b", "B"):
            self._emit(_BOUNDARY[char == "B"], 2)
            return False
        if char in ("p", "P") and self.unicode:
            self._emit(self._property(), 0)
        elif char and char in "dDwWsS":
            self._emit(f"[{class_items(class_of(char))}]", 2)
        elif char and char in "123456789":
            self._back_reference(re.match("[0-9]{1,4}", self.source[self._at + 1 :]))
        elif char == "k" and (self.unicode or "(?<" in self.source):
            self._named_reference()
        else:
            self._emit(escaped(self._character_escape()), 0)
        return True

    def _property(self) -> str:
        found = _PROPERTY.match(self.source, self._at + 2)
        if found is None:
            raise PatternRefused(r"has an invalid \p")
        text = self.source[self._at : found.end()]
        self._at = found.end()
        return text

    def _back_reference(self, found: re.Match[str] | None) -> None:
        assert found is not None  # noqa: S101 - the caller has seen a digit
        number = int(found[0])
        if number > self._captures or any(each.number == number for each in self._open):
            # Such a reference matches nothing, or is an octal number.
            raise PatternRefused(f"refers to group {number} before its end")
        self._reference(number, 1 + len(found[0]))

    def _named_reference(self) -> None:
        found = _GROUP_NAME.match(self.source, self._at + 2)
        number = None if found is None else self._names.get(found[1])
        if found is None or number is None or any(each.number == number for each in self._open):
            raise PatternRefused("refers to a named group before its end")
        self._reference(number, found.end() - self._at)

    def _reference(self, number: int, length: int) -> None:
        self._references.add(number)
        # A group that has matched nothing counts as empty.
        self._emit(f"(?({number})(?:\\{number})|)", length)

    def _character_escape(self) -> int:
        """Return the code point of an escape, and advance."""
        char = self.source[self._at + 1 : self._at + 2]
        self._at += 2
        if not char:
            raise PatternRefused("ends with a backslash")
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char == "u" and self.unicode and (found := _CODE_POINT.match(self.source, self._at)):
            return self._hexadecimal(found)
        if char in _HEX and (found := _HEX[char].match(self.source, self._at)):
            return self._with_low_surrogate(self._hexadecimal(found, whole=True))
        if char == "0" and not self.source[self._at : self._at + 1].isdigit():
            return 0
        if char == "c" and re.match("[A-Za-z]", self.source[self._at : self._at + 1]):
            self._at += 1
            return ord(self.source[self._at - 1]) % 32
        if char.isdigit() or char == "c" or (self.unicode and char not in _SYNTAX):
            raise PatternRefused(f"has an invalid escape \\{char}")
        return ord(char)

    def _hexadecimal(self, found: re.Match[str], *, whole: bool = False) -> int:
        self._at = found.end()
        code = int(found[0] if whole else found[1], 16)
        if code > _LAST_CODE_POINT:
            raise PatternRefused("has an escape beyond the last code point")
        return code

    def _with_low_surrogate(self, code: int) -> int:
        """Return the code point of a pair of escapes, which is one character with `u`."""
        found = _LOW_SURROGATE.match(self.source, self._at)
        if not self.unicode or found is None or not 0xD800 <= code <= 0xDBFF:
            return code
        self._at = found.end()
        return 0x10000 + ((code - 0xD800) << 10) + (int(found[1], 16) - 0xDC00)

    def _class(self) -> None:
        self._at += 1
        negated = self.source.startswith("^", self._at)
        self._at += negated
        items: list[str] = []
        while not self.source.startswith("]", self._at):
            if _SET_OPERATION.match(self.source, self._at):
                raise PatternRefused("has a set operation (&& or --) in a class")
            items.append(self._class_item())
        self._at += 1
        if items:
            self._out.append(f"[{'^' if negated else ''}{''.join(items)}]")
        else:
            self._out.append(f"[{class_items(ALL)}]" if negated else "(?!)")

    def _class_item(self) -> str:
        first, text = self._class_atom()
        after = self.source[self._at + 1 : self._at + 2]
        if not self.source.startswith("-", self._at) or after in ("", "]"):
            return text
        self._at += 1
        last, last_text = self._class_atom()
        if first is None or last is None:
            if self.unicode:
                raise PatternRefused("has a class as an end of a range")
            return text + escaped(ord("-")) + last_text
        if first > last:
            raise PatternRefused("has a range in the wrong order")
        return f"{text}-{last_text}"

    def _class_atom(self) -> tuple[int | None, str]:
        """Return the code point of the next character, or None and a whole class."""
        char = self.source[self._at : self._at + 1]
        if not char:
            raise PatternRefused("has a class without its end")
        if char != "\\":
            self._at += 1
            return ord(char), escaped(ord(char))
        letter = self.source[self._at + 1 : self._at + 2]
        if letter in ("p", "P") and self.unicode:
            return None, self._property()
        if letter and letter in "dDwWsS":
            self._at += 2
            return None, class_items(class_of(letter))
        if letter == "b" or (letter == "-" and self.unicode):
            self._at += 2
            code = 0x08 if letter == "b" else ord("-")
        else:
            code = self._character_escape()
        return code, escaped(code)
