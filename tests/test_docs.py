"""The auditor's guide works as it is written: its commands are run here, on a real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import make_server

from consent_server.app import now
from consent_server.consent.auditing import new_auditor

if TYPE_CHECKING:
    from collections.abc import Callable

    from consent_server.app import Server
    from consent_server.settings import Settings

GUIDE = Path(__file__).parent.parent / "docs" / "audit.md"


@pytest.mark.needs("jose", "openssl")
def test_the_auditors_guide_works_as_written(
    server: Server,
    settings: Settings,
    post: Callable[..., Any],
    decide: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """Pull; a receipt with jose, a notice with sha256sum, the checkpoint with openssl, all with ours."""
    auditor, token = new_auditor("shop", "Jane", 1, now())
    server.store.add(auditor)
    post(decide())
    server.seal()
    listening = make_server("127.0.0.1", 0, server.app, threaded=True)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    program = f'consent-server() {{ "{sys.executable}" -m consent_server "$@"; }}\n'
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    script = "set -eu\n" + program + "\n".join(blocks)
    environ = {
        **os.environ,
        "SERVER": f"http://127.0.0.1:{listening.port}",
        "SITE": "shop",
        "TOKEN": token,
        "CONSENT_CATALOG": str(settings.catalog),
        "CONSENT_DATA_DIR": str(settings.data_dir),
    }
    # The operator's part of it.
    packing = (sys.executable, "-m", "consent_server", "pack", "--site", "shop", "-o", "pack.zip")
    subprocess.run(packing, cwd=tmp_path, env=environ, check=True, capture_output=True)
    try:
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "notice.json: OK" in done.stdout
    assert "Signature Verified Successfully" in done.stdout
    assert "It grew from your checkpoint." in done.stdout
    assert "The pack holds" in done.stdout
