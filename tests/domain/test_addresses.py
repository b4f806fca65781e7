"""One address is one mailbox: what is taken, what is not, and that a mail goes to it alone."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.utils import getaddresses
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain.addresses import is_one_address
from supervision.services.mail.composing import Leased, Letterhead, compose

GOOD = [
    "ana@example.org",
    "ana.adler@mail.example.org",
    "ana+rosters@example.org",
    "o'neil@example.org",
    "a!#$%&*/=?^_`{|}~-b@example.org",
    "1@example.org",
    "ana@xn--bcher-kva.example",
    "ana@mailhost",
    "ana@clinic.local",
    "ana@1x.example.org",
    f"{'a' * 64}@example.org",
    f"{'e' * 64}@{'d' * 60}.{'d' * 60}.{'d' * 60}.org",
]
BAD = [
    "",
    "ana",
    "ana@",
    "@example.org",
    "a@x.example,b@y.example,c@z.example",
    "a;b@x.example",
    "a b@x.example",
    "<a@x.example>@y.example",
    "a@x.example>",
    "<a@x.example>",
    "ana <a@x.example>",
    "(c)a@x.example",
    "a@x.example(c)",
    "a:b@x.example;",
    "a@b@c.example",
    '"a b"@x.example',
    '"a"@x.example',
    ".a@x.example",
    "a.@x.example",
    "a..b@x.example",
    "a@.x.example",
    "a@x.example.",
    "a@x..example",
    "a@-x.example",
    "a@x_y.example",
    "a@[192.0.2.1]",
    "a@[ipv6:::1]",
    "a@localhost",
    "0123456789abcdef0123456789abcdef@left.invalid",
    "=?utf-8?q?b?=@x.example",
    "=?utf-8?q?b=40y.example=2c?=@x.example",
    "a@x.example\nbcc: b@y.example",
    "a\r\n@x.example",
    "a\0@x.example",
    "zoë@x.example",
    "a@bücher.example",
    "a@x。example",
    "\u212aa@x.example",
    f"{'a' * 65}@x.example",
    f"a@{'x' * 64}.example",
    "a@" + "x." * 130 + "example",
    "a@" + "x" * 100_000,
    "a" * 100_000,
    ("," * 1000) + "@x.example",
]


@pytest.mark.parametrize("address", GOOD)
def test_address_of_one_mailbox_is_taken(address: str) -> None:
    assert is_one_address(address)


@pytest.mark.parametrize("address", BAD, ids=[ascii(one)[:40] for one in BAD])
def test_address_that_is_not_one_plain_mailbox_is_refused(address: str) -> None:
    assert not is_one_address(address)


SIGNS = "abz019.!#$%&'*+/=?^_`{|}~-@,;:<>()[]\"\\ \t\r\n\0éß"
parts = st.text(SIGNS, min_size=1, max_size=20)
almost = st.builds(
    "{}@{}".format,
    st.one_of(parts, st.sampled_from(["=?utf-8?q?b?=", "=?us-ascii?b?Yg==?=", "a,b", "a"])),
    st.one_of(parts, st.sampled_from(["x.example", "xn--a", "x.example,b@y.example"])),
)


@given(st.one_of(almost, st.sampled_from(GOOD + BAD), st.emails().map(str.lower)))
def test_mail_to_what_is_taken_goes_there_and_nowhere_else(address: str) -> None:
    if is_one_address(address):
        assert recipients(address) == [address]


def recipients(address: str) -> list[str]:
    """Whom a server is told, and a mail program finds, in a mail as it leaves."""
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    mail = Leased(UUID(int=1), address, None, "account", "Subject", "Text.", at, 0)
    message = compose(mail, Letterhead("s@s.example", "https://s.example", "k" * 32))
    sent = message.as_bytes(policy=policy.SMTP)
    read = message_from_bytes(sent, policy=policy.default)
    told, again = (names(one["to"]) for one in (message, read))
    assert again == told
    return told


def names(header: object) -> list[str]:
    return [found for _name, found in getaddresses([str(header)])]


@pytest.mark.parametrize("address", ["a@x.example,b@y.example", "<a@x.example>@y.example"])
def test_address_of_an_older_account_that_is_several_is_mailed_to_nobody(address: str) -> None:
    with pytest.raises((ValueError, MessageError)):
        recipients(address)
