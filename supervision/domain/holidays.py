"""Public holidays by country and region, from the library of that name.

The library is big and most people want none of it: it is loaded when a country is first asked for,
and each country's year is worked out once a process.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from supervision.errors import N_, Invalid

NONE: Mapping[date, str] = MappingProxyType({})


@lru_cache(maxsize=1)
def countries() -> tuple[str, ...]:
    """The ISO 3166-1 codes of two letters that are known, in order."""
    from holidays.registry import COUNTRIES  # noqa: PLC0415 - see above

    return tuple(sorted({codes[1] for codes in COUNTRIES.values()}))


@lru_cache(maxsize=256)
def regions(country: str) -> tuple[str, ...]:
    """The codes of a country's parts that have holidays of their own. Raises Invalid."""
    from holidays import country_holidays  # noqa: PLC0415

    try:
        return tuple(country_holidays(country).subdivisions)
    except NotImplementedError:
        raise Invalid("holiday_country", N_("No holidays are known for this country.")) from None


def check(country: str, region: str) -> None:
    """Raises Invalid for a country, or a region of it, that has no holidays here."""
    if not country and region:
        raise Invalid("holiday_region", N_("Choose a country first."))
    if country and region and region not in regions(country):
        raise Invalid(
            "holiday_region",
            N_("This region is unknown. Known here: %(regions)s."),
            regions=", ".join(regions(country)) or "–",
        )
    if country:
        regions(country)


def named(country: str, region: str, first: date, last: date) -> Mapping[date, str]:
    """The holidays on [first, last], both inclusive, with their names; none without a country."""
    if not country:
        return NONE
    found: dict[date, str] = {}
    for year in range(first.year, last.year + 1):
        found.update(_of_year(country, region, year))
    return {day: name for day, name in found.items() if first <= day <= last}


@lru_cache(maxsize=512)
def _of_year(country: str, region: str, year: int) -> Mapping[date, str]:
    from holidays import country_holidays  # noqa: PLC0415

    try:
        return MappingProxyType(dict(country_holidays(country, subdiv=region or None, years=year)))
    except NotImplementedError:  # chosen when an older library knew it
        return NONE
