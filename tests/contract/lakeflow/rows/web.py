"""Methods, paths and headers."""

from __future__ import annotations

from tests.contract.lakeflow.table import JSON, Ask, read, row


def _other(method: str, path: str) -> Ask:
    return Ask(method=method, path=f"/{{key}}{path}")


ROWS = (
    row("PUT a run", _other("PUT", "/run")),
    row("GET a run that is to be started", _other("GET", "/run")),
    row("POST to the list", _other("POST", "/runs")),
    row("PATCH a run by id", _other("PATCH", "/runs/5")),
    row("DELETE the status", _other("DELETE", "/status")),
    row("OPTIONS of a run", _other("OPTIONS", "/run")),
    row("HEAD of the list", _other("HEAD", "/runs")),
    row("HEAD of the status", _other("HEAD", "/status")),
    row("a path that is not there", _other("GET", "/nothing")),
    row("the job itself", _other("GET", "")),
    row("a slash behind the status", read("/status/")),
    row("a slash behind the list", read("/runs/")),
    row(
        "a slash behind a run that is to be started",
        Ask(method="POST", path="/{key}/run/", body=b"{}", headers=JSON),
    ),
    row("upper case in the path", read("/STATUS")),
    row("a slash twice", read("//status")),
    row("a percent sign that stands for nothing", Ask(path="/%zz/status")),
    row("a percent sign in the run id", read("/runs/%zz")),
    row(
        "an answer that the client says that it has",
        read("/status", headers={"If-None-Match": "*"}),
    ),
    row("a question that nobody asked", read("/status?a=1&b")),
    row("an escaped slash in the key", Ask(path="/a%2Fb/status")),
)
