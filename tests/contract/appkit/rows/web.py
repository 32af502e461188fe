"""Methods, paths and headers."""

from __future__ import annotations

from tests.contract.appkit.differences import (
    JSON_TYPE,
    list_runs,
    no_method,
    not_kept,
    other_path,
)
from tests.contract.appkit.table import JSON, Ask, Has, read, row


def _other(method: str, path: str) -> Ask:
    return Ask(method=method, path=f"/{{key}}{path}")


_NOTHING = {"status": None, "run": None}


ROWS = (
    row("PUT a run", _other("PUT", "/run"), differs=no_method(404)),
    row("GET a run that is to be started", _other("GET", "/run"), differs=no_method(404)),
    row("POST to the list", _other("POST", "/runs"), differs=no_method(404)),
    row("PATCH a run by id", _other("PATCH", "/runs/5"), differs=no_method(404)),
    row("DELETE the status", _other("DELETE", "/status"), differs=no_method(404)),
    row("OPTIONS of a run", _other("OPTIONS", "/run"), differs=no_method(200)),
    row(
        "HEAD of the list",
        _other("HEAD", "/runs"),
        differs=no_method(200, {"sent": ([list_runs(20)], [])}),
    ),
    row(
        "HEAD of the status",
        _other("HEAD", "/status"),
        differs=no_method(200, {"sent": ([list_runs(1)], [])}),
    ),
    row("a path that is not there", _other("GET", "/nothing")),
    row("the job itself", _other("GET", "")),
    row("a slash behind the status", read("/status/")),
    row("a slash behind the list", read("/runs/")),
    row(
        "a slash behind a run that is to be started",
        Ask(method="POST", path="/{key}/run/", body=b"{}", headers=JSON),
    ),
    row(
        "upper case in the path",
        read("/STATUS"),
        differs=other_path(
            200, {"body": (_NOTHING, Has({"status": 404})), "sent": ([list_runs(1)], [])}
        ),
    ),
    row("a slash twice", read("//status")),
    row("a percent sign that stands for nothing", Ask(path="/%zz/status"), differs=other_path(400)),
    row("a percent sign in the run id", read("/runs/%zz")),
    row(
        "an answer that the client says that it has",
        read("/status", headers={"If-None-Match": "*"}),
        differs=not_kept({"status": (304, 200), "type": ("", JSON_TYPE), "body": ("", _NOTHING)}),
    ),
    row("a question that nobody asked", read("/status?a=1&b")),
    row(
        "an escaped slash in the key",
        Ask(path="/a%2Fb/status"),
        differs=other_path(
            404,
            {
                "body": (
                    {"error": 'Unknown job "ab"', "plugin": "jobs"},
                    Has({"status": 404, "detail": "Not Found"}),
                )
            },
        ),
    ),
)
