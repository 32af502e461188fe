"""Record what the orchestrations of a release leave in the engine's history.

    python -m scripts.record_histories 0.2.0

Done once for a release, before it is deployed; what is there is never changed, only added to. From
then on tests/replay holds every later change against it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.replay.recording import record
from tests.replay.replaying import HISTORIES
from tests.replay.scenarios import SCENARIOS


def main(arguments: Sequence[str]) -> int:
    """Record every scenario, and return the exit code."""
    parser = argparse.ArgumentParser(description="Record the histories of a release.")
    parser.add_argument("version", help="the release, 0.2.0 for example")
    version = parser.parse_args(arguments).version
    if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+(?:[a-z]+[0-9]+)?", version) is None:
        parser.error(f"version: {version!r} is none; write three numbers, as in pyproject.toml")
    folder = HISTORIES / version
    if folder.exists():
        parser.error(
            f"version: {version} was recorded already, and a release is recorded once. Delete "
            f"{folder} if it was never deployed."
        )
    write(folder)
    print(f"{len(SCENARIOS)} histories in {folder}")
    return 0


def write(folder: Path) -> None:
    """Record every scenario into a folder."""
    recordings = {scenario.file: record(scenario) for scenario in SCENARIOS}
    folder.mkdir(parents=True)
    for name, recording in recordings.items():
        (folder / name).write_text(json.dumps(recording, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
