"""One RSA key for the whole suite: making a key takes longer than most tests."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """Return the key; each process of the suite makes it once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
