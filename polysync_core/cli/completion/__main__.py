"""Refreshes the cache of names for shell completion, as a background process.

python -m polysync_core.cli.completion KIND URL
python -m polysync_core.cli.completion KIND --context CONTEXT
"""

from __future__ import annotations

import sys

from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.completion.names import refresh
from polysync_core.cli.environments.connection import choose_connection


def main(kind: str, *chosen: str) -> None:
    """Read the names of a kind from an app, and store them."""
    match chosen:
        case ["--context", context]:
            connection = choose_connection(None, context)
        case _:
            connection = choose_connection(chosen[0], None)
    try:
        refresh(connection, kind, seconds=None)
    except CommandFailed as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main(*sys.argv[1:])
