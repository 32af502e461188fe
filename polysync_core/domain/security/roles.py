"""Defines the permission roles of callers: reader, operator and administrator."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """The app roles of the Entra registration (infra/entra/app-roles.json)."""

    READER = "Polysync.Reader"
    OPERATOR = "Polysync.Operator"
    ADMINISTRATOR = "Polysync.Administrator"

    @property
    def includes(self) -> frozenset[Role]:
        """The role itself and every lower role."""
        ranked = list(Role)
        return frozenset(ranked[: ranked.index(self) + 1])
