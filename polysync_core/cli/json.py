"""JSON as the API sends it, and a reader that says what is wrong with an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from json import dumps

from polysync_core.cli.errors import UnexpectedAnswer

type JsonValue = bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None
type JsonObject = dict[str, JsonValue]


def as_object(value: JsonValue, *, what: str) -> JsonObject:
    """Return the value if it is an object.

    Raises:
        UnexpectedAnswer: it is something else.
    """
    if isinstance(value, dict):
        return value
    raise UnexpectedAnswer(f"{what} is not a JSON object.")


def compact(value: JsonValue) -> str:
    """Return text as it is, and every other value as JSON on one line."""
    return value if isinstance(value, str) else dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the members of an answer; one that is missing or null has a neutral value.

    Members that this version does not know are left alone, so that a newer server can be used.
    """

    what: str
    members: JsonObject

    def text(self, name: str) -> str | None:
        """Return a member as text, or None where there is none."""
        value = self.members.get(name)
        return None if value is None else compact(value)

    def number(self, name: str) -> int:
        """Return a member as a whole number, 0 where there is none."""
        value = self.members.get(name)
        return int(value) if isinstance(value, int | float) else 0

    def time(self, name: str) -> datetime | None:
        """Return a member as a time in UTC, or None where there is none."""
        value = self.text(name)
        if value is None:
            return None
        try:
            time = datetime.fromisoformat(value)
        except ValueError as error:
            raise UnexpectedAnswer(f"{name} of {self.what} is not a time.") from error
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)

    def object(self, name: str) -> JsonObject:
        """Return a member that is an object, an empty one where there is none."""
        value = self.members.get(name)
        return {} if value is None else as_object(value, what=f"{name} of {self.what}")

    def objects(self, name: str) -> list[JsonObject]:
        """Return a member that is a list of objects, an empty one where there is none."""
        value = self.members.get(name)
        match value:
            case None:
                return []
            case list():
                return [as_object(item, what=f"an entry of {name}") for item in value]
            case _:
                raise UnexpectedAnswer(f"{name} of {self.what} is not a list.")
