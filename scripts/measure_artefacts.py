"""Measures how completely Polysync's parsers find parameters in notebooks, pipelines and workflows.

python -m scripts.measure_artefacts FOLDER [--quiet]

The folder may hold notebooks, asset bundles and settings of Databricks jobs, pipelines of Data
Factory and Synapse, Logic Apps and jobs of Azure Machine Learning. The output has the parameters,
defaults and notes of each artefact, and the silent misses: names that a text search finds and that
are neither parameters nor noted. The exit code is 1 if there is a silent miss.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.artefacts.files import artefacts_in
from scripts.artefacts.oracle import silent_misses
from scripts.artefacts.readings import Reading, read


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measurement of a folder and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.measure_artefacts")
    parser.add_argument("folder", type=Path, help="a folder with artefacts")
    parser.add_argument("--quiet", action="store_true", help="print misses and figures only")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"the folder {options.folder} does not exist")
    totals: dict[str, Counter[str]] = {}
    for artefact in artefacts_in(options.folder):
        reading = read(artefact)
        if reading is None:
            continue
        missed = silent_misses(reading)
        counts = totals.setdefault(artefact.kind.value, Counter())
        counts.update(_figures(reading, missed))
        title = f"{artefact.path.relative_to(options.folder)} {artefact.name}".rstrip()
        for line in _lines(reading, missed, quiet=options.quiet):
            print(f"{title}: {line}")
    for kind, counts in totals.items():
        print(f"{kind}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    return int(any(counts["silent misses"] for counts in totals.values()))


def _figures(reading: Reading, missed: list[str]) -> Counter[str]:
    schema = reading.schema
    return Counter(
        {
            "artefacts": 1,
            "parameters": len(schema.parameters),
            "defaults": sum(each.default is not None for each in schema.parameters),
            "complete": int(schema.is_complete),
            "noted": int(bool(schema.notes)),
            "silent misses": len(missed),
        }
    )


def _lines(reading: Reading, missed: list[str], *, quiet: bool) -> Iterator[str]:
    if not quiet:
        for each in reading.schema.parameters:
            default = json.dumps(each.default, ensure_ascii=False)
            yield f"{each.name} ({each.data_type}) = {default}"
        yield from (f"note: {note}" for note in reading.schema.notes)
    yield from (f"SILENT MISS: {each}" for each in missed)


if __name__ == "__main__":
    sys.exit(main())
