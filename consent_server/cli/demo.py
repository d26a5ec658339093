"""`consent-server demo`: the server and a website that uses it, on two ports."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import click
import tomlkit

from consent_server.app import now, open_store
from consent_server.catalog.files import read_catalogs
from consent_server.consent.auditing import new_auditor
from consent_server.demo.run import website_server
from consent_server.errors import SettingsError
from consent_server.settings import read_settings

_START_SECONDS = 20
_TOKEN_DAYS = 1


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The server's port."
)
@click.option(
    "--website-port",
    type=click.IntRange(1, 65535),
    default=8001,
    show_default=True,
    help="The website's port.",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/demo"),
    show_default=True,
    help="Where the demo keeps its catalog, keys and database.",
)
def demo(port: int, website_port: int, data_dir: Path) -> None:
    """Start the server and a demo website of a hosting company that asks for consent.

    \b
    Example:
      consent-server demo --port 8000 --website-port 8001
    """
    consent_url, website_url = f"http://localhost:{port}", f"http://localhost:{website_port}"
    for taken in (port, website_port):
        _check_free(taken)
    catalog = _write_catalog(data_dir, website_url)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")},
        "CONSENT_CATALOG": str(catalog),
        "CONSENT_DATA_DIR": str(data_dir),
        "CONSENT_PUBLIC_URL": consent_url,
        "CONSENT_PORT": str(port),
        "CONSENT_LOG_LEVEL": "warning",
    }
    site = read_catalogs(catalog)[0].site.id
    token = _auditor_token(environ, site)
    for number in (signal.SIGINT, signal.SIGTERM):  # also where whoever started this has it ignore Ctrl-C
        signal.signal(number, signal.default_int_handler)
    server = subprocess.Popen([sys.executable, "-m", "consent_server", "serve"], env=environ)
    try:
        _wait(server, f"{consent_url}/healthz")
        _say(consent_url, website_url, site, catalog, token)
        website_server(consent_url, site, website_port).serve_forever()  # until it is interrupted
    except KeyboardInterrupt:
        pass
    finally:
        server.terminate()
        server.wait()
    click.echo("Stopped.")


def _write_catalog(data_dir: Path, website_url: str) -> Path:
    """Put the shipped catalog beside the demo's data, for the demo's addresses; edits made there are kept."""
    target = data_dir / "cookie_catalog.toml"
    document = tomlkit.parse((target if target.exists() else shipped_catalog()).read_text(encoding="utf-8"))
    site = document["site"]
    site["origins"] = [website_url]
    site["policy_url"] = f"{website_url}/privacy"
    site.pop("cookie_domain", None)
    data_dir.mkdir(parents=True, exist_ok=True)
    target.write_text(tomlkit.dumps(document), encoding="utf-8")
    return target


def shipped_catalog() -> Path:
    """Return the catalog that this program ships: packed with it, or at the top of a checkout."""
    packed = Path(str(files("consent_server"))) / "cookie_catalog.toml"
    return packed if packed.exists() else packed.parent.parent / "cookie_catalog.toml"


def _auditor_token(environ: dict[str, str], site: str) -> str:
    auditor, token = new_auditor(site, "Demo", _TOKEN_DAYS, now())
    with closing(open_store(read_settings(environ))) as store:
        store.add(auditor)
    return token


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise SettingsError(
                f"Port {port} is taken. Choose others: --port 8010 --website-port 8011."
            ) from None


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(_START_SECONDS * 10):
        if server.poll() is not None:
            raise SettingsError("The server did not start; what it said stands above.")
        try:
            with urlopen(url, timeout=1):  # noqa: S310 - our own http address
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise SettingsError(f"The server did not answer within {_START_SECONDS} seconds.")


def _say(consent_url: str, website_url: str, site: str, catalog: Path, token: str) -> None:
    click.echo(f"""
  Website        {website_url}/
  Cookie table   {consent_url}/v1/{site}/cookies
  Catalog        {catalog}  (edit it, then reload the page with Ctrl+Shift+R)
  Auditor token  {token}
  Receipts       curl -H "Authorization: Bearer {token}" {consent_url}/v1/{site}/audit/receipts

  Stop with Ctrl-C.
""")
