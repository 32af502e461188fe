"""Computes the Azure template function `uniqueString`, which derives resource names from hashes.

It is MurmurHash3 for 64 bits, in letters and digits. The snapshots of the templates prove it.
"""

from __future__ import annotations

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_MASK = 0xFFFFFFFF
_FIRST, _SECOND = 0x239B961B, 0xAB0E9789
_LENGTH = 13


def unique_string(*parts: str) -> str:
    """Return 13 letters and digits that depend on all parts."""
    rest = _hash("-".join(parts).encode())
    found = ""
    for _ in range(_LENGTH):
        found += _LETTERS[rest >> 59]
        rest = rest << 5 & 0xFFFFFFFFFFFFFFFF
    return found


def _hash(data: bytes) -> int:
    low = high = 0
    whole = len(data) // 8 * 8
    for start in range(0, whole, 8):
        low = _rotated(low ^ _low_part(data[start : start + 4]), 19)
        low = ((low + high) * 5 + 0x561CCD1B) & _MASK
        high = _rotated(high ^ _high_part(data[start + 4 : start + 8]), 13)
        high = ((high + low) * 5 + 0x0BCAA747) & _MASK
    # The parts of an empty rest are 0 and change nothing.
    low ^= _low_part(data[whole : whole + 4]) ^ len(data)
    high ^= _high_part(data[whole + 4 :]) ^ len(data)
    low, high = _added(low, high)
    low, high = _added(_mixed(low), _mixed(high))
    return high << 32 | low


def _added(low: int, high: int) -> tuple[int, int]:
    low = (low + high) & _MASK
    return low, (high + low) & _MASK


def _low_part(data: bytes) -> int:
    value = int.from_bytes(data, "little") * _FIRST & _MASK
    return _rotated(value, 15) * _SECOND & _MASK


def _high_part(data: bytes) -> int:
    value = int.from_bytes(data, "little") * _SECOND & _MASK
    return _rotated(value, 17) * _FIRST & _MASK


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (32 - bits)) & _MASK


def _mixed(value: int) -> int:
    value = (value ^ value >> 16) * 0x85EBCA6B & _MASK
    value = (value ^ value >> 13) * 0xC2B2AE35 & _MASK
    return value ^ value >> 16
