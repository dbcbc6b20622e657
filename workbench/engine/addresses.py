"""Which addresses outbound calls may reach: our own table of ranges, and the allow list of the settings. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from workbench.base.errors import InvalidInput

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

# IANA's special-purpose registries for IPv4 and IPv6, with what is multicast or reserved beside them.
_V4 = tuple(
    (IPv4Network(network), name)
    for network, name in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by carriers"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local (cloud metadata)"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_V6 = tuple(
    (IPv6Network(network), name)
    for network, name in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "local translation"),
        ("100::/64", "discard"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_EMBEDDING_LAST = tuple(IPv6Network(n) for n in ("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "::/96"))
_6TO4 = IPv6Network("2002::/16")


def embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address inside a mapped, translated (NAT64), compatible, 6to4 or ISATAP address."""
    if isinstance(address, IPv4Address) or address in (IPv6Address("::"), IPv6Address("::1")):
        return None
    number = int(address)
    if any(address in network for network in _EMBEDDING_LAST):
        return IPv4Address(number & 0xFFFF_FFFF)
    if address in _6TO4:
        return IPv4Address(number >> 80 & 0xFFFF_FFFF)
    if number >> 32 & 0xFDFF_FFFF == 0x0000_5EFE:
        return IPv4Address(number & 0xFFFF_FFFF)
    return None


def why_not(address: Address) -> str | None:
    """Why an address is none of the public internet: its range in words; None for a public one."""
    if isinstance(address, IPv4Address):
        return next((name for network, name in _V4 if address in network), None)
    inner = embedded(address)
    if inner is not None:
        reason = why_not(inner)
        if reason is not None:
            return f"{reason} ({inner})"
        if any(address in network for network in _EMBEDDING_LAST):
            return None
    reason = next((name for network, name in _V6 if address in network), None)
    return reason or (None if address in _GLOBAL_V6 else "reserved")


@dataclass(frozen=True, slots=True)
class AllowList:
    """Hosts and networks that may be reached in spite of the table."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    suffixes: tuple[str, ...] = ()
    networks: tuple[Network, ...] = field(default=())

    @classmethod
    def parse(cls, entries: Iterable[str]) -> AllowList:
        """From ``localhost``, ``localhost:8080``, ``*.corp.example``, ``10.1.2.3`` or ``10.0.0.0/8``.

        Raises InvalidInput naming an entry that is none of these.
        """
        hosts: set[tuple[str, int | None]] = set()
        suffixes: list[str] = []
        networks: list[Network] = []
        for entry in (e.strip().lower() for e in entries):
            if not entry:
                continue
            try:
                networks.append(ip_network(entry, strict=False))
                continue
            except ValueError:
                pass
            if entry.startswith("*."):
                suffixes.append(entry[1:])
                continue
            name, colon, port = entry.rpartition(":") if ":" in entry else (entry, "", "")
            if not name or "/" in entry or (colon and not port.isdigit()):
                raise InvalidInput(
                    f"`{entry}` is no host and no network.",
                    hint="HTTP_ALLOW takes names, name:port, *.name, addresses and networks such as 10.0.0.0/8.",
                )
            hosts.add((name.strip("[]"), int(port) if colon else None))
        return cls(frozenset(hosts), tuple(suffixes), tuple(networks))

    def allows_host(self, host: str, port: int) -> bool:
        """Whether the name itself is on the list, whatever it resolves to."""
        name = host.lower().rstrip(".")
        return (name, None) in self.hosts or (name, port) in self.hosts or name.endswith(self.suffixes)

    def allows_address(self, address: Address) -> bool:
        """Whether the address, or an IPv4 address inside it, is in a network on the list."""
        inner = embedded(address)
        return any(
            candidate in network
            for candidate in (address, *((inner,) if inner else ()))
            for network in self.networks
            if network.version == candidate.version
        )


def parse_address(text: str) -> Address:
    """An address as the resolver writes it (a zone after ``%`` is left out)."""
    return ip_address(text.partition("%")[0])
