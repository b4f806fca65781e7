"""Calendars that are small and would make a careless reader toil."""


def calendar(*lines: str, before: str = "") -> bytes:
    """A calendar with one event of these lines."""
    inside = "\r\n".join(lines)
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
        f"{before}BEGIN:VEVENT\r\nUID:a\r\n{inside}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


START = "DTSTART:20261201T100000Z"
LONG_AGO = "DTSTART:19700101T000000Z"


def rule(said: str, start: str = LONG_AGO) -> bytes:
    return calendar(start, "DURATION:PT50M", f"RRULE:{said}")


def dates(name: str, count: int) -> bytes:
    listed = ",".join(
        f"2026{1 + at % 12:02}{1 + at % 28:02}T{at % 24:02}{at % 60:02}00Z" for at in range(count)
    )
    return calendar(START, "DURATION:PT50M", "RRULE:FREQ=WEEKLY;COUNT=9", f"{name}:{listed}")


def zone(rule: str, count: int = 1) -> str:
    """A VTIMEZONE whose clocks change by a rule, so many times over."""
    part = (
        "BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
        f"RRULE:{rule}\r\nEND:STANDARD\r\n"
    )
    return f"BEGIN:VTIMEZONE\r\nTZID:Odd\r\n{part * count}END:VTIMEZONE\r\n"


ODD = ("DTSTART;TZID=Odd:20261201T100000", "DURATION:PT50M")
CALENDARS = {
    "each second": rule("FREQ=SECONDLY"),
    "each second for ever since 1970": rule("FREQ=SECONDLY;INTERVAL=1;UNTIL=99991231T235959Z"),
    "each second, a thousand million times": rule("FREQ=SECONDLY;COUNT=1000000000"),
    "each minute": rule("FREQ=MINUTELY", START),
    "each hour": rule("FREQ=HOURLY", START),
    "each day, a thousand million times": rule("FREQ=DAILY;COUNT=1000000000"),
    "each day since the year 1": rule("FREQ=DAILY", "DTSTART:00010101T000000Z"),
    "each day from the year 9999": rule("FREQ=DAILY", "DTSTART:99991231T235959Z"),
    "each second of each day of a week": rule(
        "FREQ=WEEKLY;BYHOUR="
        + ",".join(map(str, range(24)))
        + ";BYMINUTE="
        + ",".join(map(str, range(60)))
        + ";BYSECOND="
        + ",".join(map(str, range(60)))
    ),
    "never, though each second is looked at": rule("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"),
    "never, though each year is looked at": rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
    "the 366th second of a set": rule(
        "FREQ=YEARLY;BYHOUR=0,6,12,18;BYMINUTE=" + ",".join(map(str, range(60))) + ";BYSETPOS=-366"
    ),
    "a set of all places": rule(
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=" + ",".join(map(str, range(1, 367)))
    ),
    "no step": rule("FREQ=DAILY;INTERVAL=0"),
    "no step and seconds": rule("FREQ=SECONDLY;INTERVAL=0"),
    "a step of a thousand million": rule("FREQ=DAILY;INTERVAL=1000000000"),
    "a rule of 50,000 days": rule("FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * 50_000)),
    "a rule of 5,000 digits": rule("FREQ=DAILY;COUNT=" + "9" * 5_000),
    "a thousand rules": calendar(START, "DURATION:PT50M", *["RRULE:FREQ=DAILY"] * 1_000),
    "50,000 dates more": dates("RDATE", 50_000),
    "50,000 dates less": dates("EXDATE", 50_000),
    "20,000 periods": calendar(
        START, "RDATE;VALUE=PERIOD:" + ",".join(["20261201T100000Z/P9999D"] * 20_000)
    ),
    "a huge length": calendar(START, "DURATION:P99999999999D"),
    "a length of 5,000 digits": calendar(START, f"DURATION:P{'9' * 5_000}D"),
    "a year of days that each last a year": calendar(
        "DTSTART:20250101T000000Z", "DURATION:P366D", "RRULE:FREQ=DAILY"
    ),
    "a zone that changes each second": calendar(*ODD, before=zone("FREQ=SECONDLY")),
    "a zone that changes each day": calendar(*ODD, "RRULE:FREQ=DAILY", before=zone("FREQ=DAILY")),
    "a zone of 2,000 changes": calendar(*ODD, before=zone("FREQ=YEARLY;BYMONTH=10", 2_000)),
    "2,000 zones": calendar(*ODD, before=zone("FREQ=YEARLY;BYMONTH=10") * 2_000),
    "5,000 deep": b"BEGIN:VCALENDAR\r\n" + b"BEGIN:X\r\n" * 5_000 + b"END:X\r\n" * 5_000,
    "100,000 lines of nothing": calendar(START, *["X-A:b"] * 100_000),
    "an hour's folds": calendar(START, "SUMMARY:" + "\r\n a" * 150_000),
    "20,000 parameters": calendar(START, "SUMMARY" + ";X=y" * 20_000 + ":z"),
    "100,000 quotes": calendar(START, "SUMMARY;X=" + '"' * 100_000 + ":z"),
    "1,000 alarms": calendar(
        START,
        *["BEGIN:VALARM\r\nTRIGGER:-P1D\r\nREPEAT:99999\r\nDURATION:PT1S\r\nEND:VALARM"] * 1_000,
    ),
    "4,000 events each hour": b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
    + b"".join(
        b"BEGIN:VEVENT\r\nUID:%d\r\nDTSTART:19700101T000000Z\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\n"
        % at
        for at in range(4_000)
    )
    + b"END:VCALENDAR\r\n",
}
