"""Runs a Python file of definitions, and prints the resulting document as JSON.

python -m polysync.evaluate FILE

The output of the file itself goes to standard error.
"""

from __future__ import annotations

import contextlib
import json
import runpy
import sys
from pathlib import Path

from polysync import definitions


def main(file: str) -> None:
    """Run the file and print the document."""
    sys.path.insert(0, str(Path(file).resolve().parent))
    with contextlib.redirect_stdout(sys.stderr):
        runpy.run_path(file, run_name="__main__")
    sys.stdout.write(json.dumps(definitions.document()))


if __name__ == "__main__":
    main(sys.argv[1])
