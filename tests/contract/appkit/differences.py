"""The intended differences with their reasons; rows add the exact answers."""

from __future__ import annotations

from typing import Any

from tests.contract.appkit.table import Difference, Has

JSON_TYPE = "application/json; charset=utf-8"
PROBLEM_TYPE = "application/problem+json"
STREAM = {
    "cache-control": ("no-cache, no-transform", None),
    "x-accel-buffering": ("no", None),
}
"""The headers that differ if a stream does not open."""
_ATTEMPTS = 3

RUN_NOW: dict[str, Any] = {"call": "POST /api/2.2/jobs/run-now", "body": {"job_id": "#<job>"}}
STARTED = {"runId": "#<id 2>"}


def run_now(**fields: Any) -> dict[str, Any]:
    """Return the call that starts a run with some parameters."""
    return {**RUN_NOW, "body": {"job_id": "#<job>", **fields}}


def get_run(run_id: str = "<id 2>") -> dict[str, Any]:
    """Return the call that reads a run."""
    return {"call": "GET /api/2.2/jobs/runs/get", "query": {"run_id": run_id}}


def list_runs(limit: int) -> dict[str, Any]:
    """Return the call that lists runs."""
    return {
        "call": "GET /api/2.2/jobs/runs/list",
        "query": {"job_id": "<job>", "limit": str(limit)},
    }


def no_run(status: int, text: str, **fields: Any) -> Difference:
    """Return the refusal of a body with which AppKit starts a run."""
    return Difference(
        title="An invalid body starts no run",
        reason="AppKit ignores a body that is not JSON or not an object, and starts the run without"
        " its parameters. It does the same with a body whose parameters are not in `params`. It"
        " repairs a damaged body by guessing. A run with wrong parameters is worse than no run, so"
        " Polysync refuses such a body.",
        parts={
            0: {
                "status": (200, status),
                "body": (STARTED, Has({"error": text})),
                "sent": ([run_now(**fields)], []),
            }
        },
    )


def allowed_methods() -> Difference:
    """Return the answer to OPTIONS."""
    return Difference(
        title="OPTIONS has no content",
        reason="AppKit lists the methods of a path in the body, too. Polysync lists them in the"
        " header `Allow` alone.",
        parts={
            0: {
                "status": (200, 204),
                "type": ("text/html; charset=utf-8", ""),
                "body": ("POST", ""),
            }
        },
    )


def unknown_parameter(original: tuple[int, Any, list[Any]]) -> Difference:
    """Return the refusal of a query parameter that AppKit ignores: its status, body and calls."""
    status, body, sent = original
    parts: dict[str, tuple[Any, Any]] = {
        "status": (status, 422),
        "body": (body, Has({"error": "Unprocessable Entity"})),
    }
    parts["sent"] = (sent, [])
    return Difference(
        title="An unknown query parameter is refused",
        reason="AppKit ignores a query parameter that it does not know. A misspelt parameter"
        " changes the meaning of a request, so Polysync refuses the request and names the nearest"
        " parameter.",
        parts={0: parts},
    )


_MISTAKE = (
    "An invalid parameter is the caller's mistake",
    "AppKit answers 500 `Run failed`, and a stream opens only to report the mistake in an event. In"
    " Polysync every refusal of parameters is a 400 with AppKit's own text, before a stream opens.",
)


def mistake(text: str) -> Difference:
    """Return the refusal of parameters that cannot be mapped."""
    parts = {"status": (500, 400), "body": (_error("Run failed"), Has({"error": text}))}
    return Difference(title=_MISTAKE[0], reason=_MISTAKE[1], parts={0: parts})


def mistake_in_a_stream(text: str) -> Difference:
    """Return the refusal of parameters that cannot be mapped, for a stream."""
    event = {"id": True, "event": "error", "data": {"error": text, "code": "INTERNAL_ERROR"}}
    parts = {"status": (200, 400), "body": ([event], Has({"error": text})), **STREAM}
    return Difference(title=_MISTAKE[0], reason=_MISTAKE[1], parts={0: parts})


