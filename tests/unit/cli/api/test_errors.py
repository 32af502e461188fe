"""The errors that end a command."""

from __future__ import annotations

from polysync.errors import ApiProblem, ProblemField
from polysync_core.domain.json_types import JsonObject


def test_errors_that_the_answer_leaves_out_are_counted() -> None:
    document: JsonObject = {"omittedErrors": 12}
    errors = [ProblemField("name", "is missing")]

    problem = ApiProblem("It is invalid.", status=422, errors=errors, document=document)

    assert problem.details == ("name: is missing", "and 12 more")
    assert problem.with_paths(lambda paths: {each: each.upper() for each in paths}).details == (
        "NAME: is missing",
        "and 12 more",
    )
