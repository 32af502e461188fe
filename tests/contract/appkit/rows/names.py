"""Job names and their ids."""

from __future__ import annotations

from tests.contract.appkit.differences import impossible_id
from tests.contract.appkit.table import JSON, Request, Row, Setup, cancel, read, row, run, stream


def _variable(variable: str, name: str, *, after: str | None = None) -> Row:
    setup = Setup(variable=variable)
    return row(f"a job whose variable is {name}", run(), read("/status", after=after), setup=setup)


ROWS = (
    row("an unknown name", Request(method="POST", path="/nothing/run", body=b"{}", headers=JSON)),
    row(
        "an unknown name in a stream",
        Request(method="POST", path="/nothing/run?stream=true", body=b"{}", headers=JSON),
    ),
    row("the runs of an unknown name", Request(path="/nothing/runs")),
    row("the status of an unknown name", Request(path="/nothing/status")),
    row("a run of an unknown name", Request(path="/nothing/runs/5")),
    row("cancelling for an unknown name", Request(method="DELETE", path="/nothing/runs/5")),
    row(
        "an unknown name is shown with its safe characters only",
        Request(path="/no%20%3Cb%3Esuch%22-%C3%A9_Key/status"),
    ),
    row(
        "a property of JavaScript objects is an unknown name",
        Request(path="/constructor/status"),
        Request(path="/__proto__/status"),
    ),
    row("names are case-sensitive", Request(path="/OTHER/status")),
    row("an unknown name wins over an invalid run id", Request(path="/nothing/runs/abc")),
    row("the name default uses DATABRICKS_JOB_ID", run(), setup=Setup(name="default")),
    row("a configured name keeps its case", run(), setup=Setup(name="Sales_2")),
    row("a name of the environment is in lower case", Request(path="/sales_2/status")),
    _variable("etl", "a word"),
    _variable("0", "zero"),
    _variable("{id}abc", "digits and letters", after="TERMINATED"),
    _variable(" {id} ", "digits between blanks", after="TERMINATED"),
    _variable("{id}.9", "a fraction", after="TERMINATED"),
    row(
        "a job whose variable is negative",
        run(),
        setup=Setup(variable="-{id}", name="negative"),
        differs=impossible_id('Job "negative" has no configured job ID'),
    ),
    row(
        "a job without an id",
        run(),
        stream(),
        read("/runs"),
        read("/runs/5"),
        cancel("5"),
        setup=Setup(variable="none"),
    ),
    row("a missing id wins over invalid parameters", run([1]), setup=Setup(variable="none")),
)
