"""Settings: what an operator may say, and the one line that answers anything else."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from supervision import config
from supervision.errors import BadSettings

ROOT = Path(__file__).parents[1]
PUBLIC = "https://supervision.example.org"


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path / "instance"


def load(instance: Path, **environment: str) -> config.Settings:
    """Settings as they come out of this environment alone."""
    return config.load({"SUPERVISION_INSTANCE": str(instance)} | environment)


def refusal(instance: Path, **environment: str) -> str:
    with pytest.raises(BadSettings) as refused:
        load(instance, **environment)
    return refused.value.msgid


def test_nothing_set_is_one_machine_with_sqlite(instance: Path) -> None:
    settings = load(instance)
    assert settings.instance == instance
    assert settings.database_url == f"sqlite:///{instance}/supervision.sqlite"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert (settings.smtp_url, settings.redis_url) == (None, None)
    assert (settings.mail_from, settings.log_level) == ("supervision@localhost", "INFO")


def test_instance_defaults_to_a_folder_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load({}).instance == tmp_path / "instance"


def test_key_derivation_is_dear_unless_a_test_says_otherwise(instance: Path) -> None:
    settings = load(instance)
    assert (settings.kdf_memory_kib, settings.kdf_passes) == (64 * 1024, 3)


def test_every_setting_of_the_operator_is_taken(instance: Path) -> None:
    given = {
        "SUPERVISION_DATABASE_URL": "postgresql+psycopg://supervision@db/supervision",
        "SUPERVISION_BASE_URL": PUBLIC,
        "SUPERVISION_SECRET_KEY": "k" * 40,
        "SUPERVISION_PEPPER": "p" * 40,
        "SUPERVISION_SMTP_URL": "smtps://user:word@mail.example.org",
        "SUPERVISION_MAIL_FROM": "supervision@example.org",
        "SUPERVISION_LOG_LEVEL": "WARNING",
        "SUPERVISION_CALENDAR_HOSTS": "calendar.example.org, 10.0.0.7",
    }
    settings = load(instance, **given)
    found = {f"SUPERVISION_{name.upper()}": value for name, value in dict(settings).items()}
    assert {name: found[name] for name in given} == given


def test_other_programs_settings_are_none_of_ours(instance: Path) -> None:
    assert load(instance, SUPERVISOR="x", PATH="y").log_level == "INFO"


@pytest.mark.parametrize("name", ["SUPERVISION_COLOUR", "SUPERVISION_", "SUPERVISION_kdf_passes"])
def test_unknown_name_is_refused(instance: Path, name: str) -> None:
    wanted = f"{name.upper()}: is not a setting that Supervision knows"
    assert refusal(instance, **{name: "x"}) == wanted


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "mysql://x", "must begin with sqlite:/// or postgresql+psycopg://"),
        ("DATABASE_URL", "", "must begin with sqlite:/// or postgresql+psycopg://"),
        ("DATABASE_URL", "postgresql://x", "must begin with sqlite:/// or postgresql+psycopg://"),
        ("REDIS_URL", "redis://x", "this version runs on one machine; leave it unset"),
        (
            "SMTP_URL",
            "mail.example.org",
            "must look like smtp://user:password@host:587 or smtps://host",
        ),
        ("SMTP_URL", "smtp://", "must look like smtp://user:password@host:587 or smtps://host"),
        ("SECRET_KEY", "short", "String should have at least 32 characters"),
        ("PEPPER", "", "String should have at least 32 characters"),
        (
            "LOG_LEVEL",
            "LOUD",
            "Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'",
        ),
        ("MAIL_AGAIN_HOURS", "-1", "Input should be greater than or equal to 0"),
        ("CALENDAR_HOSTS", "https://a.example", "must be names of hosts with commas between them"),
        ("CALENDAR_HOSTS", "a.example:8443", "must be names of hosts with commas between them"),
        (
            "CALENDAR_HOSTS",
            "a.example,,b.example",
            "must be names of hosts with commas between them",
        ),
        ("CALENDAR_HOSTS", "*.example", "must be names of hosts with commas between them"),
    ],
)
def test_bad_value_is_one_line_that_names_the_setting(
    instance: Path, name: str, value: str, words: str
) -> None:
    said = refusal(instance, **{f"SUPERVISION_{name}": value})
    assert said == f"SUPERVISION_{name}: {words}"
    assert "\n" not in said


def test_refusal_does_not_repeat_a_secret(instance: Path) -> None:
    assert "hunter2" not in refusal(instance, SUPERVISION_PEPPER="hunter2")
    assert "hunter2" not in refusal(instance, SUPERVISION_SMTP_URL="http://me:hunter2@host")


@pytest.mark.parametrize(
    "url", ["ftp://x", "supervision.example.org", "https://", f"{PUBLIC}/path", "//x"]
)
def test_base_url_that_is_none_is_refused(instance: Path, url: str) -> None:
    said = refusal(instance, SUPERVISION_BASE_URL=url)
    assert said == "SUPERVISION_BASE_URL: must look like https://supervision.example.org"


def test_public_host_needs_https(instance: Path) -> None:
    said = refusal(instance, SUPERVISION_BASE_URL="http://supervision.example.org")
    assert said == "SUPERVISION_BASE_URL: a public host needs https"


@pytest.mark.parametrize(
    ("url", "secure", "host"),
    [
        ("http://127.0.0.1:8123", False, "127.0.0.1"),
        ("http://localhost", False, "localhost"),
        ("http://[::1]:8000", False, "::1"),
        (PUBLIC, True, "supervision.example.org"),
        (f"{PUBLIC}:8443/", True, "supervision.example.org"),
    ],
)
def test_cookies_are_secure_exactly_over_https(
    instance: Path, url: str, secure: bool, host: str
) -> None:
    settings = load(instance, SUPERVISION_BASE_URL=url)
    assert (settings.secure, settings.host) == (secure, host)


@pytest.mark.parametrize(
    ("value", "hosts"),
    [
        ("", set()),
        (" ", set()),
        ("Calendar.Example", {"calendar.example"}),
        ("a.example , 10.0.0.7", {"a.example", "10.0.0.7"}),
    ],
)
def test_hosts_of_calendars_are_allowed_by_name(
    instance: Path, value: str, hosts: set[str]
) -> None:
    assert load(instance, SUPERVISION_CALENDAR_HOSTS=value).allowed_hosts == hosts


def test_settings_are_frozen(instance: Path) -> None:
    settings = load(instance)
    with pytest.raises(ValidationError, match="frozen"):
        settings.base_url = PUBLIC  # type: ignore[misc]  # what the test forbids
    assert settings.base_url == "http://127.0.0.1:8000"


def test_build_refuses_what_no_setting_is(instance: Path) -> None:
    values = {**dict(load(instance)), "colour": "blue"}
    with pytest.raises(BadSettings, match=r"^SUPERVISION_COLOUR: "):
        config.build(values)


# -- secrets -------------------------------------------------------------------------------


def test_secrets_are_made_once_for_their_owner_alone(instance: Path) -> None:
    first, second = load(instance), load(instance)
    assert (first.secret_key, first.pepper) == (second.secret_key, second.pepper)
    assert first.secret_key != first.pepper
    assert {len(first.secret_key), len(first.pepper)} == {64}
    assert instance.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in sorted(instance.iterdir())] == [0o600, 0o600]
    assert sorted(path.name for path in instance.iterdir()) == ["pepper", "secret_key"]


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    one, other = load(tmp_path / "one"), load(tmp_path / "other")
    assert not {one.secret_key, one.pepper} & {other.secret_key, other.pepper}


def test_processes_that_start_together_agree_on_one_secret(instance: Path) -> None:
    """As threads of one process would share a name for their half-made file: processes."""
    code = "from supervision.config import load; print(load().pepper)"
    environment = os.environ | {"SUPERVISION_INSTANCE": str(instance)}

    def start(_number: int) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(start, range(4)))
    assert found == {(instance / "pepper").read_text()}


def test_given_secret_is_not_written_down(instance: Path) -> None:
    load(instance, SUPERVISION_PEPPER="p" * 40, SUPERVISION_SECRET_KEY="k" * 40)
    assert list(instance.iterdir()) == []


def test_secret_from_a_file(instance: Path, tmp_path: Path) -> None:
    file = tmp_path / "pepper.txt"
    file.write_text("q" * 40 + "\n")
    settings = load(instance, SUPERVISION_PEPPER_FILE=str(file))
    assert settings.pepper == "q" * 40
    assert not (instance / "pepper").exists()


def test_file_of_a_secret_wins_over_its_value(instance: Path, tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text("f" * 40)
    settings = load(
        instance, SUPERVISION_SECRET_KEY="v" * 40, SUPERVISION_SECRET_KEY_FILE=str(file)
    )
    assert settings.secret_key == "f" * 40


def test_file_of_a_secret_that_is_not_there_is_refused(instance: Path, tmp_path: Path) -> None:
    said = refusal(instance, SUPERVISION_PEPPER_FILE=str(tmp_path / "none"))
    assert said == "SUPERVISION_PEPPER_FILE: cannot be read (No such file or directory)"


def test_file_of_a_secret_that_is_no_text_is_refused(instance: Path, tmp_path: Path) -> None:
    (tmp_path / "pepper").write_bytes(b"\xff" * 40)
    said = refusal(instance, SUPERVISION_PEPPER_FILE=str(tmp_path / "pepper"))
    assert said == "SUPERVISION_PEPPER_FILE: cannot be read (no text)"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "postgresql+psycopg://me:hunter2@db/supervision"),
        ("smtp_url", "smtps://me:hunter2@mail.example.org"),
    ],
)
def test_address_with_a_password_from_a_file(
    instance: Path, tmp_path: Path, name: str, value: str
) -> None:
    (tmp_path / name).write_text(f"{value}\n")
    given = {f"SUPERVISION_{name.upper()}_FILE": str(tmp_path / name)}
    assert getattr(load(instance, **given), name) == value


def test_only_secrets_have_files(instance: Path) -> None:
    said = refusal(instance, SUPERVISION_MAIL_FROM_FILE="/x")
    assert said == "SUPERVISION_MAIL_FROM_FILE: is not a setting that Supervision knows"


# -- the folder ----------------------------------------------------------------------------


def modes(*paths: Path) -> list[str]:
    return [oct(path.stat().st_mode & 0o777) for path in paths]


def laid(folder: Path, mode: int, *names: str) -> Path:
    """A folder that somebody made before, with files that everybody may read."""
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name * 8)
        (folder / name).chmod(0o644)
    folder.chmod(mode)
    return folder


def test_instance_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = refusal(tmp_path / "file" / "instance")
    assert said == "SUPERVISION_INSTANCE: cannot be used (Not a directory)"


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o750, 0o755, 0o770, 0o777, 0o2770])
def test_instance_that_is_empty_is_closed_to_others(instance: Path, mode: int) -> None:
    load(laid(instance, mode))
    assert modes(instance) == ["0o700"]


@pytest.mark.parametrize("name", sorted(config.OURS))
def test_instance_of_ours_is_closed_with_what_is_in_it(instance: Path, name: str) -> None:
    laid(instance, 0o755, name, "supervision.sqlite-wal")
    (instance / "mail").mkdir(mode=0o755)
    load(instance, SUPERVISION_SECRET_KEY="k" * 40, SUPERVISION_PEPPER="p" * 40)
    inside = [instance / name, instance / "supervision.sqlite-wal"]
    assert modes(instance, *inside, instance / "mail") == ["0o700", "0o600", "0o600", "0o700"]


def test_instance_that_git_made_here_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    laid(tmp_path / "instance", 0o755, ".gitkeep")
    config.load({})
    assert modes(tmp_path / "instance", tmp_path / "instance" / ".gitkeep") == ["0o700", "0o600"]


OPEN = (
    "SUPERVISION_INSTANCE: other users may enter this folder; it has to be Supervision's own,"
    " with mode 0700"
)


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o755, 0o1777])
def test_instance_with_other_things_in_it_is_refused_and_left(instance: Path, mode: int) -> None:
    laid(instance, mode, "index.html")
    assert refusal(instance) == OPEN
    assert (os.listdir(instance), modes(instance)) == (["index.html"], [oct(mode & 0o777)])


def test_instance_with_other_things_in_it_is_taken_when_it_is_private(instance: Path) -> None:
    laid(instance, 0o700, "notes.txt")
    assert load(instance).instance == instance
    assert modes(instance / "notes.txt") == ["0o644"]


@pytest.mark.parametrize("answer", [PermissionError, None], ids=["another's", "without modes"])
def test_instance_that_cannot_be_closed_is_refused(
    instance: Path, monkeypatch: pytest.MonkeyPatch, answer: type[OSError] | None
) -> None:
    """As a volume of somebody else's, or a file system that knows no modes and says nothing."""

    def chmod(_path: Path, _mode: int) -> None:
        if answer:
            raise answer

    laid(instance, 0o770)
    monkeypatch.setattr(Path, "chmod", chmod)
    assert refusal(instance) == OPEN
    assert os.listdir(instance) == []


