"""Defines the sections of the console's main navigation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from polysync_core.console.paths import page_path
from polysync_core.domain.security.roles import Role


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the main navigation."""

    id: str
    """The first part of the address, such as `runs`."""
    label: str
    icon: str
    role: Role = Role.READER
    """The role that sees the entry."""

    @property
    def address(self) -> str:
        """The address of the section."""
        return page_path(self.id)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of sections; the first one has no label."""

    label: str | None
    sections: Sequence[Section]


GROUPS: Sequence[Group] = (
    Group(
        None,
        (
            Section("runs", "Runs", "runs"),
            Section("missed", "Did not happen", "missed"),
            Section("graph", "Graph", "graph"),
            Section("upcoming", "Upcoming", "clock"),
        ),
    ),
    Group(
        "Define",
        (
            Section("tasks", "Tasks", "task"),
            Section("jobs", "Jobs", "job"),
            Section("platforms", "Platforms", "platform"),
            Section("limits", "Limits", "limit"),
            Section("calendars", "Calendars", "calendar"),
            Section("vaults", "Vaults", "vault"),
            Section("receivers", "Receivers", "mail"),
            Section("webhooks", "Webhooks", "webhook"),
            Section("definitions", "Definitions", "document"),
        ),
    ),
    Group(
        "Operate",
        (
            Section("audit", "Audit", "audit", Role.ADMINISTRATOR),
            Section("help", "Help and API", "help"),
        ),
    ),
)


def sections() -> Iterator[Section]:
    """Return every section, in the order of the navigation."""
    for group in GROUPS:
        yield from group.sections
