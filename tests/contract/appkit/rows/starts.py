"""Starts of runs: the body, its type and its size."""

from __future__ import annotations

import gzip

from tests.contract.appkit.differences import RUN_NOW, STARTED, additional, no_run, with_token
from tests.contract.appkit.table import JSON, Has, Request, raw_run, read, row, run

_MEGABYTE = 1024 * 1024

ROWS = (
    row("a start is answered with the run id", run()),
    row("each request starts a new run", run(), run(), read("/runs", after="TERMINATED")),
    row("a start needs no body", raw_run(None, headers={})),
    row("an empty body has no parameters", raw_run(b"")),
    row(
        "unknown fields beside the parameters are ignored", raw_run(b'{"a": 1, "params": {"b": 2}}')
    ),
    row(
        "parameters under another name",
        raw_run(b'{"parameters": {"a": 1}}'),
        differs=no_run(400, "Bad Request"),
    ),
    row(
        "the name of the parameters is case-sensitive",
        raw_run(b'{"Params": {"a": 1}}'),
        differs=no_run(400, "Bad Request"),
    ),
    row(
        "parameters without a name around them",
        raw_run(b'{"day": "2026-01-01"}'),
        differs=no_run(400, "Bad Request"),
    ),
    row(
        "a list as the body",
        raw_run(b'[{"params": {"a": 1}}]'),
        differs=no_run(400, "Bad Request"),
    ),
    row(
        "a repeated field in the body",
        raw_run(b'{"params": 1, "params": {"a": 2}}'),
        differs=no_run(400, "Bad Request", notebook_params={"a": "2"}),
    ),
    row("null as the body is refused", raw_run(b"null")),
    row("a text as the body is refused", raw_run(b'"params"')),
    row("a body that is not JSON is refused", raw_run(b'{"params": ')),
    row("a body with trailing content is refused", raw_run(b"{} {}")),
    row("blanks as the body are refused", raw_run(b"  ")),
    row(
        "a body that is not UTF-8",
        raw_run(b'{"params": {"a": "\xe9"}}'),
        differs=no_run(400, "Bad Request", notebook_params={"a": "\ufffd"}),
    ),
    row(
        "a body in another character set is refused",
        raw_run(b"{}", headers={"Content-Type": "application/json; charset=latin1"}),
    ),
    row("a byte order mark is ignored", raw_run(b'\xef\xbb\xbf{"params": {"a": 1}}')),
    row(
        "a type that ends in +json is JSON",
        raw_run(b'{"params": {"a": 1}}', headers={"Content-Type": "application/merge-patch+json"}),
    ),
    row(
        "a compressed body",
        raw_run(
            gzip.compress(b'{"params": {"a": 1}}'), headers={**JSON, "Content-Encoding": "gzip"}
        ),
        differs=no_run(415, "Unsupported Media Type", notebook_params={"a": "1"}),
    ),
    row(
        "a body of more than a megabyte is refused",
        raw_run(b'{"params": {"a": "%s"}}' % (b"x" * _MEGABYTE)),
    ),
    row(
        "a body of another type than JSON",
        raw_run(b'{"params": {"a": 1}}', headers={"Content-Type": "text/plain"}),
        differs=no_run(415, "Unsupported Media Type"),
    ),
    row(
        "a form",
        raw_run(b"params=1", headers={"Content-Type": "application/x-www-form-urlencoded"}),
        differs=no_run(415, "Unsupported Media Type"),
    ),
    row(
        "a body without a type",
        raw_run(b'{"params": {"a": 1}}', headers={}),
        differs=no_run(415, "Unsupported Media Type"),
    ),
    row("params that are null are refused", run(None)),
    row("params in a list are refused", run([1])),
    row("params as a text are refused", run("a=1")),
    row("params as a number are refused", run(5)),
    row(
        "the user's token is not used unless asked for",
        run(
            headers={
                **JSON,
                "x-forwarded-access-token": "dapi-user",
                "x-forwarded-user": "7",
                "X-MS-TOKEN-AAD-ACCESS-TOKEN": "eyJ",
            }
        ),
    ),
    row(
        "an Authorization header is not passed on",
        run(headers={**JSON, "Authorization": "Bearer dapi-user"}),
    ),
    row("the body of a start", run(keeps_token=True), differs=with_token(1)),
    row(
        "the same idempotency key twice",
        run(headers={**JSON, "Idempotency-Key": "monday"}),
        run(headers={**JSON, "Idempotency-Key": "monday"}),
        differs=additional(1, {"body": ({"runId": "#<id 3>"}, {"runId": "#<id 2>"})}),
    ),
    row(
        "on behalf of the user without a hosting that authenticates users",
        run(query="?asUser=true"),
        differs=additional(
            0,
            {
                "status": (200, 400),
                "body": (STARTED, Has({"errors": [{"path": "asUser"}]})),
                "sent": ([RUN_NOW], []),
            },
        ),
    ),
    row(
        "an invalid body wins over an unknown name",
        Request(method="POST", path="/nothing/run", body=b"{", headers=JSON),
    ),
    row(
        "an unknown name wins over invalid parameters",
        Request(method="POST", path="/nothing/run", body=b'{"params": 1}', headers=JSON),
    ),
)
