"""What the database itself refuses: overlapping hard claims of one person, and endless claims.

SQL by hand, since no table definition can say it: an exclusion constraint on PostgreSQL, triggers
on SQLite (sound there, because SQLite has one writer at a time). Intervals are half-open. The
bound on a claim's length lets every look for overlaps read a short stretch of an index.
"""

from supervision.models.sessions import MAX_MINUTES

OVERLAP = "claim overlaps"
TOO_LONG = "claim lasts too long"
EXCLUSION = "ex_claim_overlap"

# SQLite holds instants as 'YYYY-MM-DD HH:MM:SS.ffffff'; datetime() answers without the fraction,
# so the bound is at worst a second too generous, and the last comparison decides.
_OVERLAPS = f"""
    SELECT RAISE(ABORT, '{OVERLAP}') WHERE EXISTS (
        SELECT 1 FROM claim AS other
        WHERE other.person_id = new.person_id AND other.hard AND other.id <> new.id
          AND other.starts_at < new.ends_at
          AND other.starts_at >= datetime(new.starts_at, '-{MAX_MINUTES} minutes')
          AND other.ends_at > new.starts_at);
"""  # noqa: S608 - made of constants
_LASTS_TOO_LONG = f"""
    SELECT RAISE(ABORT, '{TOO_LONG}')
    WHERE substr(new.ends_at, 1, 19) > datetime(new.starts_at, '+{MAX_MINUTES} minutes');
"""


def _trigger(name: str, when: str, condition: str, body: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {when} ON claim FOR EACH ROW"
        f"{condition} BEGIN {' '.join(body.split())} END"
    )


_TIMES = "UPDATE OF person_id, starts_at, ends_at, hard"
_HARD = " WHEN new.hard"

SQLITE_UP: tuple[str, ...] = (
    _trigger("claim_overlap_insert", "INSERT", _HARD, _OVERLAPS),
    _trigger("claim_overlap_update", _TIMES, _HARD, _OVERLAPS),
    _trigger("claim_length_insert", "INSERT", "", _LASTS_TOO_LONG),
    _trigger("claim_length_update", _TIMES, "", _LASTS_TOO_LONG),
)
SQLITE_DOWN: tuple[str, ...] = (
    "DROP TRIGGER claim_length_update",
    "DROP TRIGGER claim_length_insert",
    "DROP TRIGGER claim_overlap_update",
    "DROP TRIGGER claim_overlap_insert",
)
POSTGRESQL_UP: tuple[str, ...] = (
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    (
        f"ALTER TABLE claim ADD CONSTRAINT {EXCLUSION} EXCLUDE USING gist"
        " (person_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&) WHERE (hard)"
    ),
    (
        "ALTER TABLE claim ADD CONSTRAINT ck_claim_length"
        f" CHECK (ends_at - starts_at <= interval '{MAX_MINUTES} minutes')"
    ),
)
# The extension stays: somebody else may use it, and its owner may not be ours to ask.
POSTGRESQL_DOWN: tuple[str, ...] = (
    "ALTER TABLE claim DROP CONSTRAINT ck_claim_length",
    f"ALTER TABLE claim DROP CONSTRAINT {EXCLUSION}",
)

UP: dict[str, tuple[str, ...]] = {"sqlite": SQLITE_UP, "postgresql": POSTGRESQL_UP}
DOWN: dict[str, tuple[str, ...]] = {"sqlite": SQLITE_DOWN, "postgresql": POSTGRESQL_DOWN}
