"""Write into docs/reference/platforms.md what each job type can, and how it was tried.

    python -m scripts.platform_matrix

The abilities are those that the job types claim in the code, the judges those of
tests/contract/connectors/trials.py. A test holds the page against both.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from polysync_core.domain.definitions.platforms import PlatformType
from polysync_core.platforms.plugin import JobTypePlugin
from polysync_core.platforms.registry import platform_plugin
from tests.contract.connectors.trials import TRIALS, Ability, Trial

PAGE = Path(__file__).parents[1] / "docs/reference/platforms.md"
BEGIN = "<!-- From here on written by `python -m scripts.platform_matrix`. -->\n"
END = "<!-- Up to here. -->\n"
_LEGEND = """\
**judged**: it passes the suite of all job types (`tests/contract/connectors`) on a simulator, and
the vendor's own client takes the simulator's part in it for the service. **tried**: it passes the
suite. A run's page is only built, and asked for by nobody.
"""
_UNTRIED = "**Nothing was tried against a live service.** What only that can tell, first of all:\n"


def main() -> int:
    """Bring the page up to date, and return the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_matrix(page), encoding="utf-8")
    return 0


def with_matrix(page: str) -> str:
    """Return the page with what is written into it as it must be now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{matrix()}{END}{after}"


def matrix() -> str:
    """Return the matrix: abilities, judges, and what is open."""
    abilities = [(_shown(name), *_cells(name, trial)) for name, trial in TRIALS.items()]
    judges = [
        (names, _judge(trial), _calls(trial))
        for names, trial in _grouped([(trial.judge, trial.remarks) for trial in TRIALS.values()])
    ]
    unsettled = [
        (names, "; ".join(trial.open))
        for names, trial in _grouped([trial.open for trial in TRIALS.values()])
    ]
    return "\n".join(
        (
            "",
            _table(("Job type", *(each.value for each in Ability)), abilities),
            _LEGEND,
            _table(("Job type", "Judge", "By its calls"), judges),
            _UNTRIED,
            _table(("Job type", ""), unsettled),
            "",
        )
    )


def _cells(name: str, trial: Trial) -> Iterator[str]:
    claimed = _kinds()[name.partition(" ")[0]].capabilities
    for ability in Ability:
        if ability.capability is not None and ability.capability not in claimed:
            yield "no"
        else:
            yield "judged" if ability in trial.judge.calls else "tried"


def _kinds() -> dict[str, JobTypePlugin]:
    return {
        name: kind for each in PlatformType for name, kind in platform_plugin(each).jobs.items()
    }


def _grouped(keys: Sequence[object]) -> list[tuple[str, Trial]]:
    """Return the trials without those of an equal key, with the names of all that have it."""
    groups: dict[int, list[str]] = {}
    for name, key in zip(TRIALS, keys, strict=True):
        groups.setdefault(keys.index(key), []).append(name)
    trials = list(TRIALS.values())
    return [(" ".join(map(_shown, names)), trials[place]) for place, names in groups.items()]


def _judge(trial: Trial) -> str:
    package = trial.judge.package
    return " ".join([f"`{package}` {version(package)}.", *trial.remarks])


def _calls(trial: Trial) -> str:
    calls = trial.judge.calls
    return " · ".join(f"{each}: `{calls[each]}`" for each in Ability if each in calls)


def _shown(name: str) -> str:
    job_type, _, variant = name.partition(" ")
    return f"`{job_type}` {variant}".rstrip()


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    sys.exit(main())