def exact(parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return the handling of large numbers."""
    return Difference(
        title="Whole numbers keep all digits",
        reason="JavaScript rounds whole numbers above 2^53, so AppKit may request another run."
        " Polysync sends them unchanged.",
        parts={0: parts},
    )


def with_token(starts: int) -> Difference:
    """Return the idempotency token of a start."""
    original, ours = [RUN_NOW] * starts, [run_now(idempotency_token="<token 1>")] * starts
    return Difference(
        title="A start has an idempotency token",
        reason="AppKit retries a start that Databricks was too busy for without an"
        " `idempotency_token`. If Databricks did execute the first attempt, there are two runs."
        " Polysync sends the same token with every attempt of a start.",
        parts={0: {"sent": (original, ours)}},
    )


def repeated(call: dict[str, Any], *, index: int = 0, before: tuple[Any, ...] = ()) -> Difference:
    """Return the retries of a call with a transient failure."""
    original, ours = [*before, call], [*before, *[call] * _ATTEMPTS]
    return Difference(
        title="Transient failures have three attempts",
        reason="AppKit's page promises three attempts for reads, but its code makes one. Polysync"
        " makes three if an answer is a 5xx, lost, cut or unreadable: for reads, and also for"
        " starts and cancellations. A start has an idempotency token, and a cancellation may be"
        " repeated.",
        parts={index: {"sent": (original, ours)}},
    )


def signed_in_again(call: dict[str, Any]) -> Difference:
    """Return the retry of a call with a refused token."""
    return Difference(
        title="A refused token is renewed once",
        reason="A token may have been rotated in its vault. After a 401, Polysync reads the token"
        " again and retries once.",
        parts={0: {"sent": ([call], [call, call])}},
    )


def impossible_id(text: str) -> Difference:
    """Return the answer for a job whose id no job can have."""
    return Difference(
        title="An impossible job id is no id",
        reason="AppKit asks Databricks for a job with a negative number. In Polysync such a"
        " variable holds no id: the app does not start with it, and in development the job is not"
        " found.",
        parts={
            0: {
                "status": (400, 404),
                "body": (_error("Bad Request"), Has({"error": text})),
                "sent": ([{**RUN_NOW, "body": {"job_id": "#-<job>"}}], []),
            }
        },
    )


def paged(limit: int) -> Difference:
    """Return the calls that list more runs than a page has."""
    return Difference(
        title="Limits up to 100 work",
        reason="According to AppKit's page the limit is clamped to 100. Its code sends the limit to"
        " Databricks, which refuses more than 25. Polysync reads several pages.",
        parts={
            0: {
                "status": (400, 200),
                "body": (_error("Bad Request"), {"runs": []}),
                "sent": ([list_runs(limit)], [list_runs(25)]),
            }
        },
    )


def fresh(index: int, parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return an answer that AppKit has from a stale cache entry."""
    return Difference(
        title="Stale answers are not returned from the cache",
        reason="AppKit caches every answer for 60 seconds: an empty list even after the first"
        " start, and an active run even after its cancellation. In Polysync a start and a"
        " cancellation invalidate the answers that they change, and an empty list is not cached.",
        parts={index: parts},
    )


def resumed(index: int, parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return the handling of `Last-Event-ID`."""
    return Difference(
        title="`Last-Event-ID` resumes a stream",
        reason="AppKit ignores the header, so a reconnecting client starts a second run. Polysync"
        " continues with the same run after that event. A client that has seen the last event"
        " gets an empty stream, which ends its loop. An id that is not Polysync's is refused,"
        " because its run is unknown.",
        parts={index: parts},
    )


def no_method(original: int, parts: dict[str, tuple[Any, Any]] | None = None) -> Difference:
    """Return the answer to a method that a path does not have."""
    return Difference(
        title="A method that a path does not have is a 405",
        reason="AppKit answers 404. Polysync answers 405 with the existing methods in `Allow`.",
        parts={0: {"status": (original, 405), **(parts or {})}},
    )


def other_path(original: int, parts: dict[str, tuple[Any, Any]] | None = None) -> Difference:
    """Return the answer to another spelling of a path."""
    return Difference(
        title="Paths are matched exactly",
        reason="In Polysync paths are case-sensitive, an encoded slash in a name is no separator,"
        " and an invalid percent sign makes an unknown name.",
        parts={0: {**({} if original == 404 else {"status": (original, 404)}), **(parts or {})}},
    )


def not_kept(parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return the answer to a conditional request."""
    return Difference(
        title="Answers must not be cached",
        reason="Polysync's answers show the current state. They have `Cache-Control: no-store` and"
        " no ETag.",
        parts={0: parts},
    )


def additional(index: int, parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return the handling of a header or parameter that AppKit ignores."""
    return Difference(
        title="Additional features of Polysync",
        reason="With `Idempotency-Key`, a repeated start is one run. `?stream=true` streams an"
        " existing run. `?asUser=true` acts with the caller's own rights, if the hosting"
        " authenticates users. AppKit ignores all three.",
        parts={index: parts},
    )


def too_busy(parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return the answer if Databricks stays too busy."""
    return Difference(
        title="A busy workspace is reported",
        reason="AppKit retries after a 429 until its time-out (half a minute for reads, two minutes"
        " for starts) and then answers 500. Polysync retries twice and then returns the 429 with"
        " `Retry-After`.",
        parts={0: parts},
    )


def survived(parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return the answer to the request that ends the original."""
    return Difference(
        title="No request ends the process",
        reason="One unauthenticated `GET` ends AppKit's process. Polysync ignores a limit with a"
        " name in brackets.",
        parts={0: parts},
    )


def _error(text: str) -> dict[str, str]:
    return {"error": text, "plugin": "jobs"}