def test_what_a_link_in_the_instance_leads_to_is_left(instance: Path, tmp_path: Path) -> None:
    shared = laid(tmp_path / "shared", 0o755, "german.toml")
    laid(instance, 0o755)
    (instance / "templates").symlink_to(shared)
    load(instance)
    assert modes(instance, shared) == ["0o700", "0o755"]


def test_folders_on_the_way_to_the_instance_are_made_private(tmp_path: Path) -> None:
    os.umask(0)
    load(tmp_path / "a" / "b" / "instance")
    assert modes(tmp_path / "a", tmp_path / "a" / "b") == ["0o700", "0o700"]


def test_boot_key_is_new_for_each_start_and_shared_by_its_processes(instance: Path) -> None:
    shared = "ab" * 32
    keys = [load(instance).boot_key, load(instance).boot_key]
    assert keys[0] != keys[1]
    assert [len(key) for key in keys] == [32, 32]
    assert load(instance, _SUPERVISION_BOOT_KEY=shared).boot_key == bytes.fromhex(shared)


def test_settings_show_no_secret(instance: Path) -> None:
    given = {
        "_SUPERVISION_BOOT_KEY": "ab" * 32,
        "SUPERVISION_SECRET_KEY": "k" * 40,
        "SUPERVISION_PEPPER": "p" * 40,
        "SUPERVISION_DATABASE_URL": "postgresql+psycopg://me:hunter2@db/supervision",
        "SUPERVISION_SMTP_URL": "smtp://me:hunter2@mail.example.org",
    }
    shown = repr(load(instance, **given))
    assert [word for word in ("k" * 40, "p" * 40, "hunter2", "boot_key") if word in shown] == []


def test_memory_folder_is_one_for_each_instance(tmp_path: Path) -> None:
    one, same, other = (load(tmp_path / name).runtime for name in ("one", "one", "other"))
    assert (one == same, one == other) == (True, False)
    assert re.fullmatch(rf"supervision-{os.getuid()}-[0-9a-f]{{16}}", one.name)
    assert not one.is_relative_to(tmp_path)


def test_nothing_else_reads_the_environment() -> None:
    """Outside of config.py only what starts other processes may, to hand it on to them."""
    readers = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "supervision").rglob("*.py")
        if re.search(r"\bos\.environ|\bgetenv\b", path.read_text(encoding="utf-8"))
    }
    assert readers == {"supervision/cli.py", "supervision/config.py", "supervision/serve.py"}
