"""Which job a key is."""

from __future__ import annotations

from tests.contract.appkit.table import JSON, Ask, Row, Setup, cancel, read, row, run, stream


def _said(variable: str, name: str, *, after: str | None = None) -> Row:
    setup = Setup(variable=variable)
    return row(f"a key whose variable is {name}", run(), read("/status", after=after), setup=setup)


ROWS = (
    row("an unknown key", Ask(method="POST", path="/nothing/run", body=b"{}", headers=JSON)),
    row(
        "an unknown key in a stream",
        Ask(method="POST", path="/nothing/run?stream=true", body=b"{}", headers=JSON),
    ),
    row("the runs of an unknown key", Ask(path="/nothing/runs")),
    row("the status of an unknown key", Ask(path="/nothing/status")),
    row("a run of an unknown key", Ask(path="/nothing/runs/5")),
    row("cancelling for an unknown key", Ask(method="DELETE", path="/nothing/runs/5")),
    row(
        "an unknown key is told by its harmless characters",
        Ask(path="/no%20%3Cb%3Esuch%22-%C3%A9_Key/status"),
    ),
    row(
        "a word of JavaScript's own is an unknown key",
        Ask(path="/constructor/status"),
        Ask(path="/__proto__/status"),
    ),
    row("a key counts by case", Ask(path="/OTHER/status")),
    row("a key is judged before the run id", Ask(path="/nothing/runs/abc")),
    row("the key default is that of the job id", run(), setup=Setup(key="default")),
    row("a configured key keeps its case", run(), setup=Setup(key="Sales_2")),
    row("a key of the environment is in lower case", Ask(path="/sales_2/status")),
    _said("etl", "a word"),
    _said("0", "zero"),
    _said("{id}abc", "digits and letters", after="TERMINATED"),
    _said(" {id} ", "digits among blanks", after="TERMINATED"),
    _said("{id}.9", "a fraction", after="TERMINATED"),
    _said("-{id}", "negative"),
    row(
        "a key without an id",
        run(),
        stream(),
        read("/runs"),
        read("/runs/5"),
        cancel("5"),
        setup=Setup(variable="none"),
    ),
    row(
        "a key without an id is that before bad parameters", run([1]), setup=Setup(variable="none")
    ),
)
