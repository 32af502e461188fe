"""Access keys of people with each role."""

from __future__ import annotations

from polysync_core.domain.security.access_keys import new_access_key
from polysync_core.domain.security.roles import Role

_MADE = {role: new_access_key(f"{role.name.lower()}-key", role) for role in Role}

KEYS = {role: made[0] for role, made in _MADE.items()}
"""The key that a person types, for each role."""
STORED_KEYS = [str(made[1]) for made in _MADE.values()]
"""The entries of the setting, which hold no key."""
