"""Reads typed fields from the API's JSON responses, and names a malformed field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from json import dumps

from polysync.errors import MalformedAnswer
from polysync_core.domain.json_types import JsonObject, JsonValue


def as_object(value: JsonValue, *, what: str) -> JsonObject:
    """Return the value if it is an object.

    Raises:
        MalformedAnswer: the value is not an object.
    """
    if isinstance(value, dict):
        return value
    raise MalformedAnswer(f"{what} is not a JSON object.")


def compact(value: JsonValue) -> str:
    """Return text as it is, and every other value as JSON on one line."""
    return value if isinstance(value, str) else dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the members of an answer; a member that is missing or null has a neutral value.

    Unknown members are ignored, so that the client works with a newer server.
    """

    what: str
    members: JsonObject

    def text(self, name: str) -> str | None:
        """Return a member as text, or None if it is missing."""
        value = self.members.get(name)
        return None if value is None else compact(value)

    def alternatives(self, name: str) -> str | None:
        """Return a text, or a list of texts joined by "or"; None if it is missing."""
        value = self.members.get(name)
        return " or ".join(map(compact, value)) if isinstance(value, list) else self.text(name)

    def number(self, name: str) -> int:
        """Return a member as a whole number, or 0 if it is missing."""
        value = self.members.get(name)
        return int(value) if isinstance(value, int | float) else 0

    def time(self, name: str) -> datetime | None:
        """Return a member as a time in UTC, or None if it is missing."""
        value = self.text(name)
        if value is None:
            return None
        try:
            time = datetime.fromisoformat(value)
        except ValueError as error:
            raise MalformedAnswer(f"{name} of {self.what} is not a time.") from error
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)

    def object(self, name: str) -> JsonObject:
        """Return a member that is an object; an empty object if it is missing."""
        value = self.members.get(name)
        return {} if value is None else as_object(value, what=f"{name} of {self.what}")

    def objects(self, name: str) -> list[JsonObject]:
        """Return a member that is a list of objects; an empty list if it is missing."""
        value = self.members.get(name)
        match value:
            case None:
                return []
            case list():
                return [as_object(item, what=f"an entry of {name}") for item in value]
            case _:
                raise MalformedAnswer(f"{name} of {self.what} is not a list.")

    def texts(self, name: str) -> list[str]:
        """Return the entries of a list as text; an empty list if it is missing."""
        value = self.members.get(name)
        return [compact(item) for item in value] if isinstance(value, list) else []
