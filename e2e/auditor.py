"""The auditor: reads receipts over HTTP and verifies them with a library that is not ours."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import jwt


def ask(url: str, token: str = "") -> Any:
    """Return the JSON that `url` answers, asked with a bearer token where one is given."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urlopen(Request(url, headers=headers), timeout=5) as answer:
        return json.load(answer)


@dataclass(frozen=True, slots=True)
class Auditor:
    """Who may read the receipts of the site at `home`; the keys are `server`'s."""

    home: str
    server: str
    token: str

    def receipts(self) -> dict[str, str]:
        """Return every receipt of the site by its id, oldest first: those that wait to be sealed, too."""
        request = Request(f"{self.home}/audit/export", headers={"Authorization": f"Bearer {self.token}"})
        with urlopen(request, timeout=5) as answer:
            leaves = [json.loads(line) for line in answer]
        receipts = [leaf["jws"] for leaf in leaves if leaf.get("type") == "consent-receipt+jws"]
        found = {str(self.verify(receipt)["id"]): receipt for receipt in receipts}
        return dict(sorted(found.items()))

    def verify(self, receipt: str) -> dict[str, Any]:
        """Return a receipt's payload, its signature verified by PyJWT under the published keys."""
        key = _keys(self.server)[jwt.get_unverified_header(receipt)["kid"]]
        payload: dict[str, Any] = jwt.decode(receipt, key, algorithms=["ES256"])
        return payload


@functools.cache
def _keys(server: str) -> jwt.PyJWKSet:
    """Return the published keys, asked once: no browser test changes them."""
    return jwt.PyJWKSet.from_dict(ask(f"{server}/.well-known/jwks.json"))
