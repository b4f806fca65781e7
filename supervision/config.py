"""Typed, frozen settings, and the only reader of the environment."""

import hashlib
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from supervision.errors import BadSettings

PREFIX = "SUPERVISION_"
BOOT_KEY = "_SUPERVISION_BOOT_KEY"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SECRETS = ("secret_key", "pepper")
# What may stand in a file of its own instead: a service's environment is no secret.
IN_FILES = (*SECRETS, "database_url", "smtp_url")
OTHERS = stat.S_IRWXG | stat.S_IRWXO
# A folder that holds one of these is an installation's, whoever made it.
OURS = frozenset({*SECRETS, "supervision.sqlite", "jobs.sqlite", "templates"})
# A token of 20 letters and a plus have to fit beside it into 64.
MAILBOX = re.compile(r"[A-Za-z0-9._-]{1,32}")
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
NAMES = frozenset(
    {"instance", "base_url", "redis_url", "mail_from", "log_level"}
    | {"calendar_hosts", "inbound_url", "inbound_mailbox", "mail_again_hours"}
    | {name + suffix for name in IN_FILES for suffix in ("", "_file")}
)


class Settings(BaseModel):
    """Everything that an operator, or a test, can choose.

    The key-derivation costs are no operator's setting: tests lower them to the floor that the
    vault accepts (19 MiB, 2 passes), nothing goes below it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    instance: Path
    database_url: str = Field(repr=False)
    base_url: str = "http://127.0.0.1:8000"
    secret_key: str = Field(min_length=32, repr=False)
    pepper: str = Field(min_length=32, repr=False)
    redis_url: str | None = None
    smtp_url: str | None = Field(default=None, repr=False)
    mail_from: str = "supervision@localhost"
    inbound_url: str | None = None
    inbound_mailbox: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    calendar_hosts: str = ""
    mail_again_hours: int = Field(default=24, ge=0, le=168)
    boot_key: bytes = Field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    kdf_memory_kib: int = 65536
    kdf_passes: int = 3

    @field_validator("database_url")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _one_machine(cls, value: str | None) -> str | None:
        if value is not None:
            raise ValueError("this version runs on one machine; leave it unset")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str | None) -> str | None:
        if value is not None and (
            urlsplit(value).scheme not in {"smtp", "smtps"} or not urlsplit(value).hostname
        ):
            raise ValueError("must look like smtp://user:password@host:587 or smtps://host")
        return value

    @field_validator("inbound_url")
    @classmethod
    def _lmtp(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = urlsplit(value)
        if url.scheme != "lmtp" or not url.hostname or not url.port:
            raise ValueError("must look like lmtp://127.0.0.1:2424")
        return value

    @field_validator("inbound_mailbox")
    @classmethod
    def _mailbox(cls, value: str) -> str:
        local, _at, host = value.partition("@")
        if value and not (MAILBOX.fullmatch(local) and HOST.fullmatch(host)):
            raise ValueError("must look like rsvp@supervision.example.org")
        return value.lower()

    @model_validator(mode="after")
    def _both_or_none(self) -> "Settings":
        if bool(self.inbound_url) != bool(self.inbound_mailbox):
            raise ValueError("INBOUND_URL and INBOUND_MAILBOX belong together")
        return self

    @field_validator("base_url")
    @classmethod
    def _https_in_public(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme not in {"http", "https"} or not url.hostname or url.path not in {"", "/"}:
            raise ValueError("must look like https://supervision.example.org")
        if url.scheme == "http" and url.hostname not in LOOPBACK:
            raise ValueError("a public host needs https")
        return value

    @field_validator("calendar_hosts")
    @classmethod
    def _hosts(cls, value: str) -> str:
        if value.strip() and not all(HOST.fullmatch(one.strip()) for one in value.split(",")):
            raise ValueError("must be names of hosts with commas between them")
        return value

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Hosts that calendars may be fetched from though they are not of the public internet."""
        return frozenset(one.strip().lower() for one in self.calendar_hosts.split(",")) - {""}

    @property
    def secure(self) -> bool:
        """Whether cookies are Secure and carry the __Host- prefix."""
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        """The host that people and calendars see, without its port."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def runtime(self) -> Path:
        """A folder in memory (tmpfs) for what must never reach the disk; one per instance folder.

        Where a machine has no /dev/shm the system's temporary folder stands in.
        """
        shm = Path("/dev/shm")  # noqa: S108 - memory-backed on purpose, made with mode 0700
        base = shm if shm.is_dir() else Path(tempfile.gettempdir())
        name = hashlib.sha256(str(self.instance.resolve()).encode()).hexdigest()[:16]
        return base / f"supervision-{os.getuid()}-{name}"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `SUPERVISION_…`; generated secrets are kept in the instance folder.

    From here on all that this process writes is for its own user alone, whatever the umask was.
    Raises BadSettings with one line that names the setting at fault.
    """
    os.umask(OTHERS)
    env = os.environ if environ is None else environ
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in env.items()
        if name.startswith(PREFIX)
    }
    for name in sorted(given.keys() - NAMES):
        raise BadSettings(f"{PREFIX}{name.upper()}: is not a setting that Supervision knows")
    named = given.pop("instance", "")
    instance = Path(named or "instance").absolute()
    _make_folder(instance, ours=not named)
    values: dict[str, object] = {"instance": instance, **_with_files(given)}
    values.setdefault("database_url", f"sqlite:///{instance / 'supervision.sqlite'}")
    for name in SECRETS:
        if name not in values:  # a secret that is kept elsewhere leaves no other one here
            values[name] = _kept_secret(instance / name)
    if BOOT_KEY in env:
        values["boot_key"] = bytes.fromhex(env[BOOT_KEY])
    return build(values)


