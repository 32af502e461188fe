"""The differences that are wanted, each with its reason; rows say what they come to."""

from __future__ import annotations

from typing import Any

from tests.contract.appkit.table import Difference, Has

JSON_TYPE = "application/json; charset=utf-8"
STREAM = {
    "cache-control": ("no-cache, no-transform", None),
    "x-accel-buffering": ("no", None),
}
"""What is another where a stream does not open."""
_ATTEMPTS = 3

RUN_NOW: dict[str, Any] = {"call": "POST /api/2.2/jobs/run-now", "body": {"job_id": "#<job>"}}
STARTED = {"runId": "#<id 2>"}


def run_now(**fields: Any) -> dict[str, Any]:
    """Return the start of a run with some parameters."""
    return {**RUN_NOW, "body": {"job_id": "#<job>", **fields}}


def get_run(run_id: str = "<id 2>") -> dict[str, Any]:
    """Return the reading of a run."""
    return {"call": "GET /api/2.2/jobs/runs/get", "query": {"run_id": run_id}}


def list_runs(limit: int) -> dict[str, Any]:
    """Return the reading of a list."""
    return {
        "call": "GET /api/2.2/jobs/runs/list",
        "query": {"job_id": "<job>", "limit": str(limit)},
    }


def no_run(status: int, text: str, **fields: Any) -> Difference:
    """Return the refusal of a body that AppKit starts a run with."""
    return Difference(
        title="A body that is not what was meant starts nothing",
        reason="AppKit ignores a body that it does not read as JSON, or that is not an object, and"
        " starts the run without its parameters; what is damaged it mends by guessing. A run"
        " with other parameters than were meant is worse than none, so Polysync refuses such a"
        " body.",
        parts={
            0: {
                "status": (200, status),
                "body": (STARTED, Has({"error": text})),
                "sent": ([run_now(**fields)], []),
            }
        },
    )


_MISTAKE = (
    "A parameter that does not fit the task is the caller's mistake",
    "AppKit answers 500 `Run failed`, and a stream opens only to tell the mistake in an event. In"
    " Polysync every refusal of parameters is a 400 with AppKit's own text, before anything opens.",
)


def mistake(text: str) -> Difference:
    """Return the refusal of parameters that cannot be mapped."""
    parts = {"status": (500, 400), "body": (_error("Run failed"), Has({"error": text}))}
    return Difference(title=_MISTAKE[0], reason=_MISTAKE[1], parts={0: parts})


def mistake_in_a_stream(text: str) -> Difference:
    """Return the refusal of parameters that cannot be mapped, where a stream is asked for."""
    event = {"id": True, "event": "error", "data": {"error": text, "code": "INTERNAL_ERROR"}}
    parts = {"status": (200, 400), "body": ([event], Has({"error": text})), **STREAM}
    return Difference(title=_MISTAKE[0], reason=_MISTAKE[1], parts={0: parts})


