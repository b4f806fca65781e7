"""Mails and calendars that are small and would make a careless reader toil."""

from collections.abc import Iterable

FROM = b"From: bob@example.org\r\n"
MULTIPART = b'Content-Type: multipart/mixed; boundary="%d"\r\n'


def nested(depth: int) -> bytes:
    """Parts in parts."""
    heads = (MULTIPART % at + b"\r\n--%d\r\n" % at for at in range(depth))
    return FROM + b"".join(heads) + b"\r\nwords\r\n"


def many(parts: int, kind: bytes = b"text/plain") -> bytes:
    """Parts beside one another."""
    one = b"--0\r\nContent-Type: " + kind + b"\r\n\r\nx\r\n"
    return FROM + MULTIPART % 0 + b"\r\n" + one * parts + b"--0--\r\n"


def enclosed(depth: int) -> bytes:
    """Mails in mails."""
    return FROM + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"\r\nwords\r\n"


def digests(depth: int) -> bytes:
    """Parts whose parts are mails without anybody saying so."""
    return nested(depth).replace(b"multipart/mixed", b"multipart/digest")


def parameters(count: int, name: bytes = b" x%d=y") -> bytes:
    """A Content-Type with parameters, folded one by one."""
    given = b"".join(b";\r\n" + (name % at if b"%d" in name else name) for at in range(count))
    return FROM + b"Content-Type: text/calendar" + given + b"\r\n\r\nx\r\n"


def headed(lines: Iterable[bytes]) -> bytes:
    return FROM + b"".join(line + b"\r\n" for line in lines) + b"\r\nx\r\n"


MAILS = {
    "12,000 parameters": parameters(12_000),
    "25,000 parameters": parameters(25_000, b" %d"),
    "2,000 quotes": parameters(2_000, b'"'),
    "2,000 pieces of one parameter": parameters(2_000, b" name*%d*=utf-8''%%41"),
    "975 parts deep": nested(975),
    "5,000 parts deep": nested(5_000),
    "975 digests deep": digests(975),
    "5,000 parts": many(5_000),
    "5,000 multiparts": many(5_000, b"multipart/mixed; boundary=0"),
    "5,000 mails deep": enclosed(5_000),
    "a mail of boundaries": FROM + MULTIPART % 0 + b"\r\n" + b"--0\r\n" * 50_000,
    "a mail of other boundaries": FROM + MULTIPART % 0 + b"\r\n" + b"--0 x\r\n" * 35_000,
    "a boundary of spaces": FROM + MULTIPART % 0 + b"\r\n--0" + b" " * 250_000,
    "encoded words in a name": headed(
        [b"From: " + b"=?utf-8?q?=41?= " * 6_000 + b"<bob@example.org>"]
    ),
    "encoded words in a type": headed([b"Content-Type: " + b"=?utf-8?b?QQ==?=\r\n " * 8_000]),
    "20,000 headers": headed(b"X-%d: y" % at for at in range(20_000)),
    "60,000 headers": headed([b"X:"] * 60_000),
    "20,000 types": headed([b"Content-Type: text/calendar"] * 8_000),
    "20,000 senders": headed([b"From: a@b.c"] * 20_000),
    "a header of 1 MB": headed([b"Subject: " + b"x" * 1_000_000]),
    "a header of 200 KB": headed([b"Subject: " + b"x" * 200_000]),
    "a type of 200 KB": headed([b"Content-Type: text/" + b"x" * 200_000]),
    "comments in comments": headed([b"From: " + b"(" * 1_900]),
    "brackets in brackets": headed([b"From: " + b"<" * 1_900]),
    "groups of senders": headed([b"From: " + b"a:" * 900 + b";"]),
    "lines of nothing": FROM + b"\r\n" * 120_000,
    "a head without an end": b"X-A: b\n " * 30_000,
    "no lines": b"x" * 250_000,
    "NUL": b"\0" * 250_000,
    "NUL in a sender": headed([b"From: b\0ob@example.org"]),
    "broken Base64": FROM
    + b"Content-Type: text/calendar\r\nContent-Transfer-Encoding: base64\r\n\r\nA",
    "an unknown encoding": FROM
    + b"Content-Type: text/calendar; charset=x-none\r\nContent-Transfer-Encoding: x-y\r\n\r\nA",
    "UTF-16": headed([b"Content-Type: text/calendar; charset=utf-16"]).decode().encode("utf-16"),
}
# Put into the event of a reply that would be taken.
LINES = {
    "a broken day of a series": b"RECURRENCE-ID:broken",
    "a day of a series that is empty": b"RECURRENCE-ID:",
    "a day of a series in the year 0": b"RECURRENCE-ID:00000101T000000Z",
    "a zone with a path": b"RECURRENCE-ID;TZID=../../etc:20261124T100000",
    "a zone of 1,500 letters": b"RECURRENCE-ID;TZID=" + b"x" * 1_500 + b":20261124T100000",
    "an hour that is none": b"RECURRENCE-ID:20261124T990000Z",
    "a number of 5,000 digits": b"SEQUENCE:" + b"9" * 5_000,
    "a number that is none": b"SEQUENCE:many",
    "a stamp in the year 1": b"DTSTAMP;TZID=Asia/Tokyo:00010101T000000",
    "a stamp in the year 9999": b"DTSTAMP;TZID=America/New_York:99991231T235959",
    "a stamp that is a length": b"DTSTAMP;VALUE=DURATION:PT1H",
    "an address with NUL": b"ATTENDEE;PARTSTAT=ACCEPTED:mailto:b\0ob@example.org",
    "an address of 1,500 letters": b"ATTENDEE;PARTSTAT=ACCEPTED:mailto:" + b"b" * 1_500,
    "an address that is no text": b"ATTENDEE;PARTSTAT=ACCEPTED:mailto:\xff\xfe",
    "1,500 quotes": b"ATTENDEE;CN=" + b'"' * 1_500 + b":mailto:bob@example.org",
    "900 parameters": b"ATTENDEE" + b";X=" * 600 + b":mailto:bob@example.org",
    "a long attendee": b"ATTENDEE;CN=" + b"b" * 20_000 + b":mailto:bob@example.org",
    "a rule of each second": b"RRULE:FREQ=SECONDLY",
    "9,000 days of a rule": b"RRULE:FREQ=DAILY;BYDAY=" + b"MO," * 9_000 + b"MO",
    "1,800 dates": b"RDATE:" + b"20261124T100000Z," * 1_800 + b"20261124T100000Z",
    "5,000 lines of nothing": b"\n".join([b"X-A:b"] * 5_000),
    "10,000 folds": b"DESCRIPTION:b" + b"\n a" * 10_000,
    "escapes": b"SUMMARY:" + b"\\n\\," * 7_000,
}
