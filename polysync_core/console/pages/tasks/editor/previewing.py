"""Serves live previews of a schedule and a retry policy for the Task editor."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from polysync_core.api.schedules.cron import CurrentSchedulePreviews
from polysync_core.console.forms.models import group_of
from polysync_core.console.forms.raw import RawObject, nested
from polysync_core.console.forms.reading import read
from polysync_core.console.pages.tasks.editor.runtime import retry_picture
from polysync_core.console.pages.tasks.editor.scheduling import preview_of
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import fragment
from polysync_core.domain.definitions.base import is_object_name
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Retry
from polysync_core.domain.errors import Malformed, Problem

router = PageRouter()

_PATH = r"^schedules\[\d{1,3}\]$"


@router.get("/part/schedule")
def schedule_part(
    request: Request,
    previews: CurrentSchedulePreviews,
    at: Annotated[str, Query(pattern=_PATH)],
    task: Annotated[str | None, Query(max_length=63)] = None,
) -> Response:
    """Return the preview of the fields of one schedule; nothing is saved."""
    if task is not None and not is_object_name(task):
        raise Malformed([Problem("task", "is not the name of a task")])
    row = _row(request, at)
    return fragment(preview_of(previews, group_of(Schedule), row, at, task))


@router.get("/part/retry")
def retry_part(request: Request) -> Response:
    """Return the picture of the attempts of a retry policy; nothing is saved."""
    return fragment(retry_picture(read(group_of(Retry), _row(request, "retry")).document))


def _row(request: Request, path: str) -> RawObject:
    """Return the raw values of the fields at a path."""
    prefix = f"{path}."
    fields = request.query_params.multi_items()
    own = [(name.removeprefix(prefix), value) for name, value in fields if name.startswith(prefix)]
    return nested(own)
