"""Which addresses are of the public internet."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.base.errors import InvalidInput
from workbench.engine.addresses import AllowList, embedded, why_not

REFUSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2606:4700::5efe:10.0.0.1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "4000::1",
]
PUBLIC = [
    "1.1.1.1",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_public_is_refused_with_its_range(text):
    assert why_not(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_is_not(text):
    assert why_not(ip_address(text)) is None


@given(st.ip_addresses(v=4))
def test_every_way_of_writing_an_ipv4_address_in_ipv6_is_judged_as_that_address(inner: IPv4Address):
    number = int(inner)
    for outer in (0xFFFF << 32 | number, 0x0064_FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert embedded(IPv6Address(outer)) == inner
        assert bool(why_not(IPv6Address(outer))) == bool(why_not(inner))


def test_the_allow_list_takes_names_ports_suffixes_and_networks():
    allow = AllowList.parse(["localhost", "db.example:5432", "*.corp.example", "10.0.0.0/8", "fd00::1", ""])
    assert allow.allows_host("LOCALHOST.", 80)
    assert allow.allows_host("db.example", 5432)
    assert not allow.allows_host("db.example", 80)
    assert allow.allows_host("a.corp.example", 80)
    assert not allow.allows_host("evilcorp.example", 80)
    assert allow.allows_address(ip_address("10.2.3.4"))
    assert allow.allows_address(ip_address("::ffff:10.2.3.4"))
    assert allow.allows_address(ip_address("fd00::1"))
    assert not allow.allows_address(ip_address("192.168.0.1"))


@pytest.mark.parametrize("entry", ["10.0.0.0/33", "host:port", ":80"])
def test_an_entry_that_is_none_of_these_is_named(entry):
    with pytest.raises(InvalidInput, match="is no host and no network"):
        AllowList.parse([entry])
