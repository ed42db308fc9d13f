"""Addresses: where this service may go by itself: plainly written URLs of the public internet or, where settings permit, of its network."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import FieldError, Refusal

LONGEST_URL = 2_000
PORTS = {"http": 80, "https": 443}

_PLAIN = re.compile(r"[!#-;=?-\[\]_a-z~]+", re.IGNORECASE)  # no space, quote, backslash, control character, or letter beyond ASCII
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[0-9a-z_.-]+)(?::(\d{1,5}))?", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")

_UNICAST_V6 = ipaddress.ip_network("2000::/3")  # all that is public is in here: what wraps IPv4 (mapped, NAT64, …) is not
_WRAPPING_OR_RESERVED = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.88.99.0/24",  # relays of 6to4
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "3fff::/20",  # documentation
        ),
    )
)
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # the upper half of an interface id that wraps an IPv4 address


@dataclass(frozen=True)
class Errand:
    """Why this service goes out, in the words of a refusal. setting: what lets it go into private networks."""

    cannot: str
    goal: str
    example: str
    no_password: str
    setting: str


@dataclass(frozen=True)
class Destination:
    """A URL that has been looked at. host: a name, or an address without brackets."""

    url: str
    scheme: str
    host: str
    port: int
    errand: Errand

    @property
    def authority(self) -> str:
        """Host and port as a Host header says them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def destination_of(url: str, errand: Errand, *, allow_private: bool) -> Destination:
    """A URL as it was meant, or Refusal(invalid_request): only one spelling of each part is taken, so that nobody reads it differently."""
    if not url or len(url) > LONGEST_URL:
        raise _refused(errand, f"it has {len(url):,} characters: use 1 to {LONGEST_URL:,}")
    if not _PLAIN.fullmatch(url):
        raise _refused(errand, "it holds characters that no plain URL has: percent-encode them, and write the host in ASCII")
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in PORTS:
        raise _refused(errand, "it is not reached by HTTP: begin it with https:// or http://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        raise _refused(errand, f"it holds a user name or password: {errand.no_password}")
    if "#" in rest:
        raise _refused(errand, "it has a fragment (#…), which is never sent: leave it out")
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise _refused(errand, f"its host is not plainly written: use a name such as {errand.example}")
    port = int(found[2]) if found[2] else PORTS[scheme]
    if port not in PORTS.values() and not allow_private:
        raise _refused(errand, f"port {port} is not open to {errand.goal}: use 443 or 80")
    if not 0 < port <= 65_535:
        raise _refused(errand, f"there is no port {port}: use 443 or 80")
    return Destination(url, scheme, _host(found[1].lower(), errand), port, errand)


def _host(text: str, errand: Errand) -> str:
    """A host in its one spelling: a name, or an address as RFC 5952 and dotted decimals have it."""
    try:
        return str(ipaddress.IPv6Address(text[1:-1]) if text.startswith("[") else ipaddress.IPv4Address(text))
    except ValueError:
        labels = text.split(".")
        if text.startswith("[") or not all(map(_LABEL.fullmatch, labels)) or _NUMBER.fullmatch(labels[-1]) or len(text) > 253:
            raise _refused(errand, f"its host is not plainly written: use a name such as {errand.example}") from None
        return text


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet and wraps no other address."""
    ip = ipaddress.ip_address(address)
    if not ip.is_global or ip.is_multicast or any(ip in network for network in _WRAPPING_OR_RESERVED if network.version == ip.version):
        return False
    return ip.version == 4 or (ip in _UNICAST_V6 and (int(ip) >> 32) & 0xFFFF_FFFF not in _ISATAP)


def require_reachable(destination: Destination, addresses: Sequence[str], *, allow_private: bool) -> None:
    """Raise Refusal unless every one of a host's addresses may be spoken to. The addresses stay untold: they are this network's matter."""
    if not addresses:
        raise _refused(destination.errand, f"the host {destination.host} cannot be found: check its name")
    if not allow_private and not all(map(is_public, addresses)):
        raise _refused(
            destination.errand,
            f"{destination.host} is on this machine or in a private network: use a public host,"
            f" or let whoever runs this service set {destination.errand.setting}",
        )


def resolve(destination: Destination) -> list[str]:
    """The addresses of a host, asked of the system now; empty when it is not known."""
    try:
        return addresses_in(socket.getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM))
    except OSError:
        return []


def addresses_in(found: Iterable[tuple[Any, ...]]) -> list[str]:
    """Addresses in an answer of getaddrinfo, each once, without zones."""
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def _refused(errand: Errand, why: str) -> Refusal:
    return Refusal("invalid_request", f"{errand.cannot}: {why}", errors=[FieldError("/url", why)])
