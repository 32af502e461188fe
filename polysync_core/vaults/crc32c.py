"""Computes the checksum CRC-32C, with which Google Secret Manager protects a secret.

Secrets are at most 64 KiB, so a table will do and no compiled package is needed.
"""

from __future__ import annotations

_POLYNOMIAL = 0x82F63B78


def crc32c(content: bytes) -> int:
    """Return the checksum of the content."""
    register = 0xFFFFFFFF
    for byte in content:
        register = _TABLE[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register ^ 0xFFFFFFFF


def _entry(index: int) -> int:
    for _ in range(8):
        index = (index >> 1) ^ (_POLYNOMIAL if index & 1 else 0)
    return index


_TABLE = tuple(_entry(index) for index in range(256))
