"""Where everything is put together, once a process and not before it is needed."""

from __future__ import annotations

import os
from functools import cache

from fastapi import FastAPI

from polysync_core.bootstrap.front import build_api, identify_by
from polysync_core.bootstrap.use_cases import Services, build
from polysync_core.settings import Settings

__all__ = [
    "Services",
    "api",
    "build",
    "build_api",
    "identify_by",
    "observe",
    "services",
    "settings",
]


@cache
def settings() -> Settings:
    """Return the settings of this process, or raise `SettingError` naming the one that is wrong.

    The triggers read them when they are imported, so that a mistake fails the start of the app.
    """
    return Settings.read(os.environ)


@cache
def observe() -> None:
    """Send what can be told of this process, where its settings say; else nothing is loaded."""
    told = settings()
    if told.sends_telemetry:
        from polysync_core.telemetry.sending import send

        send(
            service_name=told.service_name,
            application_insights=told.application_insights,
            to_collector=bool(told.otlp_endpoint),
        )


@cache
def services() -> Services:
    """Return the use cases of this process."""
    return build(settings())


@cache
def api() -> FastAPI:
    """Return the API of this process."""
    return build_api(services(), identify_by(settings()))
