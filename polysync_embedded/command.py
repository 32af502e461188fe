"""Runs the host for the command line: prints the addresses, reports why it cannot start."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

from polysync_embedded.mcp.endpoint import PATH as MCP_PATH
from polysync_embedded.options import LogFormat, Options, StartRefused
from polysync_embedded.running import leave, run


def dev(*, port: int, data: Path, log_format: str) -> NoReturn:
    """Run the host and end the process with its exit code."""
    options = Options(port=port, data=data, log_format=LogFormat(log_format))
    try:
        code = run(options, lambda address: _announce(options, address))
    except StartRefused as refusal:
        print(f"Error: {refusal}", file=sys.stderr)
        code = 1
    leave(code)


def _announce(options: Options, address: str) -> None:
    lines = (
        f"ready {address}/api",
        f"documentation {address}/api/docs",
        f"MCP endpoint  {address}{MCP_PATH}",
        f"data          {options.database}",
        "Stop with Ctrl-C.",
    )
    print(*lines, sep="\n", flush=True)
