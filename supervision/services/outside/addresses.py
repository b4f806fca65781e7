"""Which addresses the server may open for somebody: hosts of the public internet, nothing else.

An operator may allow hosts by name: those may be private, speak plain http and use any port.
"""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, quote, urlsplit

from supervision.domain.outside import Unreadable
from supervision.errors import N_

PORTS = {"http": 80, "https": 443}
SCHEMES = {"http": "http", "https": "https", "webcal": "https", "webcals": "https"}
LONGEST = 2000
# Everything else in IPv6 is local, mapped, translated (64:ff9b::/96) or not given out.
PUBLIC = IPv6Network("2000::/3")
# Public by its number, and yet the inside of a cloud: where Azure's machines ask for their secrets.
INSIDE = {IPv4Address("168.63.129.16")}
PLAIN = "%/:?#[]@!$&'()*+,;=~"
NO_ADDRESS = N_("Give the whole address of a calendar. It begins with https:// or webcal://.")
SIGN_IN_PART = N_(
    "Leave out the name and password before the @: the address has to work without signing in."
)
OTHER_PORT = N_(
    "This address names a port that may not be asked. Whoever runs this installation can allow it."
)
NOT_PUBLIC = N_(
    "This address leads into a private network, where nothing may be fetched. Whoever runs this "
    "installation can allow it."
)
NO_HOST = N_("There is no server of this name. Look at the address again.")


@dataclass(frozen=True)
class Target:
    """One place to ask: `path` with its query."""

    scheme: str
    host: str
    port: int
    path: str


def target_of(address: str, allowed: frozenset[str]) -> Target:
    """An address taken apart, before anything is looked up or opened.

    Asked by https, whatever it says: it is a secret. Only hosts that are allowed may be asked in
    the clear, or at another port. Raises Unreadable.
    """
    try:
        url = urlsplit(address.strip())
        host = (url.hostname or "").rstrip(".").encode("idna").decode()
        given = url.port
    except ValueError:
        raise Unreadable(NO_ADDRESS) from None
    scheme = SCHEMES.get(url.scheme)
    if scheme is None or not host or len(address) > LONGEST:
        raise Unreadable(NO_ADDRESS)
    if "@" in url.netloc:
        raise Unreadable(SIGN_IN_PART)
    if host in allowed:
        return Target(scheme, host, given or PORTS[scheme], _path(url))
    target = Target("https", host, PORTS["https"], _path(url))
    if not all(is_public(ip) for ip in _numbers(target)):
        raise Unreadable(NOT_PUBLIC)
    if given not in (None, PORTS[scheme]):
        raise Unreadable(OTHER_PORT)
    return target


def _path(url: SplitResult) -> str:
    """Path and query in plain ASCII (RFC 3986); what is escaped already stays."""
    return quote(url.path or "/", PLAIN) + ("?" + quote(url.query, PLAIN) if url.query else "")


def is_public(address: str) -> bool:
    """Whether an IP address is of the public internet."""
    ip: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(ip, IPv6Address) and (ip not in PUBLIC or ip.sixtofour is not None):
        return False
    return ip.is_global and not ip.is_multicast and ip not in INSIDE


def is_this_machine(connection: socket.socket) -> bool:
    """Whether somebody has reached themselves: behind a public address may be this very machine."""
    return bool(connection.getsockname()[0] == connection.getpeername()[0])


def _numbers(target: Target) -> list[str]:
    """The IP address that a host is when it is a number and no name, in whatever spelling."""
    try:
        return _looked_up(target, socket.AI_NUMERICHOST)
    except OSError:
        return []


def _looked_up(target: Target, flags: int = 0) -> list[str]:
    answers = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM, flags=flags)
    return [str(answer[4][0]) for answer in answers]


def resolved(target: Target, allowed: frozenset[str]) -> list[str]:
    """The IP addresses to connect to: asked once, so that no second answer differs.

    Every address of the name has to be public, unless its operator allowed the host. Raises
    Unreadable.
    """
    try:
        found = _looked_up(target)
    except (OSError, UnicodeError):
        raise Unreadable(NO_HOST) from None
    if target.host not in allowed and not all(is_public(one) for one in found):
        raise Unreadable(NOT_PUBLIC)
    return found
