"""Dockerfile, compose.yaml, nginx and systemd files fit the program, each other and the documentation."""

from __future__ import annotations

import fnmatch
import re
import shlex
import subprocess
from configparser import ConfigParser
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml
from click.testing import CliRunner

from consent_server.cli import main
from consent_server.keys import log_key, signing_pems, token_secrets
from consent_server.settings import read_settings
from consent_server.variables import SETTINGS
from consent_server.web.bodies import BODY_LIMIT

if TYPE_CHECKING:
    from consent_server.app import Server

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "deployment.md").read_text("utf-8")
KNOWN = {name for setting in SETTINGS for name in (setting.name, f"{setting.name}_FILE")}
UNITS = sorted(DEPLOY.glob("*.service"))


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions with their arguments."""
    text = re.sub(r"(?m)^\s*#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8")).replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(word, rest) for word, rest in lines]


def compose() -> dict[str, Any]:
    """Return compose.yaml."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return found


def unit(path: Path) -> ConfigParser:
    """Return a unit file; of a key that stands twice the last."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser


def environment_file() -> dict[str, str]:
    """Return what deploy/environment sets."""
    lines = (DEPLOY / "environment").read_text("utf-8").splitlines()
    pairs = (line.split("=", maxsplit=1) for line in lines if line and not line.startswith("#"))
    return dict(pairs)


def test_the_image_is_built_from_files_that_are_there_and_sent() -> None:
    """Each source of a COPY exists and passes .dockerignore."""
    sources = [
        word
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for word in rest.split()[:-1]
    ]
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert {Path(source).as_posix() for source in sources} == set(sent)


def test_nothing_that_the_wheel_needs_is_left_out_of_the_image() -> None:
    """What pyproject.toml and the build hook name at the top of the tree is copied."""
    copied = " ".join(rest for name, rest in instructions() if name == "COPY")
    for needed in (
        "pyproject.toml",
        "hatch_build.py",
        "cookie_catalog.toml",
        "LICENSE",
        "README.md",
        "tools",
    ):
        assert needed in copied


@pytest.mark.parametrize("private", ["var/consent.db", ".git/config", "secrets/log-key.pem", ".env"])
def test_nothing_private_is_sent_to_the_builder(private: str) -> None:
    """The list names what is sent; databases, keys and history are not on it."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    top = private.partition("/")[0]
    assert not any(fnmatch.fnmatch(top, line[1:]) for line in lines if line.startswith("!"))


def test_the_container_runs_the_server_as_nobody() -> None:
    """A user without a name on the host, the settings known, the command one of ours."""
    steps = instructions()
    last = max(number for number, (name, _) in enumerate(steps) if name == "FROM")
    users = [rest for name, rest in steps[last:] if name == "USER"]
    assert users
    assert all(int(part) >= 1000 for part in users[-1].split(":"))
    names = {word.split("=")[0] for name, rest in steps if name == "ENV" for word in rest.split()}
    assert {name for name in names if name.startswith("CONSENT_")} <= KNOWN
    command = [word for name, rest in steps if name in {"ENTRYPOINT", "CMD"} for word in yaml.safe_load(rest)]
    assert command[0] == "consent-server"
    assert command[1] in main.commands


def test_the_health_check_asks_a_route_that_is_there(server: Server) -> None:
    """Of the server in its container."""
    check = next(rest for name, rest in instructions() if name == "HEALTHCHECK")
    path = re.findall(r"'(/\w+)'", check)[0]
    assert server.app.test_client().get(path).status_code == 200


