"""Records orchestration histories of a release, as test data for replay compatibility tests.

    python -m scripts.record_histories 0.2.0

Run it once for a release, before the deployment. Recordings are never changed, only added.
tests/replay checks every later change with them.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.replay import dispatcher_states as entity_states
from tests.replay import history_recorder as recording
from tests.replay.dispatcher_scenarios import DISPATCHER_SCENARIOS
from tests.replay.dispatcher_states import STATES
from tests.replay.history_replay import HISTORIES
from tests.replay.scenarios import SCENARIOS


def main(arguments: Sequence[str]) -> int:
    """Record every scenario, and return the exit code."""
    parser = argparse.ArgumentParser(description="Record the histories and states of a release.")
    parser.add_argument("version", help="the version of the release, for example 0.2.0")
    version = parser.parse_args(arguments).version
    if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+(?:[a-z]+[0-9]+)?", version) is None:
        parser.error(f"version: {version!r} is invalid; write three numbers, as in pyproject.toml")
    histories, states = HISTORIES / version, STATES / version
    for folder in (histories, states):
        if folder.exists():
            parser.error(
                f"version: {version} is recorded already, and a release is recorded once. Delete "
                f"{folder} if it was never deployed."
            )
    _write(histories, {each.file: recording.record(each) for each in SCENARIOS})
    _write(states, {each.file: entity_states.record(each) for each in DISPATCHER_SCENARIOS})
    return 0


def _write(folder: Path, recordings: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True)
    for name, content in recordings.items():
        (folder / name).write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(f"{len(recordings)} recordings in {folder}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
