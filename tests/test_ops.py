"""What an operator copies from ops/: a unit that starts what is here and may do little, and a proxy
that keeps what is slow or large."""

import re
import subprocess
from pathlib import Path

import pytest

from supervision import config

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "ops" / "supervision.service"
NGINX = ROOT / "ops" / "nginx.conf"
# What it may not, or for itself alone; each is seen missing below.
CONFINED = {
    "AmbientCapabilities": [""],
    "CapabilityBoundingSet": [""],
    "KeyringMode": ["private"],
    "LimitCORE": ["0"],
    "LockPersonality": ["yes"],
    "MemoryDenyWriteExecute": ["yes"],
    "NoNewPrivileges": ["yes"],
    "PrivateDevices": ["yes"],
    "PrivateTmp": ["yes"],
    "PrivateUsers": ["yes"],
    "ProcSubset": ["pid"],
    "ProtectClock": ["yes"],
    "ProtectControlGroups": ["yes"],
    "ProtectHome": ["yes"],
    "ProtectHostname": ["yes"],
    "ProtectKernelLogs": ["yes"],
    "ProtectKernelModules": ["yes"],
    "ProtectKernelTunables": ["yes"],
    "ProtectProc": ["invisible"],
    "ProtectSystem": ["strict"],
    "RemoveIPC": ["yes"],
    "RestrictAddressFamilies": ["AF_UNIX AF_INET AF_INET6"],
    "RestrictNamespaces": ["yes"],
    "RestrictRealtime": ["yes"],
    "RestrictSUIDSGID": ["yes"],
    "StateDirectory": ["supervision"],
    "StateDirectoryMode": ["0700"],
    "SystemCallArchitectures": ["native"],
    "SystemCallErrorNumber": ["EPERM"],
    # With @resources: the child that reads a calendar makes itself polite and small.
    "SystemCallFilter": ["@system-service", "~@privileged"],
    "UMask": ["0077"],
    "User": ["supervision"],
}


def directives(unit: str) -> dict[str, dict[str, list[str]]]:
    """By section and name, the values in their order; a name may stand several times."""
    found: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in unit.splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            section.setdefault(name, []).append(value)
    return found


def service() -> dict[str, list[str]]:
    return directives(UNIT.read_text())["Service"]


def environment() -> dict[str, str]:
    return dict(line.split("=", 1) for line in service()["Environment"])


def here(unit: str, tmp_path: Path) -> Path:
    """The unit as it would stand in this folder instead of /srv."""
    file = tmp_path / UNIT.name
    file.write_text(unit.replace("/srv/supervision", str(ROOT)))
    return file


def exposure(unit: str, tmp_path: Path) -> float:
    """What systemd itself says that the unit may still do, from 0 to 10."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", here(unit, tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    (level,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    return float(level)


def test_unit_is_confined() -> None:
    found = service()
    assert {name: found.get(name) for name in CONFINED} == CONFINED


def test_unit_is_started_with_the_machine() -> None:
    assert directives(UNIT.read_text())["Install"] == {"WantedBy": ["multi-user.target"]}


def test_unit_starts_what_is_here() -> None:
    (command,) = service()["ExecStart"]
    assert (ROOT / command.removeprefix("/srv/supervision/")).stat().st_mode & 0o111


def test_unit_names_settings_that_exist() -> None:
    named = {name.removeprefix(config.PREFIX).lower() for name in environment()}
    assert named - config.NAMES == set()


def test_unit_holds_no_secret() -> None:
    """Anybody may read a unit, and the environment of a service by D-Bus."""
    given = environment()
    secret = {f"{config.PREFIX}{name.upper()}" for name in config.IN_FILES}
    assert set(given) & secret == set()
    files = {name: value for name, value in given.items() if name.endswith("_FILE")}
    loaded = {line.partition(":")[0] for line in service()["LoadCredential"]}
    assert files == {f"{config.PREFIX}{name.upper()}_FILE": f"%d/{name}" for name in loaded}
    assert "@" not in "".join(value for value in given.values() if "://" in value)


def test_units_settings_start_supervision(tmp_path: Path) -> None:
    for name in ("secret_key", "pepper"):
        (tmp_path / name).write_text(name * 8)
    (tmp_path / "smtp_url").write_text("smtps://me:hunter2@mail.example.org\n")
    given = {name: value.replace("%d", str(tmp_path)) for name, value in environment().items()}
    settings = config.load(given | {"SUPERVISION_INSTANCE": str(tmp_path / "instance")})
    assert (settings.pepper, settings.secure) == ("pepper" * 8, True)
    assert settings.smtp_url == "smtps://me:hunter2@mail.example.org"


def complaints(unit: str, tmp_path: Path) -> str:
    """What systemd itself says against a unit."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", here(unit, tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    unit = UNIT.read_text()
    assert complaints(unit, tmp_path) == ""
    assert complaints(unit.replace("=strict", "=very"), tmp_path) != ""


def test_unit_is_little_exposed(tmp_path: Path) -> None:
    unit = UNIT.read_text()
    open_to_all = "\n".join(
        line for line in unit.splitlines() if line.partition("=")[0] not in CONFINED
    )
    assert (exposure(unit, tmp_path) < 2, exposure(open_to_all, tmp_path) > 9) == (True, True)


# -- nginx ---------------------------------------------------------------------------------


def in_bytes(size: str) -> int:
    return int(size[:-1]) * {"k": 1024, "m": 1024 * 1024}[size[-1]]


def nginx() -> dict[str, list[str]]:
    """By name, what each directive says."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^ *(\w+) ([^;{]+);", NGINX.read_text(), re.MULTILINE):
        found.setdefault(name, []).append(value.strip())
    return found


def test_proxy_passes_on_what_is_whole() -> None:
    found = nginx()
    assert (found["proxy_request_buffering"], found["proxy_buffering"]) == (["on"], ["on"])
    assert (found["client_header_timeout"], found["client_body_timeout"]) == (["10s"], ["10s"])


def test_proxy_tells_who_asks_and_how() -> None:
    assert nginx()["proxy_set_header"] == [
        "Host $http_host",
        'Connection ""',
        "X-Forwarded-For $proxy_add_x_forwarded_for",
        "X-Forwarded-Proto $scheme",
    ]


def test_proxy_limits_what_one_address_has_under_way() -> None:
    found = nginx()
    assert found["limit_conn_zone"] == ["$binary_remote_addr zone=supervision:10m"]
    assert found["limit_conn"] == ["supervision 50"]


def test_proxy_takes_bodies_and_heads_as_large_as_supervision_does(app) -> None:
    found = nginx()
    assert in_bytes(found["client_max_body_size"][0]) == app.config["MAX_CONTENT_LENGTH"]
    count, size = found["large_client_header_buffers"][0].split()
    assert (int(count), in_bytes(size)) == (4, 8192)


def test_proxy_logs_and_keeps_no_address() -> None:
    found = nginx()
    assert (found["access_log"], found["proxy_cache"]) == (["off", "off"], ["off"])


@pytest.mark.parametrize("port", ["80", "443 ssl"])
def test_proxy_listens_on_both_protocols(port: str) -> None:
    assert {port, f"[::]:{port}"} <= set(nginx()["listen"])
