"""Make a key for a machine that cannot sign in to Entra.

    python -m scripts.access_key nightly-ci Polysync.Operator

It prints the key, once, and the entry for the parameter `accessKeys`. The entry holds a hash, and
may be kept with the other parameters; the key belongs to the machine, in its own store of secrets.
docs/reference/access.md says when to use one, and how one key follows another.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from polysync_core.domain.access_keys import is_name, new_access_key
from polysync_core.domain.roles import Role


def main(arguments: Sequence[str]) -> int:
    """Print a fresh key and its entry, and return the exit code."""
    parser = argparse.ArgumentParser(prog="access_key", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("name", help="who holds the key: 1 to 63 of a-z, 0-9 and -")
    parser.add_argument("role", choices=list(Role), help="what the key allows; grant no more")
    told = parser.parse_args(arguments)
    if not is_name(told.name):
        parser.error(f"name: {told.name!r} must have 1 to 63 of a-z, 0-9 and -")
    key, kept = new_access_key(told.name, Role(told.role))
    print(f"key (POLYSYNC_KEY):   {key}")
    print(f"entry (accessKeys):   {kept}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
