"""The time stamp authority, over HTTP (RFC 3161, section 3.4)."""

from __future__ import annotations

import http.client
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from consent_server.errors import AuthorityUnavailable

_SECONDS = 20
_LONGEST = 1 << 20
_ANSWER = "application/timestamp-reply"


class Authority:
    """Sends requests to the authority at `url`, which begins with http:// or https://."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, query: bytes) -> bytes:
        """Return the answer to a request, both DER. Raises AuthorityUnavailable in plain words."""
        headers = {"Content-Type": "application/timestamp-query", "Accept": _ANSWER}
        request = Request(self._url, query, headers)  # noqa: S310 - settings take http and https alone
        try:
            with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
                media_type, content = answer.headers.get_content_type(), answer.read(_LONGEST)
        except HTTPError as error:
            raise AuthorityUnavailable(f"The time stamp authority answered {error.code}.") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise AuthorityUnavailable(f"The time stamp authority does not answer: {error}.") from None
        if media_type != _ANSWER:
            raise AuthorityUnavailable(f"The time stamp authority answered {media_type}, not {_ANSWER}.")
        return bytes(content)