def exact(parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return the treatment of large numbers."""
    return Difference(
        title="Whole numbers keep their digits",
        reason="JavaScript rounds whole numbers beyond 2^53, so that AppKit may ask for another run"
        " than was meant. Polysync sends them as they came.",
        parts={0: parts},
    )


def with_token(starts: int) -> Difference:
    """Return the token that every attempt of a start carries."""
    theirs, ours = [RUN_NOW] * starts, [run_now(idempotency_token="<token 1>")] * starts
    return Difference(
        title="A start carries a token",
        reason="AppKit repeats a start that Databricks was too busy for without an"
        " `idempotency_token`: if the first was carried out after all, there are two runs."
        " Polysync sends one token with every attempt of a start.",
        parts={0: {"sent": (theirs, ours)}},
    )


def repeated(call: dict[str, Any], *, place: int = 0, before: tuple[Any, ...] = ()) -> Difference:
    """Return the repetition of a call that failed in a way that may pass."""
    theirs, ours = [*before, call], [*before, *[call] * _ATTEMPTS]
    return Difference(
        title="What may pass is tried three times",
        reason="AppKit's page promises three attempts for reads, of which its code makes one."
        " Polysync makes three wherever an answer is a 5xx, lost, cut or unreadable: reads,"
        " and starts and cancellations as well, because a start carries a token and a"
        " cancellation may be repeated.",
        parts={place: {"sent": (theirs, ours)}},
    )


def signed_in_again(call: dict[str, Any]) -> Difference:
    """Return the repetition of a call whose token was refused."""
    return Difference(
        title="A refused token is renewed once",
        reason="A token may have been replaced in its vault: Polysync reads it anew after a 401 and"
        " tries once more.",
        parts={0: {"sent": ([call], [call, call])}},
    )


def paged(limit: int) -> Difference:
    """Return the reading of a list that is longer than a page."""
    return Difference(
        title="Limits up to 100 work",
        reason="AppKit's page says that the limit is clamped to 100, and its code passes it on to"
        " Databricks, which refuses more than 25. Polysync reads as many pages as it takes.",
        parts={
            0: {
                "status": (400, 200),
                "body": (_error("Bad Request"), {"runs": []}),
                "sent": ([list_runs(limit)], [list_runs(25)]),
            }
        },
    )


def fresh(place: int, parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return what AppKit answers from its cache although it is no longer true."""
    return Difference(
        title="What has become untrue is not answered from the cache",
        reason="AppKit keeps every answer for 60 seconds: that there is no run yet, also after the"
        " first was started; that a run goes on, also after it was cancelled. In Polysync a"
        " start and a cancellation make it forget what they change, and an empty list is not"
        " kept.",
        parts={place: parts},
    )


def resumed(place: int, parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return what becomes of `Last-Event-ID`."""
    return Difference(
        title="A stream is taken up again by `Last-Event-ID`",
        reason="AppKit ignores the header: a client that comes back starts a second run. Polysync"
        " goes on with the same run behind that event; 204 tells a client that it has seen the"
        " end, and an id that is not Polysync's is refused, as the run that it stands for"
        " cannot be known.",
        parts={place: parts},
    )


def no_method(theirs: int, parts: dict[str, tuple[Any, Any]] | None = None) -> Difference:
    """Return the answer to a method that a path does not have."""
    return Difference(
        title="A method that a path does not have is a 405",
        reason="AppKit answers 404, and HEAD and OPTIONS as its web framework does. Polysync says"
        " 405 and in `Allow` which methods there are.",
        parts={0: {"status": (theirs, 405), **(parts or {})}},
    )


def other_path(theirs: int, parts: dict[str, tuple[Any, Any]] | None = None) -> Difference:
    """Return the answer to a path that is written in another way."""
    return Difference(
        title="Paths are taken as they are written",
        reason="In Polysync paths count by case throughout, a slash in a name is never one, and a"
        " percent sign that stands for nothing makes an unknown name.",
        parts={0: {**({} if theirs == 404 else {"status": (theirs, 404)}), **(parts or {})}},
    )


def not_kept(parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return the answer to a client that says that it has the answer."""
    return Difference(
        title="Answers are not to be kept",
        reason="Polysync's answers tell what is so now: they say `Cache-Control: no-store` and have"
        " no ETag.",
        parts={0: parts},
    )


def besides(place: int, parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return what Polysync does at a word that means nothing to AppKit."""
    return Difference(
        title="What Polysync has besides",
        reason="`Idempotency-Key` makes a start that is sent twice one run, `?stream=true` follows"
        " a run that there is, and `?asUser=true` acts with the caller's own rights, which takes a"
        " hosting that vouches for the caller's token. AppKit ignores all three.",
        parts={place: parts},
    )


def too_busy(parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return the answer where Databricks stays too busy."""
    return Difference(
        title="Too busy is said to be so",
        reason="AppKit repeats a 429 until its time is up (half a minute for reads, two minutes for"
        " starts) and then answers 500. Polysync repeats it twice, and then passes on the 429"
        " with `Retry-After`.",
        parts={0: parts},
    )


def survived(parts: dict[str, tuple[Any, Any]]) -> Difference:
    """Return the answer to what ends the original."""
    return Difference(
        title="No request ends the process",
        reason="One unauthenticated `GET` ends AppKit's process. For Polysync a name in brackets is"
        " no limit.",
        parts={0: parts},
    )


def _error(text: str) -> dict[str, str]:
    return {"error": text, "plugin": "jobs"}
