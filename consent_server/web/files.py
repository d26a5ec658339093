"""Files for every page in the smallest coding that a browser takes: builds by their hash, and the types."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import brotli
from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from consent_server.errors import BuildUnknown
from consent_server.web.origins import allow_everyone

if TYPE_CHECKING:
    from consent_server.consent.ports import BuildStore

SCRIPT = "text/javascript; charset=utf-8"
IMMUTABLE = "public, max-age=31536000, immutable"

_HOUR = 3600

_STYLE = "text/css; charset=utf-8"
# Browsers show it, and whoever imports it by its address goes by the name.
_TYPES = "text/plain; charset=utf-8"
_GZIP_LEVEL = 9
_BROTLI_MODES = (brotli.MODE_GENERIC, brotli.MODE_FONT)
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class File:
    """A file ready to be sent, in each coding a browser may ask for."""

    content: bytes
    gzip: bytes
    brotli: bytes
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> File:
        """Compress `content` as small as it gets."""
        sha256 = hashlib.sha256(content).hexdigest()
        # Each mode of brotli guesses where repetitions lie; neither is always the smaller one.
        smallest = min((brotli.compress(content, mode=mode) for mode in _BROTLI_MODES), key=len)
        return cls(content, gzip.compress(content, _GZIP_LEVEL, mtime=0), smallest, sha256)


def files_blueprint(builds: BuildStore, stylesheet: bytes, types: bytes) -> Blueprint:
    """Serve every widget build and chunk that was ever served, the widget's types, the pages' CSS."""
    blueprint = Blueprint("files", __name__)
    blueprint.after_request(allow_everyone)
    style, declared = File.of(stylesheet), File.of(types)
    scripts: dict[str, File] = {}

    @blueprint.get("/v1/assets/<sha256>.js")
    def script(sha256: str) -> Response:
        if sha256 not in scripts:
            content = builds.build(sha256) if is_sha256(sha256) else None
            if content is None:
                raise BuildUnknown("No widget build or chunk with this SHA-256 was ever served here.")
            scripts[sha256] = File.of(content)
        return send(scripts[sha256], SCRIPT, IMMUTABLE)

    @blueprint.get("/v1/assets/<sha256>.css")
    def css(sha256: str) -> Response:
        if sha256 != style.sha256:
            raise NotFound
        return send(style, _STYLE, IMMUTABLE)

    @blueprint.get("/consent.d.ts")
    def declarations() -> Response:
        return send(declared, _TYPES, f"public, max-age={_HOUR}")

    return blueprint


def is_sha256(text: str) -> bool:
    """Tell whether `text` is 64 lower-case hex digits."""
    return bool(_SHA256.fullmatch(text))


def send(file: File, media_type: str, caching: str) -> Response:
    """Answer with a file in the best coding that the browser takes, or with 304 where it has it."""
    coding, content = _coded(file)
    answer = Response(content, content_type=media_type)
    if coding:
        answer.headers["Content-Encoding"] = coding
    # A strong tag names exact bytes, so each coding has its own (RFC 9110, section 8.8.3.3).
    answer.set_etag(f"{file.sha256[:32]}-{coding}" if coding else file.sha256[:32])
    answer.vary.add("Accept-Encoding")
    answer.headers["Cache-Control"] = caching
    answer.make_conditional(request)
    return answer


def _coded(file: File) -> tuple[str, bytes]:
    accepted = request.accept_encodings
    if accepted.quality("br") > 0:
        return "br", file.brotli
    if accepted.quality("gzip") > 0:
        return "gzip", file.gzip
    return "", file.content
