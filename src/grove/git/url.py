"""Addresses of repositories: a grammar of our own, so that git never reads what a user typed.

An address is taken apart, each part is checked and brought to one form, and `RemoteUrl.text` is written from the parts.
"""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from grove.git.errors import (
    UrlCharactersRefused,
    UrlCredentialsRefused,
    UrlHostRefused,
    UrlOptionRefused,
    UrlPathRefused,
    UrlRefused,
    UrlSchemeRefused,
)

URL_CHARACTERS_MAX: Final = 2048
_PREFIX: Final = "https://"
_DEFAULT_PORT: Final = 443
_SSH_PREFIX: Final = "ssh://"
_SSH_PORT: Final = 22
_SSH_USER: Final = "git"
_USER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)
_SCP: Final = re.compile(r"([^@:/]+@)([^@:/\[\]]+|\[[^\[\]]*\]):(?![0-9]*/)([^/].*)", re.DOTALL)
"""The short form, `git@host:path`; what looks like a port in it is refused, for it could be meant as either."""
_PORT_MAX: Final = 65_535
_HOST_CHARACTERS_MAX: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH_SAFE: Final = "/-._~!$'()*+,;=:@"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteUrl:
    """The address of a repository in its one form; made by `parse_remote_url`. One with a user is spoken to by SSH."""

    host: str
    port: int = _DEFAULT_PORT
    path: str
    user: str = ""

    @property
    def is_ssh(self) -> bool:
        """Whether it is spoken to by SSH, and not by HTTPS."""
        return bool(self.user)

    @property
    def authority(self) -> str:
        """The host, and the port when it is not the usual one, as an address has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (_SSH_PORT if self.is_ssh else _DEFAULT_PORT) else f"{host}:{self.port}"

    @property
    def text(self) -> str:
        """The whole address."""
        if self.is_ssh:
            return f"{_SSH_PREFIX}{self.user}@{self.authority}{self.path}"
        return f"{_PREFIX}{self.authority}{self.path}"

    def __str__(self) -> str:
        return self.text


def parse_remote_url(text: str) -> RemoteUrl:
    """Take an address apart and bring it to its one form. Nothing of a refused address is repeated in the error.

    :raises UrlRefused: if it is not an https or ssh address of a repository; its subclasses say why.
    """
    if text.startswith("-"):
        raise UrlOptionRefused
    short = _SCP.fullmatch(text) if "://" not in text else None
    if short is not None:
        text = f"{_SSH_PREFIX}{short[1]}{short[2]}/{short[3]}"
    is_ssh = text[: len(_SSH_PREFIX)].lower() == _SSH_PREFIX
    if not is_ssh and text[: len(_PREFIX)].lower() != _PREFIX:
        raise UrlSchemeRefused
    if len(text) > URL_CHARACTERS_MAX:
        raise UrlRefused(characters_max=URL_CHARACTERS_MAX)
    if not _is_clean(text):
        raise UrlCharactersRefused
    if is_ssh:
        return _parse_ssh(text)
    authority, slash, path = text[len(_PREFIX) :].partition("/")
    if "@" in authority or "?" in text or "#" in text:
        raise UrlCredentialsRefused
    host, port = _split_authority(authority, _DEFAULT_PORT)
    return RemoteUrl(host=_parse_host(host), port=port, path=_parse_path(slash + path))


def _is_clean(text: str) -> bool:
    """Whether there is nothing in it that is invisible, a space, or read as a slash by some."""
    return not any(unicodedata.category(character)[0] in "CZ" or character in '\\"<>^`{|}' for character in text)


def _parse_ssh(text: str) -> RemoteUrl:
    """An address for SSH. Nothing in it can be taken for an option, by git, by ssh or by the host's shell."""
    authority, slash, path = text[len(_SSH_PREFIX) :].partition("/")
    user, at, place = authority.rpartition("@")
    if ":" in user or "?" in text or "#" in text:
        raise UrlCredentialsRefused
    if place.startswith("-") or user.startswith("-") or path.startswith("-"):
        raise UrlOptionRefused
    if at and not _USER.fullmatch(user):
        raise UrlHostRefused
    host, port = _split_authority(place, _SSH_PORT)
    return RemoteUrl(host=_parse_host(host), port=port, path=_parse_path(slash + path), user=user or _SSH_USER)


def _split_authority(authority: str, default_port: int) -> tuple[str, int]:
    match = re.fullmatch(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?", authority, re.ASCII)
    if match is None:
        raise UrlHostRefused
    port = int(match[2] or default_port)
    if not 1 <= port <= _PORT_MAX:
        raise UrlHostRefused
    return match[1], port


def _parse_host(host: str) -> str:
    if host.startswith("["):
        return _parse_ip(host[1:-1], ipaddress.IPv6Address)
    labels = host.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1].lower()):
        return _parse_ip(host, ipaddress.IPv4Address)
    name = ".".join(map(_parse_label, labels))
    if len(name) > _HOST_CHARACTERS_MAX:
        raise UrlHostRefused
    return name


def _parse_ip(text: str, kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> str:
    """An address in its usual form: not as one number, in octal or with a zone."""
    try:
        return str(kind(text)) if "%" not in text else _refuse_host()
    except ValueError:
        return _refuse_host()


def _refuse_host() -> str:
    raise UrlHostRefused


def _parse_label(label: str) -> str:
    """One part of a host name, in ASCII. A letter that merely looks like an ASCII one is not taken for it."""
    if label.isascii():
        ascii_label = label.lower()
    else:
        if any(unicodedata.category(character)[0] not in "LM" and character != "-" for character in label):
            raise UrlHostRefused
        try:
            ascii_label = label.encode("idna").decode("ascii")
        except UnicodeError:
            raise UrlHostRefused from None
        if not ascii_label.startswith("xn--"):
            raise UrlHostRefused
    if not _LABEL.fullmatch(ascii_label):
        raise UrlHostRefused
    return ascii_label


def _parse_path(path: str) -> str:
    if _PERCENT.search(path):
        raise UrlCharactersRefused
    segments = path.strip("/").split("/")
    return "/" + "/".join(map(_parse_segment, segments))


def _parse_segment(segment: str) -> str:
    try:
        plain = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise UrlCharactersRefused from None
    if not _is_clean(plain.replace(" ", "")) or "/" in plain or "%" in plain:
        raise UrlCharactersRefused
    if plain in {"", ".", ".."}:
        raise UrlPathRefused
    return quote(plain, safe=_PATH_SAFE)
