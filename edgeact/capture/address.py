"""Addresses of streams: what FFmpeg gets of them, what people see of them, and how secrets stay out of messages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from edgeact.errors import UsageError
from edgeact.plain_text import printable

SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "srt", "udp")
HIDDEN = "***"

_ADDRESS = re.compile(r"\s*([a-zA-Z][a-zA-Z0-9+.-]*)://(.*)", re.DOTALL)
_AUTHORITY_END = re.compile(r"[/?#]")
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.%]+\]|[^:@\s]+)(?::\d+)?")  # FFmpeg's: a name or number, or IPv6 in brackets
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Values of these are secrets wherever they stand: cameras also take them in the path (`/user=admin_password=x_`).
_SECRET_FIELD = re.compile(
    r"((?:user(?:name)?|login|pass(?:word|wd|phrase)?|pwd|pw|token|key|secret|auth\w*|sig(?:nature)?|streamid)=)([^&/?#;\s]*)",
    re.IGNORECASE,
)
# An address inside a text of others, such as a message of FFmpeg: everything up to its last @ may be a secret.
_ANY_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)\S*@")


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a stream.

    Attributes:
        shown: What may be shown, logged and written: without user name, password and other secrets.
        scheme: In lower case, such as ``rtsp``.
        host: Name or number, without the port.
        path: Everything after host and port, secrets hidden.
        secret: The address as FFmpeg takes it; holds the secrets, so it is left out of the record's own text.
    """

    shown: str
    scheme: str
    host: str
    path: str
    secret: str = field(repr=False)
    _secrets: tuple[str, ...] = field(repr=False)

    def redact(self, text: str) -> str:
        """A text of others without any secret of this address (nor of another one that it quotes)."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return redact(text)


def is_address(text: str) -> bool:
    """Whether a text is an address (``scheme://…``) rather than a path."""
    return _ADDRESS.fullmatch(text) is not None


def fill_in(text: str, variables: Mapping[str, str]) -> str:
    """An address in which ``${NAME}`` stands for an environment variable: no password need be on a command line.

    Raises:
        UsageError: There is no such variable.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in variables:
            raise UsageError(f"there is no environment variable {match[1]}, which an address names; set it first")
        return variables[match[1]]

    return _VARIABLE.sub(value, text) if is_address(text) else text


def redact(text: str) -> str:
    """A text in which what may be a user name, a password or a token of an address is hidden."""
    return _SECRET_FIELD.sub(rf"\1{HIDDEN}", _ANY_ADDRESS.sub(rf"\1{HIDDEN}@", text))


def parse_address(text: str) -> Address:
    """Take an address apart.

    Everything is taken as RFC 3986 has it, and a password may also be written as it is: with ``@``, ``#``, ``:``, ``%``
    or ``/`` in it. Where that leaves two readings, the address is refused: the wrong one would send a part of the
    password to a stranger.

    Raises:
        UsageError: It has no known scheme, no host, or two readings; the message holds no secret.
    """
    match = _ADDRESS.fullmatch(text)
    scheme = match[1].lower() if match is not None else ""
    if match is None or scheme not in SCHEMES:
        raise UsageError(
            f"{scheme + '://…' if scheme else 'the address'} is of no kind that is read; use one of "
            f"{', '.join(f'{known}://' for known in SCHEMES)}"
        )
    rest = match[2].strip()
    credentials, place = _split_credentials(rest, scheme)
    end = _AUTHORITY_END.search(place)
    authority, path = (place, "") if end is None else (place[: end.start()], place[end.start() :])
    if _HOST.fullmatch(authority) is None and not (scheme in ("srt", "udp") and re.fullmatch(r":\d+", authority)):
        raise UsageError(f"{scheme}://… has no host; an address looks like {scheme}://192.0.2.7/stream")
    host = re.sub(r":\d+$", "", authority).strip("[]")
    user, colon, password = credentials.partition(":") if credentials is not None else ("", "", "")
    login = (
        "" if credentials is None else quote(unquote(user), safe="") + colon + quote(unquote(password), safe="") + "@"
    )
    hidden = "" if credentials is None else f"{HIDDEN}@"
    shown_path = printable(_SECRET_FIELD.sub(rf"\1{HIDDEN}", path))
    secrets = {
        text,
        credentials or "",
        login.rstrip("@"),
        password,
        unquote(password),
        quote(unquote(password), safe=""),
    }
    secrets |= {value for found in _SECRET_FIELD.finditer(path) for value in (found[2], unquote(found[2]))}
    return Address(
        shown=f"{scheme}://{hidden}{printable(authority)}{shown_path}",
        scheme=scheme,
        host=host,
        path=shown_path,
        secret=f"{scheme}://{login}{authority}{path}",
        _secrets=tuple(sorted(secrets - {""}, key=len, reverse=True)),
    )


def shown_name(text: str) -> str:
    """What may be shown of anything that a person named as a source, whether or not it can be read."""
    try:
        return parse_address(text).shown
    except UsageError:
        scheme, separator, rest = text.rpartition("://")
        if separator:  # unknown or unclear: nothing of it is safe
            return printable(f"{scheme if scheme.isalnum() else ''}://…")
        return printable(f"{HIDDEN}@{rest.rpartition('@')[2]}" if re.search(r":[^@]*@", rest) else rest)


def _split_credentials(rest: str, scheme: str) -> tuple[str | None, str]:
    """User name and password (None: there are none), and what comes after them."""
    end = _AUTHORITY_END.search(rest)
    head, tail = (rest, "") if end is None else (rest[: end.start()], rest[end.start() :])
    in_head, in_tail = head.count("@"), tail.count("@")
    if in_tail == 0:
        credentials, at, _ = head.rpartition("@")
        return (credentials, rest[len(credentials) + 1 :]) if at else (None, rest)
    if in_head == 0 and in_tail == 1 and ":" not in re.sub(r"^\[[^]]*\]", "", head):
        return None, rest  # an @ in the path of an address without a password
    port = head.rpartition(":")[2]
    if in_head == 0 and in_tail == 1 and not port.isdecimal():
        credentials, _, place = rest.rpartition("@")
        return credentials, place
    raise UsageError(
        f"{scheme}://… can be read in two ways, because @ and / may belong to the password or to the path; write them "
        "as %40 and %2F there"
    )
