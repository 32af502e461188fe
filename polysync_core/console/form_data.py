"""Parses the body of a submitted HTML form."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.datastructures import ImmutableMultiDict

from polysync_core.domain.errors import Malformed, Problem

_MEDIA_TYPE = "application/x-www-form-urlencoded"
_MAX_FIELDS = 20_000

type FormData = ImmutableMultiDict[str, str]
"""The fields of a form in their order; a name may occur several times."""


async def _read_form(request: Request) -> FormData:
    """Return the fields, or raise `Malformed`."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if body and media_type != _MEDIA_TYPE:
        raise Malformed([Problem("", f"A form must be sent as {_MEDIA_TYPE}.")])
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:
        raise Malformed(
            [Problem("", "The form cannot be read: reload the page and send it again.")]
        ) from error
    # Browsers send the line ends of text areas as CR LF.
    return ImmutableMultiDict([(name, value.replace("\r\n", "\n")) for name, value in pairs])


CurrentForm = Annotated[ImmutableMultiDict[str, str], Depends(_read_form)]
"""The fields of the submitted form."""
