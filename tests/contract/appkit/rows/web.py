"""Methods, paths and headers."""

from __future__ import annotations

from tests.contract.appkit.differences import (
    JSON_TYPE,
    allowed_methods,
    list_runs,
    no_method,
    not_kept,
    other_path,
    unknown_parameter,
)
from tests.contract.appkit.table import JSON, Has, Request, read, row


def _other(method: str, path: str) -> Request:
    return Request(method=method, path=f"/{{job}}{path}")


_NOTHING = {"status": None, "run": None}


ROWS = (
    row("PUT a run", _other("PUT", "/run"), differs=no_method(404)),
    row("GET on the path of a start", _other("GET", "/run"), differs=no_method(404)),
    row("POST to the list", _other("POST", "/runs"), differs=no_method(404)),
    row("PATCH a run by id", _other("PATCH", "/runs/5"), differs=no_method(404)),
    row("DELETE the status", _other("DELETE", "/status"), differs=no_method(404)),
    row("OPTIONS of a run", _other("OPTIONS", "/run"), differs=allowed_methods()),
    row("HEAD of the list", _other("HEAD", "/runs")),
    row("HEAD of the status", _other("HEAD", "/status")),
    row("an unknown path", _other("GET", "/nothing")),
    row("the job itself", _other("GET", "")),
    row("a trailing slash after the status", read("/status/")),
    row("a trailing slash after the list", read("/runs/")),
    row(
        "a trailing slash after a start",
        Request(method="POST", path="/{job}/run/", body=b"{}", headers=JSON),
    ),
    row(
        "upper case in the path",
        read("/STATUS"),
        differs=other_path(
            200, {"body": (_NOTHING, Has({"status": 404})), "sent": ([list_runs(1)], [])}
        ),
    ),
    row("a double slash", read("//status")),
    row(
        "an invalid percent sign in the name",
        Request(path="/%zz/status"),
        differs=other_path(400),
    ),
    row("an invalid percent sign in the run id", read("/runs/%zz")),
    row(
        "a conditional request",
        read("/status", headers={"If-None-Match": "*"}),
        differs=not_kept({"status": (304, 200), "type": ("", JSON_TYPE), "body": ("", _NOTHING)}),
    ),
    row(
        "unknown query parameters",
        read("/status?a=1&b"),
        differs=unknown_parameter((200, _NOTHING, [list_runs(1)])),
    ),
    row(
        "an encoded slash in the name",
        Request(path="/a%2Fb/status"),
        differs=other_path(
            404,
            {
                "body": (
                    {"error": 'Unknown job "ab"', "plugin": "jobs"},
                    Has({"status": 404, "detail": "There is no such path."}),
                )
            },
        ),
    ),
)
