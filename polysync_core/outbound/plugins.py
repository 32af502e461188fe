"""Finds and loads plugins, both built-in and from installed packages."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

from polysync_core.domain.definitions.validation.messages import suggestion
from polysync_core.domain.errors import Invalid, Problem

_log = logging.getLogger(__name__)


class Plugin(Protocol):
    """An object that a package offers under its name."""

    @property
    def name(self) -> str:
        """The name in definitions."""
        ...


@dataclass(frozen=True, slots=True)
class PluginRegistry[P: Plugin]:
    """The plugins of one kind; a package is imported when its first definition is used.

    A package offers a plugin by an entry point of the group `group`. The entry point's name is the
    plugin's name, and its object is the plugin.
    """

    plugin_type: type[P]
    group: str
    own: Mapping[str, str]
    """The modules of Polysync's own plugins by name; `PLUGIN` is the plugin."""

    def find(self, name: str, path: str) -> P:
        """Return a plugin; raises `Invalid` at `path` if it is unknown or cannot be loaded."""
        if name in self.own:
            return import_module(self.own[name]).PLUGIN
        offers = [each for each in self._offers() if each.name == name]
        if not offers:
            names = self.names()
            known = f"must be one of {', '.join(names)}"
            raise Invalid([Problem(path, known, suggestion(name, names))])
        if len(offers) > 1:
            packages = " and ".join(sorted(map(_package_of, offers)))
            raise Invalid.at(
                path, f"is offered by {packages}: keep only one of these packages installed"
            )
        return self._loaded(offers[0], path)

    def names(self) -> list[str]:
        """Return the names of all plugins, without importing a package."""
        others = {each.name for each in self._offers()}
        return [*self.own, *sorted(others - self.own.keys())]

    def _offers(self) -> tuple[EntryPoint, ...]:
        return _installed(self.group, tuple(sys.path))

    def _loaded(self, offer: EntryPoint, path: str) -> P:
        package = _package_of(offer)
        try:
            plugin: object = offer.load()
        except Exception:
            # A package may raise anything; its text belongs only in the log.
            _log.exception(
                "A package that offers a plugin cannot be loaded.",
                extra={"action": "plugin_package_broken", "package": package, "type": offer.name},
            )
            plugin = None
        if not isinstance(plugin, self.plugin_type) or plugin.name != offer.name:
            message = f"package '{package}' offers it and cannot be loaded: see the app's log"
            raise Invalid.at(path, message)
        return plugin


@lru_cache(maxsize=8)
def _installed(group: str, search_path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group; a search path is read once, because it takes 10 ms."""
    return tuple(entry_points(group=group))


def _package_of(offer: EntryPoint) -> str:
    return offer.dist.name if offer.dist is not None else offer.value
