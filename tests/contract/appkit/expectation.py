"""Computes Polysync's expected answer from the original's answer."""

from __future__ import annotations

from typing import Any

from tests.contract.appkit.table import Has, Observed, Request, Row

PROBLEM = "application/problem+json"
_ERROR = 400


def expected(row: Row, index: int, original: Observed) -> Observed:
    """Return Polysync's expected answer to one request of a row.

    It is the original's answer with problem documents as errors and with the differences of the
    row. A part that is None in a difference must be absent.
    """
    wanted = {part: ours for part, (_, ours) in row.parts(index).items()}
    status = wanted.get("status", original["status"])
    problem = _problem(row.requests[index], status, original) if status >= _ERROR else {}
    ours = {**original, **problem, **wanted}
    return {part: value for part, value in ours.items() if value is not None}


def _problem(request: Request, status: int, original: Observed) -> Observed:
    """Return the parts of an error that differ in their form."""
    if request.method == "HEAD":
        return {"type": PROBLEM}
    members: dict[str, Any] = {"status": status}
    if isinstance(original["body"], dict):
        members |= original["body"]
    return {"type": PROBLEM, "body": Has(members)}
