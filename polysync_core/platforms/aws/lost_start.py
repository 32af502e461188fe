"""Decides whether a repeated start adopts an existing AWS run or starts another run.

A run that carries the attempt's token is adopted. The list lags, so at first a missing run proves
nothing. Later, the run is started again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from polysync_core.domain.errors import Uncertain
from polysync_core.platforms.connector import SubmitRequest

LIST_LAG = timedelta(minutes=4)
"""The assumed maximum delay until a new run appears in the list."""
CLOCK_SKEW = timedelta(minutes=5)
"""The assumed maximum difference between the clocks."""

_log = logging.getLogger(__name__)


def adopted_run(request: SubmitRequest, own_runs: Collection[str], now: datetime) -> str | None:
    """Return the first of the attempt's runs; None if the artefact must be started again.

    `own_runs` are the runs with the attempt's token, oldest first. Raises `Uncertain` while the
    list may lag.
    """
    if len(own_runs) > 1:
        _log.warning(
            "An attempt has several runs on its platform.",
            extra={"action": "duplicate_detected", "external_run_ids": [*own_runs]},
        )
    if own_runs:
        return next(iter(own_runs))
    if now < request.begun_at + LIST_LAG:
        raise Uncertain("The run may have been started; it may not be in the list of runs yet.")
    return None
