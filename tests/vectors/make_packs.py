"""Write the golden packs in tests/vectors/fits: some good, the others each named after what does not fit.

    python tests/vectors/make_packs.py

Every signature, hash and proof in them holds: what is wrong is that a leaf contradicts the notice that it
names, which only the holder of the key can bring about. Run again it writes the same files. Keys and leaves
are those of make.py; nothing here comes from the program.
"""

from __future__ import annotations

import hashlib
import json
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

PACKS = Path(__file__).parent / "fits"
make = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("make.py"))))
Files = dict[str, bytes]
Json = dict[str, Any]
BUILD = b"(()=>{/* the widget */})();"
ALTERED = "0" * 64


def canonical(value: object) -> bytes:
    """Write JSON by RFC 8785, as far as these notices need it."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def sha256(data: bytes) -> str:
    """Hash as `sha256sum` does."""
    return hashlib.sha256(data).hexdigest()


def category(name: str, *services: str, required: bool = False) -> Json:
    """Make a category of a notice, with one cookie of each service."""
    cookies = [
        {
            "name": f"_{service}",
            "storage": "cookie",
            "service": service,
            "purpose": "Tells visitors apart.",
            "lifespan": "2 years",
            "http_only": False,
            "path": "/",
        }
        for service in services
    ]
    return {
        "id": name,
        "title": name.title(),
        "text": "What it is for.",
        "required": required,
        "consent_mode": [],
        "cookies": cookies,
    }


NOTICE: Json = {
    "schema": "consent-notice/1",
    "site": "shop",
    "language": "en",
    "languages": ["en"],
    "direction": "ltr",
    "jurisdiction": "EU",
    "controller": {
        "name": "Shop UAB",
        "address": "Street 1",
        "email": "privacy@shop.example",
        "authority": "VDAI",
    },
    "policy_url": "https://shop.example/privacy",
    "ask_again_after": 182 * 24 * 60 * 60,
    "cookie_domain": "shop.example",
    "revision_number": 0,
    "layout": {"form": "card", "position": "bottom", "button": "left"},
    "texts": {"banner_title": "Cookies"},
    "services": [
        {"id": name, "name": name.title(), "provider": f"{name.title()} Ltd", "country": "IE", "scripts": []}
        for name in ("site", "counter", "offers")
    ],
    "categories": [
        category("necessary", "site", required=True),
        category("analytics", "counter"),
        category("marketing", "offers", "counter"),
    ],
}


def revision(notice: Json) -> str:
    """Compute a notice's revision."""
    services = {one["id"]: [one["id"], one["provider"], one["country"]] for one in notice["services"]}
    granted = {
        one["id"]: [services[name] for name in sorted({row["service"] for row in one["cookies"]})]
        for one in notice["categories"]
    }
    return sha256(canonical({"categories": granted, "revision_number": notice["revision_number"]}))


def named(notice: Json, **changes: str) -> Json:
    """Return what a leaf says of a notice."""
    return {
        "sha256": sha256(canonical(notice)),
        "revision": revision(notice),
        "lang": notice["language"],
        **changes,
    }


def pack(
    *receipts: Json,
    notice: Json = NOTICE,
    stated: Json | None = None,
    content: bytes | None = None,
    name: str | None = None,
    came: int = make.CAME_AT,
) -> Files:
    """Make the pack of a whole log: what was shown is stated, then one receipt follows another.

    The log states when the key came; `came` is what the key itself says.
    """
    content = canonical(notice) if content is None else content
    said = {**named(notice), "sha256": sha256(content)}
    statements = [
        make.leaf(make.statement(0, notice=stated or said), make.NOTICE),
        make.leaf(make.statement(1, widget={"sha256": sha256(BUILD)}), "consent-build+jws"),
    ]
    answers = [
        make.leaf(make.receipt(number, **{"notice": said, "widget": {"sha256": sha256(BUILD)}, **changes}))
        for number, changes in enumerate(receipts, 2)
    ]
    keys = {"keys": [{**make.KEY.jwk, "nbf": came}]}
    head, *lines = make.export([*statements, *answers, make.CAME], [], keys=keys)
    files = {
        "leaves.ndjson": "".join(make.compact(line) + "\n" for line in (head, *lines)).encode(),
        f"notices/{name or said['sha256']}.json": content,
        f"builds/{sha256(BUILD)}.js": BUILD,
        "keys/jwks.json": make.compact(head["keys"]).encode(),
        "keys/log-key.txt": f"{head['log_key']}\n".encode(),
        "checkpoint.txt": head["checkpoint"].encode(),
        "VERIFY.md": b"See the other packs.\n",
        "verify.sh": b"#!/bin/sh\n",
        "verify.py": b"\n",
    }
    listed = {file: {"sha256": sha256(data), "size": len(data)} for file, data in files.items()}
    manifest = {
        "schema": "consent-pack/1",
        "site": "shop",
        "made": make.text(make.START + make.DAY),
        "range": None,
        "files": listed,
    }
    return {**files, "manifest.json": make.compact(manifest).encode()}


