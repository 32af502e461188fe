"""Supplies the console's run pages with the use case that lists runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from polysync_core.api.use_cases import use_case
from polysync_core.application.runs.lists.overview import RunsOverview

CurrentOverview = Annotated[RunsOverview, Depends(use_case(RunsOverview))]
