"""Defines the deployment's name, colour and sign-in methods that the console shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The name and the colour of a deployment, and how people sign in."""

    name: str | None = None
    """The name that every page shows, such as `Production`; None shows nothing."""
    colour: str = "grey"
    """The colour behind the name: grey, blue, green, amber or red."""
    contact: str | None = None
    """The text that says who gives roles; None shows nothing."""
    sign_in: SignIn | None = None
    """The way to sign in; None if the console cannot sign people in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A way to sign in."""

    with_key: bool
    """True if a person types an access key; false if App Service signs the person in."""
