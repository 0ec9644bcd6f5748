"""Which addresses are this server: what a browser may say in its Host and Origin headers.

A page of another site can make its own name lead to this machine (DNS
rebinding); then the Host header still says the name of that site.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?", re.ASCII)

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]"))


def name_in(header: str) -> str | None:
    """The name in a Host header, in small letters and without the port; None: it is none."""
    found = _HOST.fullmatch(header)
    return found[1].lower().rstrip(".") if found else None


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Hosts:
    """The names by which browsers may know this server.

    Bound to loopback it has the loopback names. Bound to another address it has
    the machine's name and every numeric address, which no other site can own.

    Args:
        bound: the address that it is bound to.
        names: further names, such as that of a proxy before it.
    """

    def __init__(self, bound: str, names: Iterable[str] = ()) -> None:
        own = {bound.lower(), f"[{bound.lower()}]", *(name.lower() for name in names)}
        self._numeric = not is_loopback(bound)
        if self._numeric:
            # Not getfqdn, which may wait for a name server.
            machine = socket.gethostname().lower()
            own |= {machine, f"{machine}.local"}
        self._names = frozenset(own | _LOOPBACK)

    def owns(self, header: str) -> bool:
        """Whether a Host header names this server. The port may be that of a tunnel."""
        name = name_in(header)
        if name is None:
            return False
        return name in self._names or (self._numeric and _is_number(name))


def same_origin(origin: str, host: str) -> bool:
    """Whether an Origin header is that of a page of this server, as the Host header names it."""
    parts = urlsplit(origin)
    plain = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    return parts.scheme in ("http", "https") and plain and parts.netloc.lower() == host.lower()


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
