"""Generates the table of job type capabilities in docs/reference/platforms.md.

`python -m scripts.platform_matrix` updates the page.

The capabilities come from the plugins, the official clients that verify them from
tests/contract/connectors/verifications. A test compares the page with both.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from polysync_core.domain.definitions.platforms import PlatformType
from polysync_core.platforms.plugin import JobTypePlugin
from polysync_core.platforms.registry import platform_plugin
from scripts.platform_pages import page_of
from tests.contract.connectors.verifications import VERIFICATIONS
from tests.contract.connectors.verified_job_types import Ability, Verification

PAGE = Path(__file__).parents[1] / "docs/reference/platforms.md"
BEGIN = "<!-- From here on written by `python -m scripts.platform_matrix`. -->\n"
END = "<!-- Up to here. -->\n"
_LEGEND = """\
**verified**: the job type passes the common suite (`tests/contract/connectors`) on a simulator, and
the vendor's official client accepts the simulator's answers. **tested**: the job type passes the
suite. The address of a run's page is only built, never requested.
"""
_UNTRIED = "**No live service was used.** The main questions that only a live service can answer:\n"


def main() -> int:
    """Update the page and return the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_matrix(page), encoding="utf-8")
    return 0


def with_matrix(page: str) -> str:
    """Return the page with the current matrix."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{matrix()}{END}{after}"


def matrix() -> str:
    """Return the matrix: abilities, official clients and open questions."""
    abilities = [
        (_linked(name), *_cells(name, verification)) for name, verification in VERIFICATIONS.items()
    ]
    clients = [
        (names, _client(verification), _calls(verification))
        for names, verification in _grouped(
            [
                (verification.official_client, verification.notes)
                for verification in VERIFICATIONS.values()
            ]
        )
    ]
    open_questions = [
        (names, "; ".join(verification.open_questions))
        for names, verification in _grouped(
            [verification.open_questions for verification in VERIFICATIONS.values()]
        )
    ]
    return "\n".join(
        (
            "",
            _table(("Job type", *(each.value for each in Ability)), abilities),
            _LEGEND,
            _table(("Job type", "Official client", "Calls"), clients),
            _UNTRIED,
            _table(("Job type", "Open questions"), open_questions),
            "",
        )
    )


def _cells(name: str, verification: Verification) -> Iterator[str]:
    claimed = _kinds()[name.partition(" ")[0]].capabilities
    for ability in Ability:
        if ability.capability is not None and ability.capability not in claimed:
            yield "no"
        else:
            yield "verified" if ability in verification.calls else "tested"


def _kinds() -> dict[str, JobTypePlugin]:
    return {
        name: kind for each in PlatformType for name, kind in platform_plugin(each).jobs.items()
    }


def _grouped(keys: Sequence[object]) -> list[tuple[str, Verification]]:
    """Group the verifications by equal keys, with the names of each group."""
    groups: dict[int, list[str]] = {}
    for name, key in zip(VERIFICATIONS, keys, strict=True):
        groups.setdefault(keys.index(key), []).append(name)
    verifications = list(VERIFICATIONS.values())
    return [(" ".join(map(_shown, names)), verifications[index]) for index, names in groups.items()]


def _client(verification: Verification) -> str:
    client = verification.official_client
    name = (
        "No official client."
        if client is None
        else f"`{client.package}` {version(client.package)}."
    )
    return " ".join([name, *verification.notes])


def _calls(verification: Verification) -> str:
    calls = verification.calls
    return " · ".join(f"{each}: `{calls[each]}`" for each in Ability if each in calls)


def _shown(name: str) -> str:
    job_type, _, variant = name.partition(" ")
    return f"`{job_type}` {variant}".rstrip()


def _linked(name: str) -> str:
    """Return the name of a case with a link to the page of its platform."""
    job_type, _, variant = name.partition(" ")
    platform_type = next(each for each in PlatformType if job_type in platform_plugin(each).jobs)
    page = page_of(platform_type).name
    return f"[`{job_type}`](platforms/{page}) {variant}".rstrip()


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    sys.exit(main())
