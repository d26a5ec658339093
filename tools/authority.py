"""A time stamp authority for tests: founded and answering by `openssl ts`, over HTTP too."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Authority = tuple[Callable[[bytes], bytes], bytes]

CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[stamping]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
"""


def openssl(folder: Path, *words: str) -> None:
    """Run openssl in a folder."""
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def found(folder: Path, digests: str = "sha256, sha512") -> Authority:
    """Found an authority: its root, its certificate with the purpose of stamping, its answers."""
    folder.mkdir()
    (folder / "tsa.conf").write_text(CONFIG.format(folder=folder, digests=digests))
    (folder / "serial").write_text("01\n")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    subject = ("-subj", f"/CN=Root {folder.name}")
    openssl(folder, "req", "-x509", *key, *subject, "-days", "30", "-keyout", "root.key", "-out", "root.pem")
    openssl(folder, "req", *key, "-subj", "/CN=Stamps", "-keyout", "tsa.key", "-out", "tsa.csr")
    signing = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "30")
    extensions = ("-extfile", "tsa.conf", "-extensions", "stamping")
    openssl(folder, "x509", "-req", "-in", "tsa.csr", *signing, *extensions, "-out", "tsa.pem")

    def post(query: bytes) -> bytes:
        (folder / "query").write_bytes(query)
        answer = ("-queryfile", "query", "-out", "answer")
        openssl(folder, "ts", "-reply", "-config", "tsa.conf", "-section", "here", *answer)
        return (folder / "answer").read_bytes()

    return post, (folder / "root.pem").read_bytes()


@contextmanager
def listening(post: Callable[[bytes], bytes]) -> Iterator[str]:
    """Let an authority answer over HTTP (RFC 3161, section 3.4) at the address given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer a request."""
            assert self.headers["Content-Type"] == "application/timestamp-query"
            answer = post(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/tsr"
        finally:
            server.shutdown()
            thread.join()
