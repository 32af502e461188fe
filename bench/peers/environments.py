"""Installs a compared orchestrator, Airflow or Prefect, into its own virtual environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.host import ROOT

_FOLDER = ROOT / ".local" / "peers"


def environment_of(peer: str) -> Path:
    """Return the Python of a peer's environment; install the peer first if it is missing."""
    folder = _FOLDER / peer
    python, installed = folder / "bin" / "python", folder / ".installed"
    requirements = Path(__file__).with_name(f"requirements-{peer}.txt")
    wanted = requirements.read_text()
    if not installed.exists() or installed.read_text() != wanted:
        print(f"Installing {peer} into {folder}.", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--requirement"]
        subprocess.run([*install, str(requirements)], check=True)
        installed.write_text(wanted)
    return python
