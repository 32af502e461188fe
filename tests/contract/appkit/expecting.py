"""What Polysync must answer, given what the original answers."""

from __future__ import annotations

from typing import Any

from tests.contract.appkit.table import Ask, Has, Observed, Row

PROBLEM = "application/problem+json"
_ERROR = 400


def expected(row: Row, place: int, theirs: Observed) -> Observed:
    """Return what Polysync must answer to one request of a row.

    That is the same, with errors told as everywhere in its API, and with the differences of the
    row. A part that is None there is absent.
    """
    wanted = {part: ours for part, (_, ours) in row.parts(place).items()}
    status = wanted.get("status", theirs["status"])
    problem = _problem(row.asks[place], status, theirs) if status >= _ERROR else {}
    ours = {**theirs, **problem, **wanted}
    return {part: value for part, value in ours.items() if value is not None}


def _problem(ask: Ask, status: int, theirs: Observed) -> Observed:
    """Return the parts of an error that are told in another form."""
    if ask.method == "HEAD":
        return {"type": PROBLEM}
    told: dict[str, Any] = {"status": status}
    if isinstance(theirs["body"], dict):
        told |= theirs["body"]
    return {"type": PROBLEM, "body": Has(told)}
