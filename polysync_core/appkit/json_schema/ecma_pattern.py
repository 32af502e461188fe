"""Matches regular expressions of a JSON Schema by the rules of JavaScript (ECMAScript).

A JSON Schema holds the source of an expression without its flags. An expression with `\\p{…}` or
`\\u{…}` needs the flag `u`, so it is matched by code points. Any other expression is matched by
UTF-16 code units, as JavaScript does without the flag.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, cast

from polysync_core.appkit.json_schema.code_points import code_units
from polysync_core.appkit.json_schema.ecma_translation import (
    PatternRefused,
    Translation,
)

_UNICODE_ONLY = re.compile(r"\\[pPu]\{")
_MAX_LENGTH = 10_000


class _Compiled(Protocol):
    def search(self, text: str, *, timeout: float, concurrent: bool) -> object | None: ...


class TooSlow(Exception):
    """A text took too long to match."""


@dataclass(frozen=True, slots=True)
class EcmaPattern:
    """A compiled expression."""

    compiled: _Compiled
    by_code_unit: bool

    def is_in(self, text: str, seconds: float) -> bool:
        """Return whether the expression matches somewhere in the text, or raise `TooSlow`."""
        if seconds <= 0:
            raise TooSlow
        subject = code_units(text) if self.by_code_unit else text
        try:
            return self.compiled.search(subject, timeout=seconds, concurrent=True) is not None
        except TimeoutError:
            # The message of the library would quote nothing useful.
            raise TooSlow from None


@lru_cache(maxsize=1000)
def ecma_pattern(source: str) -> EcmaPattern:
    """Return the compiled expression, or raise `PatternRefused` with the reason."""
    if len(source) > _MAX_LENGTH:
        raise PatternRefused(f"is longer than {_MAX_LENGTH} characters")
    if _UNICODE_ONLY.search(source) is not None:
        return _compiled(source, unicode=True)
    units = code_units(source)
    try:
        return _compiled(units, unicode=False)
    except PatternRefused:
        if len(units) == len(source):
            raise
    # A character range of two surrogate pairs is valid with the flag `u` only.
    return _compiled(source, unicode=True)


def _compiled(source: str, *, unicode: bool) -> EcmaPattern:
    # The import costs start-up time, so only jobs with a pattern need it.
    import regex

    translated = Translation(source, unicode=unicode).translated()
    library = cast("Any", regex)
    try:
        compiled = library.compile(translated, library.V0)
    except library.error as error:
        raise PatternRefused(f"is not a supported regular expression: {error.msg}") from error
    except (OverflowError, RecursionError) as error:
        raise PatternRefused("is too large") from error
    return EcmaPattern(compiled, by_code_unit=not unicode)
