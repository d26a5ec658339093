"""One receipt in each form that its holder can ask for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import Response, request

from consent_server.errors import NoticeUnknown, QueryInvalid
from consent_server.evidence.records import Urls, iso27560, iso_duration, kantara
from consent_server.evidence.verify import parse_jws
from consent_server.web.page_frame import language_of
from consent_server.web.page_receipt import Held, render_receipt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consent_server.consent.ports import NoticeStore
    from consent_server.consent.sites import LiveSite
    from consent_server.consent.stored import Leaf

_RECORDS = {"iso27560": iso27560, "kantara": kantara}
_FORMS = ("json", "html", *_RECORDS)


class ReceiptViews:
    """Shows receipts. `public_url` is this server's address where it is set."""

    def __init__(self, notices: NoticeStore, stylesheet: str, public_url: str | None) -> None:
        self._notices = notices
        self._stylesheet = stylesheet
        self._public_url = public_url

    def show(self, site: LiveSite, leaf: Leaf) -> Response:
        """Answer with the form that `?format=` names: json (also the default), html, iso27560 or kantara."""
        form = request.args.get("format") or self._preferred()
        if form not in _FORMS:
            raise QueryInvalid(f"“format” is one of {', '.join(_FORMS)}.")
        jws = leaf.jws or ""
        if form == "json":
            return _json({"id": str(leaf.id), "receipt": jws})
        held = Held(jws, self._notice(site.id, leaf.notice))
        if form == "html":
            language = language_of(request, site)
            server = self._server()
            return render_receipt(site, held, stylesheet=self._stylesheet, language=language, server=server)
        return _json(self._record(form, site, held), "application/ld+json" if form == "iso27560" else None)

    def _record(self, form: str, site: LiveSite, held: Held) -> Mapping[str, Any]:
        payload = parse_jws(held.jws).payload
        home = f"{self._server()}/v1/{site.id}"
        about = site.catalog.site
        urls = Urls(
            notice=f"{home}/notices/{payload['notice']['sha256']}.json",
            withdrawal=f"{home}/cookies",
            rights=about.policy_url,
        )
        return _RECORDS[form](payload, held.notice, urls, iso_duration(about.keep_receipts.seconds or 0))

    def _notice(self, site_id: str, sha256: str) -> bytes:
        kept = self._notices.notice(site_id, sha256)
        if kept is None:
            raise NoticeUnknown("The notice of this receipt is not in the database.")
        return kept.canonical

    def _server(self) -> str:
        return self._public_url or request.host_url.rstrip("/")

    def _preferred(self) -> str:
        best = request.accept_mimetypes.best_match(["application/json", "text/html"], "application/json")
        return "html" if best == "text/html" else "json"


def _json(body: Mapping[str, Any], media_type: str | None = None) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, content_type=media_type or "application/json")
