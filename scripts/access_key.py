"""Creates an access key for a machine that cannot sign in with Entra ID.

    python -m scripts.access_key nightly-ci Polysync.Operator

It prints the key and the entry for the parameter `accessKeys`. The entry contains only a hash and
may be stored with the other parameters. Store the key in the secret store of the machine; it is
printed only once. docs/reference/access.md describes the use and the rotation of keys.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from polysync_core.domain.security.access_keys import is_name, new_access_key
from polysync_core.domain.security.roles import Role


def main(arguments: Sequence[str]) -> int:
    """Print a new key and its entry, and return the exit code."""
    parser = argparse.ArgumentParser(prog="access_key", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("name", help="the name of the machine: 1 to 63 of a-z, 0-9 and -")
    parser.add_argument("role", choices=list(Role), help="the role of the key; grant the least")
    options = parser.parse_args(arguments)
    if not is_name(options.name):
        parser.error(f"name: {options.name!r} must have 1 to 63 of a-z, 0-9 and -")
    key, kept = new_access_key(options.name, Role(options.role))
    print(f"key (POLYSYNC_KEY):   {key}")
    print(f"entry (accessKeys):   {kept}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