REFUSED = {"analytics": False, "marketing": False}
WITHDRAWN: Json = {"method": "withdraw", "state": "withdrawn", "choices": REFUSED}
OTHER_SITE = {**NOTICE, "site": "elsewhere"}
LITHUANIAN = {**NOTICE, "language": "lt", "languages": ["en", "lt"]}
PACKS_BY_NAME: dict[str, Files] = {
    "good": pack({}, WITHDRAWN, {"services": {"counter": True}}),
    "good_in_another_language": pack({}, notice=LITHUANIAN),
    "category_that_the_notice_has_not": pack(
        {}, {"choices": {**REFUSED, "analytics": True, "preferences": False}}
    ),
    "category_not_answered": pack({}, {"choices": {"analytics": True}, "state": "given"}),
    "required_category_refused": pack(
        {}, {"choices": {"analytics": True, "marketing": False, "necessary": False}}
    ),
    "required_category_asked": pack(
        {}, {"choices": {"analytics": True, "marketing": False, "necessary": True}}
    ),
    "no_category_answered": pack({}, {"choices": {}, "state": "refused"}),
    "service_that_the_notice_has_not": pack({}, {"services": {"tracker": False}}),
    "service_of_a_required_category_alone": pack({}, {"services": {"site": False}}),
    "notice_of_another_site": pack({}, notice=OTHER_SITE),
    "key_dated_otherwise": pack({}, came=make.CAME_AT - 1),
    "language_of_another_notice": pack({}, {"notice": named(NOTICE, lang="lt")}),
    "revision_of_another_notice": pack({}, {"notice": named(NOTICE, revision=ALTERED)}),
    "controller_of_another_notice": pack({}, {"controller": {"name": "Somebody else"}}),
    "jurisdiction_of_another_notice": pack({}, {"jurisdiction": "US"}),
    "valid_longer_than_the_notice_says": pack(
        {}, {"valid_until": make.text(make.START + 3000 - 300 + 183 * make.DAY)}
    ),
    "state_not_chosen": pack({}, {"state": "given"}),
    "method_that_contradicts": pack({}, {"method": "refuse_all"}),
    "method_unknown": pack({}, {"method": "guess"}),
    "statement_of_another_revision": pack({}, stated=named(NOTICE, revision=ALTERED)),
    "statement_of_another_language": pack({}, stated=named(NOTICE, lang="lt")),
    "notice_not_canonical": pack({}, content=json.dumps(NOTICE).encode()),
    "notice_without_categories": pack({}, content=canonical({**NOTICE, "categories": None})),
    "notice_of_another_schema": pack({}, content=canonical({**NOTICE, "schema": "consent-notice/2"})),
    "notice_no_json": pack({}, content=b"{"),
    "notice_with_another_hash": pack({}, name=ALTERED),
}


def write(directory: Path) -> None:
    """Write all of them."""
    for name, files in PACKS_BY_NAME.items():
        with ZipFile(directory / f"{name}.zip", "w", ZIP_DEFLATED) as archive:
            for file, content in files.items():
                archive.writestr(ZipInfo(file), content, ZIP_DEFLATED)


if __name__ == "__main__":
    PACKS.mkdir(exist_ok=True)
    write(PACKS)
