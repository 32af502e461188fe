"""Reads of runs, lists and the status."""

from __future__ import annotations

from tests.contract.appkit.differences import (
    exact,
    fresh,
    get_run,
    list_runs,
    paged,
    unknown_parameter,
)
from tests.contract.appkit.table import Has, Row, Setup, read, row, run

_LIMITS = {
    "": "nothing",
    "5": "a number",
    "0": "zero",
    "-5": "negative",
    "2.7": "a fraction",
    "7xyz": "digits and letters",
    "xyz": "letters",
    "1e2": "an exponent",
    "0x10": "hexadecimal",
    "%209": "digits after a blank",
    "%2B11": "digits with a sign",
    "25": "the maximum of Databricks",
}
_LONG = {
    "26": (26, "more than the maximum of Databricks"),
    "101": (100, "more than a hundred"),
    "99999999999999999999999": (100, "huge"),
}
_RUN_IDS = {
    "{run}abc": "its digits and letters",
    "{run}.9": "its digits and a fraction",
    "%20{run}": "its digits after a blank",
    "+{run}": "its digits with a sign",
    "0{run}": "its digits after a zero",
    "1e3": "an exponent",
    "0": "zero",
    "-1": "negative",
    "0.9": "a fraction below one",
    "0x10": "hexadecimal",
    "abc": "a word",
    "NaN": "not a number",
    "Infinity": "infinite",
    "5": "an unknown run",
    "%ED%95%9C": "a word of another script",
}


def _limit(text: str, name: str) -> Row:
    return row(f"a limit that is {name}", read(f"/runs?limit={text}"))


def _run_id(text: str, name: str) -> Row:
    name = f"a run id that is {name}"
    if "{run}" in text:
        return row(name, run(), read(f"/runs/{text}", after="TERMINATED"))
    return row(name, read(f"/runs/{text}"))


ROWS = (
    row("a finished run", run({"a": 1}), read(after="TERMINATED")),
    row("an active run", run(), read(after="RUNNING"), setup=Setup(notebook="long")),
    row("a failed run", run(), read(after="INTERNAL_ERROR"), setup=Setup(notebook="missing")),
    row("the id of a run's task", run(), read("/runs/{task_run}", after="TERMINATED")),
    row("a run of another job is not found", read("/runs/{other_run}")),
    row("equal requests read a run once", run(), read(after="TERMINATED"), read()),
    *(_run_id(text, name) for text, name in _RUN_IDS.items()),
    row(
        "a run id that exceeds the precision of a double",
        read("/runs/9007199254740993"),
        differs=exact({"sent": ([get_run("9007199254740992")], [get_run("9007199254740993")])}),
    ),
    row(
        "a run id that is far too large",
        read("/runs/100000000000000000000000"),
        differs=exact(
            {
                "body": (
                    {"error": "Bad Request", "plugin": "jobs"},
                    Has({"error": "Invalid runId", "plugin": "jobs"}),
                ),
                "sent": ([get_run("1e+23")], []),
            }
        ),
    ),
    row("the output of a run has no route", run(), read("/runs/{run}/output", after="TERMINATED")),
    row("a job without runs", read("/runs")),
    row("the runs of a job, newest first", run(), run(), read("/runs?limit=5", after="TERMINATED")),
    row("the runs of other jobs are not listed", read("/runs/{other_run}"), read("/runs")),
    row(
        "equal requests read a list once",
        run(),
        read("/runs", after="TERMINATED"),
        read("/runs?limit=20"),
        read("/runs?limit=3"),
    ),
    row(
        "a list without runs, twice",
        read("/runs"),
        read("/runs"),
        differs=fresh(1, {"sent": ([], [list_runs(20)])}),
    ),
    *(_limit(text, name) for text, name in _LIMITS.items()),
    *(
        row(f"a limit that is {name}", read(f"/runs?limit={text}"), differs=paged(limit))
        for text, (limit, name) in _LONG.items()
    ),
    row("a repeated limit", read("/runs?limit=3&limit=4")),
    row("a limit in brackets", read("/runs?limit[]=8")),
    row(
        "the name of the limit is case-sensitive",
        read("/runs?Limit=3"),
        differs=unknown_parameter((200, {"runs": []}, [list_runs(20)])),
    ),
    row(
        "further pages are read until the limit",
        run(),
        run(),
        run(),
        read(
            "/runs?limit=3",
            faults=(
                {
                    "endpoint": "jobs/runs/list",
                    "fault": "wrong-type",
                    "replace": {"has_more": True, "runs": [{"run_id": 5}], "next_page_token": ""},
                },
            ),
        ),
    ),
    row("the status without runs", read("/status")),
    row("the status of the newest run", run(), run(), read("/status", after="TERMINATED")),
    row(
        "equal requests read the status once",
        run(),
        read("/status", after="TERMINATED"),
        read("/status"),
    ),
    row(
        "the status after the first run, if it was read before",
        read("/status"),
        run(),
        read("/status", after="TERMINATED"),
        differs=fresh(
            2,
            {
                "body": (
                    {"status": None, "run": None},
                    Has({"status": "TERMINATED", "run": {"run_id": "#<id 2>"}}),
                ),
                "sent": ([], [list_runs(1)]),
            },
        ),
    ),
    row(
        "a newest run without a state",
        read(
            "/status",
            faults=(
                {
                    "endpoint": "jobs/runs/list",
                    "fault": "wrong-type",
                    "replace": {"runs": [{"run_id": 5, "run_name": "x"}]},
                },
            ),
        ),
    ),
    row(
        "an unknown state is passed on",
        read(
            "/status",
            faults=(
                {
                    "endpoint": "jobs/runs/list",
                    "fault": "wrong-type",
                    "replace": {"runs": [{"run_id": 5, "state": {"life_cycle_state": "DREAMING"}}]},
                },
            ),
        ),
    ),
    row(
        "unknown fields are passed on",
        run(),
        read(
            after="TERMINATED",
            faults=(
                {
                    "endpoint": "jobs/runs/get",
                    "fault": "wrong-type",
                    "replace": {"state": {}, "tasks": [], "novelty": {"deep": [1, None, "x"]}},
                },
            ),
        ),
    ),
)
