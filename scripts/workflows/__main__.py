"""Checks the GitHub Actions workflow files, and prints each problem.

python -m scripts.workflows
"""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.workflows.checks import findings, read_workflow

FOLDER = Path(__file__).parents[2] / ".github" / "workflows"


def main() -> int:
    """Print each problem with its file; return 1 if there is one."""
    found = [
        f"{file.name}: {problem}"
        for file in sorted(FOLDER.glob("*.yml"))
        for problem in findings(read_workflow(file))
    ]
    print(*found, sep="\n", end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
