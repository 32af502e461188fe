"""Validates the string formats of JSON Schema, such as dates and e-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from ipaddress import AddressValueError, IPv6Address

from polysync_core.appkit.json_schema.code_points import trimmed

type Check = Callable[[str], bool]

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SECONDS = r":[0-5][0-9](?:\.[0-9]+)?"
_OFFSET = r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_LOCAL_TIME = re.compile(f"{_TIME}(?:{_SECONDS})?{_OFFSET}?")
_FULL_TIME = re.compile(f"{_TIME}{_SECONDS}{_OFFSET}")
_DURATION = re.compile(
    r"P(?:[0-9]+W|(?=[0-9]|T[0-9])(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?"
    r"(?:T(?=[0-9])(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:[.,][0-9]+)?S)?)?)"
)
_UUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
_LOCAL_PART = re.compile(r"[A-Za-z0-9_'+.-]*[A-Za-z0-9_+-]")
_MAIL_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_TOP_LEVEL = re.compile(r"[A-Za-z]{2,}")
_MAX_HOST = 253
_OCTET = re.compile(r"25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]")
_PREFIX = re.compile(r"[1-9]?[0-9]|1[0-9][0-9]")
_BASE64 = re.compile(r"(?:[0-9A-Za-z+/]{4})*(?:[0-9A-Za-z+/]{2}==|[0-9A-Za-z+/]{3}=)?")
_BASE64_URL = re.compile(r"[0-9A-Za-z_-]*")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_AUTHORITY = re.compile(r"[/\\]*([^/\\?#]*)")
_OPAQUE_AUTHORITY = re.compile(r"//([^/?#]*)")
_PORT = re.compile(r":([0-9]{0,5})")
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20\"#%/:<>?@\[\\\]^`{|}\x7f-\U0010ffff]")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_WEB_SCHEMES = frozenset({"http", "https", "ws", "wss", "ftp"})
_MAX_PORT = 65_535


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    year, month, day = (int(part) for part in found.groups())
    try:
        # The calendar of Python begins with year 1; year 0 is a leap year like 2000.
        date(year or 2000, month, day)
    except ValueError:
        return False
    return True


def _is_moment(text: str, time: re.Pattern[str]) -> bool:
    day, separator, rest = text.partition("T")
    return bool(separator) and _is_date(day) and time.fullmatch(rest) is not None


def _is_date_time(text: str) -> bool:
    return _is_moment(text, _FULL_TIME)


def _is_local_date_time(text: str) -> bool:
    return _is_moment(text, _LOCAL_TIME)


def _is_email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    *labels, top = domain.split(".")
    return (
        bool(at and labels)
        and not local.startswith(".")
        and ".." not in text
        and _LOCAL_PART.fullmatch(local) is not None
        and all(_MAIL_LABEL.fullmatch(label) for label in labels)
        and _TOP_LEVEL.fullmatch(top) is not None
    )


def _has_at_sign(text: str) -> bool:
    return "@" in text


def _is_host_name(text: str) -> bool:
    name = text.removesuffix(".")
    return 0 < len(name) <= _MAX_HOST and all(_LABEL.fullmatch(each) for each in name.split("."))


def _is_ipv4(text: str) -> bool:
    octets = text.split(".")
    return len(octets) == 4 and all(_OCTET.fullmatch(each) for each in octets)


def _is_ipv6(text: str) -> bool:
    if "%" in text:
        return False
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def _is_network(text: str, is_address: Check, longest: int) -> bool:
    address, slash, prefix = text.partition("/")
    is_prefix = bool(slash) and _PREFIX.fullmatch(prefix) is not None and int(prefix) <= longest
    return is_prefix and is_address(address)


def _is_ipv4_network(text: str) -> bool:
    return _is_network(text, _is_ipv4, 32)


def _is_ipv6_network(text: str) -> bool:
    return _is_network(text, _is_ipv6, 128)


def _is_base64_url(text: str) -> bool:
    return _BASE64_URL.fullmatch(text) is not None and len(text) % 4 != 1


def is_url(text: str) -> bool:
    """Return whether `new URL` of JavaScript reads the text.

    White space within the text and a percent sign in a host are refused, although some are legal.
    https://url.spec.whatwg.org/
    """
    scheme = _SCHEME.match(text)
    if scheme is None or any(char.isspace() for char in text):
        return False
    if scheme[1].lower() == "file":
        return _is_file_url(text[scheme.end() :])
    if scheme[1].lower() not in _WEB_SCHEMES:
        opaque = _OPAQUE_AUTHORITY.match(text, scheme.end())
        return opaque is None or opaque[1] == "" or _is_authority(opaque[1], web=False)
    authority = _AUTHORITY.match(text, scheme.end())
    return authority is not None and _is_authority(authority[1], web=True)


def _is_file_url(rest: str) -> bool:
    authority = _OPAQUE_AUTHORITY.match(rest)
    return authority is None or authority[1] == "" or _is_web_host(authority[1])


def _is_authority(authority: str, *, web: bool) -> bool:
    *_, address = authority.rpartition("@")
    if address.startswith("["):
        host, bracket, port = address[1:].partition("]")
        is_host = bool(bracket) and _is_ipv6(host)
    else:
        host, colon, number = address.partition(":")
        port = colon + number
        is_host = (
            _is_web_host(host) if web else _FORBIDDEN_IN_HOST.search(host) is None and host != ""
        )
    found = _PORT.fullmatch(port)
    return is_host and (port == "" or (found is not None and int(found[1] or 0) <= _MAX_PORT))


def _is_web_host(host: str) -> bool:
    if not host.isascii():
        # This import costs start-up time, so only such a host needs it.
        import idna

        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            return False
    if host == "" or _FORBIDDEN_IN_HOST.search(host) is not None:
        return False
    last = host.removesuffix(".").rpartition(".")[2]
    # A host that ends with a number is an IPv4 address, of which the unusual forms are refused.
    return _NUMERIC.fullmatch(last) is None or _is_ipv4(host.removesuffix("."))


def _pattern(expression: re.Pattern[str]) -> Check:
    return lambda text: expression.fullmatch(text) is not None


FORMATS: dict[str, Check] = {
    "date": _is_date,
    "date-time": _is_date_time,
    "time": _pattern(_FULL_TIME),
    "duration": _pattern(_DURATION),
    "email": _is_email,
    "hostname": _is_host_name,
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "cidrv4": _is_ipv4_network,
    "cidrv6": _is_ipv6_network,
    "uri": lambda text: is_url(trimmed(text)),
    "uuid": _pattern(_UUID),
    "base64": _pattern(_BASE64),
    "base64url": _is_base64_url,
}
"""The check of each format that a schema may have without a pattern."""

WITH_PATTERN: dict[str, Check] = {
    **FORMATS,
    "date-time": _is_local_date_time,
    "time": _pattern(_LOCAL_TIME),
    "email": _has_at_sign,
}
"""The checks of a schema whose pattern says more exactly which variant of a format it takes."""

ANNOTATIONS = frozenset(
    {"password", "binary", "byte", "int32", "int64", "float", "double", "decimal"}
)
"""Formats of OpenAPI that say nothing about the characters of a string."""

EXAMPLES = {
    "date": "a date such as 2026-01-31",
    "date-time": "a time such as 2026-01-31T12:00:00Z",
    "time": "a time of day such as 12:00:00Z",
    "duration": "a duration such as P1DT12H",
    "email": "an e-mail address",
    "hostname": "the name of a host",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "cidrv4": "an IPv4 network such as 10.0.0.0/8",
    "cidrv6": "an IPv6 network such as fd00::/8",
    "uri": "an absolute URL such as https://example.com/path",
    "uuid": "a UUID",
    "base64": "text in base64",
    "base64url": "text in base64url",
}
"""The descriptions of formats for people."""
