"""Telemetry brings no canary secret to an OpenTelemetry collector."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.security.secrets.canaries import FORMS

ROOT = Path(__file__).parents[3]
PROGRAM = """
import json
from polysync_core.composition import observe
observe()
from tests.security.secrets.test_canaries import App, REPORTS
app, ids = App(), []
for reports in REPORTS.values():
    ids += [app.run(reports), app.execute(reports)]
    app.sinks(ids[0])
print(json.dumps(ids))
"""
"""Runs every report of a platform with the telemetry of the app; its end sends the rest."""

type Received = dict[str, bytes]


@contextmanager
def collector() -> Iterator[tuple[str, Received]]:
    """Yield the address of a collector on loopback, and what it receives by path."""
    received: Received = defaultdict(bytes)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received[self.path] += self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Write nothing to stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.slow
def test_no_span_metric_or_log_line_holds_a_canary() -> None:
    with collector() as (url, received):
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
            "POLYSYNC_STORAGE": "UseDevelopmentStorage=true",
        }
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )

    ids = json.loads(done.stdout)
    assert set(received) == {"/v1/traces", "/v1/metrics", "/v1/logs"}
    # Proves that the search covers the data.
    for path in ("/v1/traces", "/v1/logs"):
        assert [each for each in ids if each.encode() not in received[path]] == []
    sent = b"".join(received.values()) + done.stderr.encode()
    quoted = [json.dumps(form)[1:-1] for form in FORMS]
    assert [form for form in (*FORMS, *quoted) if form.encode() in sent] == []