def test_the_keys_of_the_guide_are_ones_that_the_server_takes(tmp_path: Path) -> None:
    """Made as docs/deployment.md says, named as compose.yaml says, they start a server on PostgreSQL."""
    block = next(block for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) if "ed25519" in block)
    subprocess.run(["sh", "-euc", block], cwd=tmp_path, check=True, capture_output=True)
    described = compose()
    files = {f"/run/secrets/{name}": tmp_path / entry["file"] for name, entry in described["secrets"].items()}
    given = described["services"]["server"]["environment"]
    told = {name: str(files.get(value, value)) for name, value in given.items()}
    told["CONSENT_PUBLIC_URL"] = told["CONSENT_PUBLIC_URL"].replace("${CONSENT_NAME}", "consent.example.com")
    told["CONSENT_DATABASE_URL"] = re.sub(r"\$\{.*?\}", "word", told["CONSENT_DATABASE_URL"])
    settings = read_settings(told)
    assert not settings.on_sqlite
    assert signing_pems(settings)
    assert token_secrets(settings)
    assert log_key(settings)
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_the_composition_names_settings_that_exist() -> None:
    """And the database's user, name and password are the same on both sides."""
    services = compose()["services"]
    assert set(services["server"]["environment"]) <= KNOWN
    database = services["database"]["environment"]
    url = services["server"]["environment"]["CONSENT_DATABASE_URL"]
    assert f"//{database['POSTGRES_USER']}:" in url
    assert url.endswith(f"@database/{database['POSTGRES_DB']}")
    assert "${CONSENT_DATABASE_PASSWORD" in url
    assert "${CONSENT_DATABASE_PASSWORD" in database["POSTGRES_PASSWORD"]


def test_the_composition_trusts_its_own_proxy_and_nobody_else() -> None:
    """The trusted network is the one that proxy and server share; the database has another, closed one."""
    described = compose()
    services, networks = described["services"], described["networks"]
    (shared,) = set(services["proxy"]["networks"]) & set(services["server"]["networks"])
    subnet = networks[shared]["ipam"]["config"][0]["subnet"]
    trusted = services["server"]["environment"]["CONSENT_TRUSTED_PROXIES"]
    assert ip_network(trusted) == ip_network(subnet)
    assert not set(services["database"]["networks"]) & set(services["proxy"]["networks"])
    assert all(networks[name]["internal"] for name in services["database"]["networks"])


def test_the_composition_gives_the_server_no_right_that_it_does_not_need() -> None:
    """Read-only, without capabilities, and only the proxy can be reached from outside."""
    services = compose()["services"]
    assert services["server"]["read_only"]
    assert services["server"]["cap_drop"] == ["ALL"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


def test_every_file_that_the_composition_mounts_is_there_or_in_the_guide() -> None:
    """Nobody has to guess what to put beside it."""
    described = compose()
    mounted = [
        volume.split(":")[0]
        for service in described["services"].values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    ]
    mounted += [entry["file"] for entry in described["secrets"].values()]
    for path in mounted:
        assert (ROOT / path).exists() or path.removeprefix("./") in GUIDE, path


def test_nginx_buffers_what_the_server_reads_and_notes_no_visitor() -> None:
    """More than the server's own limit fits, addresses are set anew, and nothing is logged."""
    text = (DEPLOY / "nginx.conf.template").read_text("utf-8")
    proxy = compose()["services"]["proxy"]
    assert set(re.findall(r"\$\{(\w+)\}", text)) == {
        name for name in proxy["environment"] if name.startswith("CONSENT_")
    }
    limits = [int(size) * 1024 for size in re.findall(r"client_\w+_size (\d+)k;", text)]
    assert len(limits) == 2
    assert min(limits) > BODY_LIMIT
    assert "proxy_request_buffering on;" in text
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert len(re.findall(r"(?m)^server {", text)) == text.count("access_log off;")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_of_ours_as_an_unprivileged_user(path: Path) -> None:
    """With its settings from the file that the guide installs."""
    service = unit(path)["Service"]
    program, command = shlex.split(service["ExecStart"])
    assert program.rpartition("/")[2] == "consent-server"
    assert isinstance(main.commands[command], click.Command)
    assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0
    assert service["User"] == "consent-server"
    assert service["EnvironmentFile"] in GUIDE
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""


def test_the_settings_of_the_units_can_be_read() -> None:
    """Data go where systemd lets the server write, the catalog is where the guide puts it."""
    told = environment_file()
    assert set(told) <= KNOWN
    settings = read_settings(told)
    assert settings.data_dir == Path("/var/lib") / unit(UNITS[0])["Service"]["StateDirectory"]
    assert str(settings.catalog) in GUIDE


def test_the_timer_starts_a_unit_that_is_there() -> None:
    """Its own namesake, and the guide enables it."""
    timers = sorted(DEPLOY.glob("*.timer"))
    assert timers
    for timer in timers:
        assert timer.with_suffix(".service") in UNITS
        assert timer.name in GUIDE
