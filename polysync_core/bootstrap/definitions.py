"""The definitions, and what keeps their schedules in line with them."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.application.definitions.editing import Definitions
from polysync_core.application.schedules.syncing import ScheduledDefinitions, ScheduleSync
from polysync_core.bootstrap.storage import Stored
from polysync_core.domain.clock import utc_now
from polysync_core.domain.definitions.checks import Rules
from polysync_core.platforms.receivers import check_webhook
from polysync_core.platforms.registry import check_job, check_platform
from polysync_core.settings import Settings
from polysync_core.vaults.registry import check_vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Defined:
    """What is defined, and the ways to it."""

    rules: Rules
    sync: ScheduleSync
    store: ScheduledDefinitions
    definitions: Definitions


def open_definitions(settings: Settings, stored: Stored) -> Defined:
    """Return the definitions that are stored, checked by the rules of this environment."""
    rules = _rules(settings)
    sync = ScheduleSync(definitions=stored.definitions, store=stored.schedules, clock=utc_now)
    store = ScheduledDefinitions(stored.definitions, stored.schedules, sync)
    return Defined(rules=rules, sync=sync, store=store, definitions=Definitions(store, rules))


def _rules(settings: Settings) -> Rules:
    loopback = settings.allow_loopback_platforms
    return Rules(
        development=settings.development,
        check_vault=lambda vault: check_vault(vault, development=settings.development),
        check_platform=lambda platform: check_platform(platform, allow_loopback=loopback),
        check_job=check_job,
        check_webhook=lambda webhook: check_webhook(webhook, allow_loopback=loopback),
    )
