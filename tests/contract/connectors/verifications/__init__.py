"""Collects the verifications of all job types, in the order of the job types."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import Verification

_ORDER = [each.value for each in JobType]

VERIFICATIONS: Mapping[str, Verification] = dict(
    sorted(
        (
            (str(case), verification)
            for module in pkgutil.iter_modules([str(Path(__file__).parent)])
            for case, verification in importlib.import_module(
                f"{__name__}.{module.name}"
            ).VERIFICATIONS.items()
        ),
        key=lambda each: _ORDER.index(each[0].partition(" ")[0]),
    )
)
"""The verifications by the names of the cases."""
