"""Which addresses the server may open for somebody: hosts of the public internet, nothing else."""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from supervision.domain.outside import Unreadable
from supervision.errors import N_

PORTS = {"http": 80, "https": 443}
# Everything else in IPv6 is local, mapped, translated (64:ff9b::/96) or not given out.
PUBLIC = IPv6Network("2000::/3")
NO_ADDRESS = N_("Give an address that begins with https:// or webcal://.")
NOT_PUBLIC = N_("This address leads into a private network, where nothing may be fetched.")
NO_HOST = N_("There is no server of this name.")


@dataclass(frozen=True)
class Target:
    """One place to ask: `path` with its query."""

    scheme: str
    host: str
    port: int
    path: str


def target_of(address: str, allowed: frozenset[str]) -> Target:
    """An address taken apart. Raises Unreadable for what is none, or has another port."""
    try:
        url = urlsplit(address.strip())
        host, given = (url.hostname or "").encode("idna").decode(), url.port
    except ValueError:
        raise Unreadable(NO_ADDRESS) from None
    scheme = {"webcal": "https", "webcals": "https"}.get(url.scheme, url.scheme)
    whole = f"{url.path or '/'}{'?' + url.query if url.query else ''}"
    plain = whole.isascii() and whole.isprintable() and " " not in whole
    if scheme not in PORTS or not host or "@" in url.netloc or not plain:
        raise Unreadable(NO_ADDRESS)
    port = given or PORTS[scheme]
    if port not in PORTS.values() and host not in allowed:
        raise Unreadable(NO_ADDRESS)
    return Target(scheme, host, port, whole)


def is_public(address: str) -> bool:
    """Whether an IP address is of the public internet."""
    ip: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(ip, IPv6Address) and (ip not in PUBLIC or ip.sixtofour is not None):
        return False
    return ip.is_global and not ip.is_multicast


def resolved(target: Target, allowed: frozenset[str]) -> str:
    """The one IP address to connect to: asked once, so that no second answer differs.

    Every address of the name has to be public, unless its operator allowed the host. Raises
    Unreadable.
    """
    try:
        answers = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError:
        raise Unreadable(NO_HOST) from None
    found = [str(answer[4][0]) for answer in answers]
    if target.host not in allowed and not all(is_public(one) for one in found):
        raise Unreadable(NOT_PUBLIC)
    return found[0]
