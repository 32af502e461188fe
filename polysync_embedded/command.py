"""Implements the commands `polysync dev` and `polysync demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

from polysync_embedded.mcp.endpoint import PATH as MCP_PATH
from polysync_embedded.options import HOST, LogFormat, Options, StartRefused
from polysync_embedded.running import leave, run
from polysync_embedded.simulators import TITLES, ports_beside


def dev(*, host: str, port: int, data: Path, log_format: str, simulators: bool) -> NoReturn:
    """Run the host and end the process with its exit code."""
    options = Options(
        host=host,
        port=port,
        data=data,
        log_format=LogFormat(log_format),
        simulators=simulators,
    )
    try:
        code = run(options, lambda address: _announce(options, address))
    except StartRefused as refusal:
        print(f"Error: {refusal}", file=sys.stderr)
        code = 1
    leave(code)


def demo(*, port: int | None, data: Path | None) -> int:
    """Run the example and return the exit code."""
    from polysync_embedded.simulators import require_simulators

    try:
        require_simulators()
    except StartRefused as refusal:
        print(f"Error: {refusal}", file=sys.stderr)
        return 1
    from polysync_embedded.demo.walkthrough import run_demo

    return run_demo(port, data)


def _announce(options: Options, address: str) -> None:
    # The app is loaded by now; before, this import would delay the messages about wrong options.
    from polysync_core.api.app import PREFIX
    from polysync_core.console.paths import BASE

    lines = [
        f"ready {address}{BASE}/",
        _line("API", f"{address}{PREFIX}"),
        _line("MCP endpoint", f"{address}{MCP_PATH}"),
        _line("Data", str(options.database)),
    ]
    if options.simulators:
        lines += [
            _line(TITLES[name], f"http://{HOST}:{port} (simulator)")
            for name, port in ports_beside(options.port).items()
        ]
    print(*lines, "Stop with Ctrl-C.", sep="\n", flush=True)


def _line(name: str, value: str) -> str:
    return f"{name:<18} {value}"
