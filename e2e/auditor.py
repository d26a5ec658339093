"""The auditor: reads receipts over HTTP and verifies them with a library that is not ours."""

from __future__ import annotations

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
        """Return every receipt of the site by its id, oldest first."""
        found: dict[str, str] = {}
        cursor = ""
        while True:
            page = ask(f"{self.home}/audit/receipts?limit=100{cursor}", self.token)
            found |= {item["id"]: item["receipt"] for item in page["items"]}
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    def verify(self, receipt: str) -> dict[str, Any]:
        """Return a receipt's payload, its signature verified by PyJWT under the published keys."""
        keys = jwt.PyJWKSet.from_dict(ask(f"{self.server}/.well-known/jwks.json"))
        key = keys[jwt.get_unverified_header(receipt)["kid"]]
        payload: dict[str, Any] = jwt.decode(receipt, key, algorithms=["ES256"])
        return payload
