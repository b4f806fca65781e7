"""Which addresses the server may open for somebody."""

import pytest

from supervision.domain.outside import Unreadable
from supervision.services.outside import addresses
from supervision.services.outside.addresses import Target, target_of

NONE: frozenset[str] = frozenset()
HERE = frozenset({"calendar.test"})


def refusal(address: str, allowed: frozenset[str] = NONE) -> str:
    with pytest.raises(Unreadable) as refused:
        target_of(address, allowed)
    return refused.value.msgid


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "0.0.0.0",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%2",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2001::7f00:1",
        "2001:db8::1",
    ],
)
def test_address_within_is_not_public(ip: str) -> None:
    assert not addresses.is_public(ip)


@pytest.mark.parametrize("ip", ["8.8.8.8", "2606:4700::1111", "2a00:1450:4009::200e"])
def test_address_of_the_internet_is_public(ip: str) -> None:
    assert addresses.is_public(ip)


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://a.org/x.ics", Target("https", "a.org", 443, "/x.ics")),
        (" webcal://A.org/x?key=1 ", Target("https", "a.org", 443, "/x?key=1")),
        ("webcals://a.org", Target("https", "a.org", 443, "/")),
        ("https://a.org:443/x", Target("https", "a.org", 443, "/x")),
        ("http://a.org/x", Target("https", "a.org", 443, "/x")),
        ("http://a.org:80/x", Target("https", "a.org", 443, "/x")),
        ("https://a.org./x", Target("https", "a.org", 443, "/x")),
        (
            "https://bücher.example/ä b%20",
            Target("https", "xn--bcher-kva.example", 443, "/%C3%A4%20b%20"),
        ),
        ("https://[2606:4700::1111]/", Target("https", "2606:4700::1111", 443, "/")),
        ("http://calendar.test/x", Target("http", "calendar.test", 80, "/x")),
        ("http://calendar.test:5232/x", Target("http", "calendar.test", 5232, "/x")),
        ("webcal://calendar.test:8443/x", Target("https", "calendar.test", 8443, "/x")),
    ],
)
def test_address_is_taken_apart(address: str, target: Target) -> None:
    assert target_of(address, HERE) == target


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", addresses.NO_ADDRESS),
        ("my calendar", addresses.NO_ADDRESS),
        ("a.org/x.ics", addresses.NO_ADDRESS),
        ("ftp://a.org/", addresses.NO_ADDRESS),
        ("file:///etc/passwd", addresses.NO_ADDRESS),
        ("gopher://a.org/", addresses.NO_ADDRESS),
        ("https:///x.ics", addresses.NO_ADDRESS),
        ("https://[/", addresses.NO_ADDRESS),
        ("https://a..org/", addresses.NO_ADDRESS),
        ("https://a.org:99999/", addresses.NO_ADDRESS),
        (f"https://a.org/{'x' * 2000}", addresses.NO_ADDRESS),
        ("https://me:word@a.org/", addresses.SIGN_IN_PART),
        ("https://a.org@127.0.0.1/", addresses.SIGN_IN_PART),
        ("https://a.org:22/", addresses.OTHER_PORT),
        ("http://a.org:443/", addresses.OTHER_PORT),
        ("https://a.org:80/", addresses.OTHER_PORT),
        ("https://127.0.0.1/", addresses.NOT_PUBLIC),
        ("https://127.0.0.1:8000/", addresses.NOT_PUBLIC),
        ("https://2130706433/", addresses.NOT_PUBLIC),
        ("https://0x7f000001/", addresses.NOT_PUBLIC),
        ("https://0177.0.0.1/", addresses.NOT_PUBLIC),
        ("https://127.1/", addresses.NOT_PUBLIC),
        ("https://①②⑦.0.0.1/", addresses.NOT_PUBLIC),
        ("https://127。0。0。1/", addresses.NOT_PUBLIC),
        ("https://[::1]/", addresses.NOT_PUBLIC),
        ("https://[::ffff:10.0.0.1]/", addresses.NOT_PUBLIC),
        ("https://169.254.169.254/latest/meta-data/", addresses.NOT_PUBLIC),
    ],
)
def test_what_may_not_be_asked_is_refused_before_anything_is_opened(
    address: str, sentence: str
) -> None:
    assert refusal(address) == sentence


def test_path_can_smuggle_no_second_request() -> None:
    target = target_of("https://a.org/x HTTP/1.1\r\nHost: b.org\r\n\r\n?y\tz", NONE)
    assert target.path == "/x%20HTTP/1.1Host:%20b.org?yz"
