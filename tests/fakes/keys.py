"""Provides one RSA key for all tests, because generating keys is slow."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """Return the key, which each test process generates once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
