"""Recognises refused credentials, blocked network addresses and temporary faults in responses.

A status alone says little: services refuse a token with 400, 401 or 403, as JSON or as a page of
HTML, or redirect to a sign-in page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from polysync_core.domain.definitions.platforms import Auth
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import Refusal

CREDENTIAL_REMEDY = "it is wrong, expired or revoked: renew it"
ADDRESS_REMEDY = (
    "the network rules of the service block the address of this app: allow the app's outbound"
    " addresses in the IP access list or firewall, or use a private connection"
)

STOPPED_REMEDY = "the app is stopped: start it"

_APP_IS_STOPPED = re.compile(
    r"\b(?:web|function|logic) app\b.{0,60}\bstopped\b|\bsite (?:is )?disabled\b", re.IGNORECASE
)
_UNAUTHORIZED = 401
_TOKEN_STATUSES = frozenset({400, 401, 403})
_NETWORK_STATUSES = frozenset({401, 403})

# Tokens that are not credentials, and parameters of that name.
_OTHER_TOKENS = re.compile(
    r"(?:page|paging|pagination|continuation|idempotency|next|skip|sync|delta|cancel\w{0,20}|csrf|xsrf"
    r"|unexpected|submit|cursor|sas|resume|parameter|field|argument|widget|input|column|property)s?"
    r"[\W_]{1,3}token"
    r"|tokens?[\W_]{1,3}(?:bucket|limit|count)",
    re.IGNORECASE,
)
_REFUSED_TOKEN = re.compile(
    r"(?:invalid|expired|malformed|revoked|unknown|incorrect|bad|missing)\b[^.;]{0,30}?\btokens?\b"
    r"|\btokens?\b[^.;]{0,40}?\b(?:invalid|expired|malformed|revoked|disabled|deactivated|invalidated"
    r"|not (?:valid|active|yet valid|accepted|recogni[sz]ed)"
    r"|could not be (?:verified|parsed|validated|decoded)|signature)\b"
    r"|expired_?jwt|invalid_?jwt|malformed_?jwt|jwt_?exception"
    r"|\b(?:Incorrect|Missing|Invalid)ClaimException\b|\bjsonwebtoken\b"
    r"|\b(?:unable|failed) to (?:authenticate|verify) the (?:credential|token|user|caller)"
    r"|\bjwts?\b[^.;]{0,40}?\b(?:expired|invalid|malformed)\b"
    r"|\b(?:access|bearer|auth|identity)[ _]token (?:is )?(?:missing|required)\b"
    r"|\b(?:Invalid|Expired)Authentication(?:Token|Info)\w*"
    r"|\bAuthentication(?:Failed|Required)\b|\bUNAUTHENTICATED\b|\binvalid_token\b"
    r"|credential was not sent|\b(?:invalid|bad) (?:authentication )?credentials?\b"
    r"|\b(?:not |un)authenticated\b",
    re.IGNORECASE,
)
_HEADER = re.compile(r"\berror\s*=\s*\"?invalid_token\b", re.IGNORECASE)
_BLOCKED_ADDRESS = re.compile(
    r"\bip (?:acl|access list|allow list|forbidden|firewall)"
    r"|\b(?:source|client|caller) ?ip\b"
    r"|\bip address(?:es)?\b[^;]{0,200}?\b(?:block|not |den|forbid)|\bvpcServiceControls"
    r"|\bClientIpAddressNotAuthorized\b|\bpublic (?:network )?access (?:is |to \S+ is )?"
    r"(?:disabled|not allowed|denied)|\bnetwork (?:policy|rules?|access)\b[^.;]{0,60}?"
    r"\b(?:block|den|forbid|not allow|disabled|unauthori)|\bunauthorized network access\b"
    r"|\bvirtual network/firewall rules\b"
    r"|\bblocked by [^.;]{0,60}?\b(?:firewall|network|private (?:link|endpoint))",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"\b(?:try|retry)\b(?:\s[\w']+){0,4}?\s(?:later|in (?:a|\d+|some|few)\b|after \d+)"
    r"|\btemporarily (?:unavailable|disabled|overloaded)\b",
    re.IGNORECASE,
)
_SIGN_IN_HOSTS = re.compile(
    r"login\.microsoftonline\.(?:com|us|de)|login\.(?:partner\.microsoftonline|chinacloudapi)\.cn"
    r"|login\.windows\.net|accounts\.google\.com"
)
_SIGN_IN_PATH = re.compile(
    r"/(?:login|log-?in|sign-?in|oauth2?|oidc)(?:[/.?]|$)|/\.auth/login", re.IGNORECASE
)
_SIGN_IN_TITLE = re.compile(r"\b(?:sign|log)[ -]?in\b", re.IGNORECASE)


def refuses_credential(refusal: Refusal) -> bool:
    """Return whether an answer of a service refuses the credential of the call."""
    if blocks_address(refusal):
        return False
    if host_refuses_credential(refusal) or _leads_to_sign_in(refusal):
        return True
    text = _OTHER_TOKENS.sub(" ", refusal.text)
    return refusal.status in _TOKEN_STATUSES and _REFUSED_TOKEN.search(text) is not None


def host_refuses_credential(refusal: Refusal) -> bool:
    """Return whether the host itself refuses the credential, not a user's own code.

    The user's function may write about another token, so only status and headers count.
    """
    if 300 <= refusal.status < 400:
        return _SIGN_IN_HOSTS.fullmatch(_location(refusal)[0]) is not None
    challenge = refusal.headers.get("www-authenticate", "")
    return refusal.status == _UNAUTHORIZED or (
        400 <= refusal.status < 500 and _HEADER.search(challenge) is not None
    )


def blocks_address(refusal: Refusal) -> bool:
    """Return whether an answer refuses the network address of the caller."""
    if refusal.status not in _NETWORK_STATUSES:
        return False
    return (
        "x-ms-forbidden-ip" in refusal.headers or _BLOCKED_ADDRESS.search(refusal.text) is not None
    )


def says_app_is_stopped(refusal: Refusal) -> bool:
    """Return whether the front end of App Service answers for an app that is stopped."""
    return _APP_IS_STOPPED.search(refusal.text) is not None


def asks_to_try_later(refusal: Refusal) -> bool:
    """Return whether the text of an answer asks for the same request later."""
    return _LATER.search(refusal.text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRules:
    """The rules for the credential of one client: its name, its refusal and the remedy."""

    name: str = "the credential"
    """The name of the credential in errors, such as its references; never its value."""
    is_refused: Callable[[Refusal], bool] = refuses_credential
    remedy: Callable[[Refusal], str] = lambda _: CREDENTIAL_REMEDY

    def error(self, refusal: Refusal) -> PlatformRefused:
        """Return the error for an answer that refuses the credential."""
        return PlatformRefused(
            f"{refusal.host} refused {self.name} (status {refusal.status}): {self.remedy(refusal)}",
            cause=FailureCause.SECRET,
            status=refusal.status,
        )


def credential_name(auth: Auth) -> str:
    """Return the name of a credential for errors: its references, or its method."""
    references = auth.secret_references()
    if references:
        return f"the credential {' and '.join(references)}"
    return f"the token of the sign-in method {auth.method}"


def _leads_to_sign_in(refusal: Refusal) -> bool:
    if 300 <= refusal.status < 400:
        return _SIGN_IN_PATH.search(_location(refusal)[1]) is not None
    return refusal.status < 300 and _SIGN_IN_TITLE.search(refusal.title) is not None


def _location(refusal: Refusal) -> tuple[str, str]:
    """Return the host and the path of a redirect."""
    try:
        found = urlsplit(refusal.headers.get("location", ""))
        host = found.hostname or ""
    except ValueError:
        return "", ""
    return host, found.path