def build(values: Mapping[str, object]) -> Settings:
    """Settings from plain values. Raises BadSettings."""
    try:
        return Settings.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else "settings"
        message = first["msg"].removeprefix("Value error, ")
        raise BadSettings(f"{name}: {message}") from None


def _with_files(given: dict[str, str]) -> dict[str, str]:
    """Replace `…_FILE` settings by what their files hold."""
    values = dict(given)
    for name in IN_FILES:
        path = values.pop(f"{name}_file", None)
        if path is None:
            continue
        try:
            values[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no text"
            raise BadSettings(f"{PREFIX}{name.upper()}_FILE: cannot be read ({reason})") from None
    return values


def close_to_others(path: Path) -> None:
    """Leave a file or folder to its owner alone, where this user may; its owner stays."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & OTHERS:
        with suppress(PermissionError):
            path.chmod(mode & ~OTHERS)


def _make_folder(path: Path, *, ours: bool) -> None:
    """The instance folder, in which no other user finds anything.

    One of ours that is open, as mkdir, git or an unpacked archive made it, is closed. No other one
    is touched: whoever names /srv by mistake must not find it closed to everybody.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        inside = list(path.iterdir())
        if ours or not inside or any(one.name in OURS for one in inside):
            _close_with(path, inside)
        is_open = path.stat().st_mode & OTHERS
    except OSError as error:
        raise BadSettings(f"{PREFIX}INSTANCE: cannot be used ({error.strerror})") from None
    if is_open:
        raise BadSettings(
            f"{PREFIX}INSTANCE: other users may enter this folder; it has to be"
            " Supervision's own, with mode 0700"
        )


def _close_with(folder: Path, inside: list[Path]) -> None:
    """Close a folder and its owner's files; what another user laid there stays as it is."""
    close_to_others(folder)
    owner = folder.stat().st_uid
    for one in inside:
        with suppress(FileNotFoundError):  # a server that runs makes and removes some
            if not one.is_symlink() and one.stat().st_uid == owner:
                close_to_others(one)


def _kept_secret(path: Path) -> str:
    """The secret in `path`, made once; two processes that start together agree on one."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(f"{path}.{os.getpid()}", flags, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(f"{path}.{os.getpid()}", path)
        except FileExistsError:
            pass
        finally:
            os.unlink(f"{path}.{os.getpid()}")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"{path.name}: cannot be kept ({error.strerror})") from None
