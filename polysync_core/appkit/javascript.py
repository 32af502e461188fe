"""Parses whole numbers and formats values as JavaScript does.

AppKit is written in JavaScript, and its clients expect these texts.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

from polysync_core.domain.json_types import JsonValue

_LEADING_NUMBER = re.compile(
    "[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*([+-]?[0-9]+)"
)
"""A number after the white space of JavaScript, which is not that of Python."""
_MAX_DIGITS = 400
"""Further digits change nothing: such a number exceeds every limit."""
_MAX_PLAIN_EXPONENT = 21
_MIN_PLAIN_EXPONENT = -6


def leading_number(text: str) -> int | None:
    """Return the whole number at the start of a text, as `parseInt` does."""
    found = _LEADING_NUMBER.match(text)
    return None if found is None else int(found[1][:_MAX_DIGITS])


def as_text(value: JsonValue) -> str:
    """Return a value as `String` writes it, but whole numbers with all digits."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return _float_text(value)
        case list():
            return ",".join("" if each is None else as_text(each) for each in value)
        case dict():
            return "[object Object]"
        case _:
            return str(value)


def _float_text(value: float) -> str:
    """https://tc39.es/ecma262/#sec-numeric-types-number-tostring"""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if value == 0:
        return "0"
    decimal = Decimal(repr(abs(value))).normalize().as_tuple()
    digits = "".join(map(str, decimal.digits))
    return ("-" if value < 0 else "") + _with_point(digits, len(digits) + int(decimal.exponent))


def _with_point(digits: str, point: int) -> str:
    """Return digits with the decimal point after the first `point` of them."""
    if len(digits) <= point <= _MAX_PLAIN_EXPONENT:
        return digits.ljust(point, "0")
    if 0 < point <= _MAX_PLAIN_EXPONENT:
        return f"{digits[:point]}.{digits[point:]}"
    if _MIN_PLAIN_EXPONENT < point <= 0:
        return f"0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{point - 1:+d}"
