"""Constructs the validation rules that a definition must pass before it is stored."""

from __future__ import annotations

from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.outbound.receivers.sender import check_receiver
from polysync_core.platforms.registry import check_job, check_platform, outputs_problem
from polysync_core.platforms.webhook_client import check_webhook
from polysync_core.vaults.registry import check_vault


def definition_rules(*, development: bool, allow_loopback: bool) -> Rules:
    """Return the rules of all kinds of definition."""
    return Rules(
        development=development,
        check_vault=lambda vault: check_vault(vault, development=development),
        check_platform=lambda platform: check_platform(platform, allow_loopback=allow_loopback),
        check_job=check_job,
        outputs_problem=outputs_problem,
        check_webhook=lambda webhook: check_webhook(webhook, allow_loopback=allow_loopback),
        check_receiver=lambda receiver: check_receiver(receiver, allow_loopback=allow_loopback),
    )
