"""The page of a receipt: what its holder reads, prints and checks."""

from __future__ import annotations

import json
import secrets
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from consent_server.catalog.files import read_catalogs
from consent_server.catalog.texts import texts_in
from consent_server.consent.decision import Decision, Method, State, check_choices
from consent_server.consent.receipt import Ruling, Shown, receipt_payload
from consent_server.consent.sites import LiveSite, live_sites
from consent_server.consent.uuid7 import uuid7
from consent_server.errors import EvidenceInvalid
from consent_server.evidence.signing import ReceiptSigner
from consent_server.evidence.tokens import Holding
from consent_server.evidence.verify import parse_jws
from consent_server.web.page_receipt import Held, render_receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response
    from flask.testing import FlaskClient

CATALOG = Path(__file__).parents[2] / "cookie_catalog.toml"
STYLESHEET = "/v1/assets/pages.css"
SERVER = "https://consent.example"
DECIDED = 1_795_000_000_000
PREVIOUS = Holding("bacloud", secrets.token_bytes(16), uuid7(DECIDED - 60_000), "ab" * 32)
CASES: dict[str, tuple[str, dict[str, bool]]] = {
    "given": ("accept_all", {"functional": True, "analytics": True}),
    "partial": ("save", {"functional": False, "analytics": True}),
    "refused": ("refuse_all", {"functional": False, "analytics": False}),
    "withdrawn": ("withdraw", {"functional": False, "analytics": False}),
}


class Page(HTMLParser):
    """A page as its elements, the text of each of them, and all its text; closing tags must match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the element."""
        element: tuple[str, dict[str, str | None], list[str]] = (tag, dict(attrs), [])
        self.elements.append(element)
        if tag not in {"meta", "link", "br"}:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        """Check that it closes the innermost open one."""
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        """Give the words to every element around them."""
        self.words.append(data)
        for _, _, words in self._open:
            words.append(data)

    @property
    def text(self) -> str:
        """All words, with single spaces."""
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[str]:
        """Return the text of every such element, with single spaces."""
        return [" ".join(" ".join(words).split()) for name, _, words in self.elements if name == tag]

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every such element."""
        return [attributes for name, attributes, _ in self.elements if name == tag]


@pytest.fixture(scope="module")
def site() -> LiveSite:
    """Give the site of the catalog that is shipped."""
    catalog = read_catalogs(CATALOG)[0]
    return live_sites([catalog])[catalog.site.id]


@pytest.fixture(scope="module")
def signer() -> ReceiptSigner:
    """Give a signer with a fresh key."""
    key = generate_private_key(SECP256R1())
    return ReceiptSigner([key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())])


@pytest.fixture
def hold(site: LiveSite, signer: ReceiptSigner) -> Callable[..., Held]:
    """Give a function that signs a decision as the server does."""

    def hold(method: str, choices: dict[str, bool], *, language: str = "en", **more: Any) -> Held:
        notice = site.notice(language)
        decision = Decision(uuid7(DECIDED), notice.sha256, Method(method), choices, **more)
        state = check_choices(decision, notice.body)
        previous = PREVIOUS if state is State.WITHDRAWN else None
        ruling = Ruling(uuid7(DECIDED + 900), DECIDED + 900, state, secrets.token_bytes(16), previous)
        payload = receipt_payload(decision, Shown(notice.sha256, notice.revision, notice.body), ruling)
        return Held(signer.sign(payload), notice.canonical)

    return hold


def answer(site: LiveSite, held: Held, language: str = "en") -> Response:
    """Render the page as the route does."""
    return render_receipt(site, held, stylesheet=STYLESHEET, language=language, server=f"{SERVER}/")


def page_of(site: LiveSite, held: Held, language: str = "en") -> Page:
    """Render the page and take it apart."""
    return Page(answer(site, held, language).get_data(as_text=True))


@pytest.mark.parametrize("language", ["en", "lt"])
@pytest.mark.parametrize("state", CASES)
def test_each_choice_is_told_in_words(
    site: LiveSite, hold: Callable[..., Held], state: str, language: str
) -> None:
    """Every category stands under its title, with a word and a sign for what was decided of it."""
    method, choices = CASES[state]
    page = page_of(site, hold(method, choices, language=language), language)
    texts = texts_in(language)["page"]
    items = {text.split(" ✓ ")[0].split(" ✕ ")[0]: text for text in page.all("li")}
    for category in site.notice(language).body["categories"]:
        item = items[category["title"]]
        granted = choices.get(category["id"], True)
        word = texts["receipt_allowed" if granted else "receipt_refused"]
        expected = texts["always_on"] if category["required"] else word
        assert f"{'✓' if granted else '✕'} {expected.capitalize()}" in item
        assert " ".join(category["text"].split()) in item
    assert texts[f"state_{state}"] in page.text
    assert texts[f"method_{method}"] in page.text


@pytest.mark.parametrize("language", ["en", "lt"])
def test_who_when_and_what_was_shown_stand_on_the_page(
    site: LiveSite, hold: Callable[..., Held], language: str
) -> None:
    """Ids, times, third parties, controller, authority and the notice's hash with its address are there."""
    held = hold(*CASES["withdrawn"], language=language)
    payload = parse_jws(held.jws).payload
    page = page_of(site, held, language)
    notice = site.notice(language)
    assert payload["id"] in page.words
    assert str(PREVIOUS.receipt_id) in page.words
    times = [attributes["datetime"] for attributes in page.attributes("time")]
    assert times == [payload["decided_at"], payload["time"], payload["valid_until"]]
    for words in notice.body["controller"].values():
        assert words in page.text
    for service in notice.body["services"]:
        assert not service["third_party"] or service["provider"] in page.text
    links = [attributes["href"] for attributes in page.attributes("a")]
    assert f"/v1/bacloud/notices/{notice.sha256}.json" in links
    assert notice.sha256 in page.words


def test_the_titles_keep_the_language_of_the_notice(site: LiveSite, hold: Callable[..., Held]) -> None:
    """A receipt of the English notice, read in Lithuanian, marks what is in English."""
    page = page_of(site, hold(*CASES["partial"], language="en"), "lt")
    (html,) = page.attributes("html")
    titles = [a for a in page.attributes("h3") if a.get("lang")]
    assert html["lang"] == "lt"
    assert [a["lang"] for a in titles] == ["en"] * len(site.notice("en").body["categories"])
    assert "Statistics" in page.all("h3")


def test_a_service_that_differs_from_its_category_says_so(site: LiveSite, hold: Callable[..., Held]) -> None:
    """A service allowed by itself in a refused category has its own answer."""
    choices = {"functional": False, "analytics": False}
    page = page_of(site, hold("embed", choices, services={"google-analytics": True}))
    (item,) = [text for text in page.all("li") if text.startswith("Statistics")]
    assert item.startswith("Statistics ✕ Refused")
    assert item.endswith("Google Ireland Limited, Ireland ✓ Allowed")


@pytest.mark.parametrize("gpc", [True, False])
def test_a_signal_is_told_only_where_there_was_one(
    site: LiveSite, hold: Callable[..., Held], *, gpc: bool
) -> None:
    """Global Privacy Control is named exactly when the browser sent it."""
    page = page_of(site, hold(*CASES["refused"], gpc=gpc))
    assert ("Global Privacy Control" in page.text) is gpc


@pytest.mark.parametrize("language", ["en", "lt"])
@pytest.mark.parametrize("state", CASES)
def test_the_page_is_well_formed_and_runs_nothing(
    site: LiveSite, hold: Callable[..., Held], state: str, language: str
) -> None:
    """One h1, labels that lead somewhere, and neither script nor inline style."""
    page = page_of(site, hold(*CASES[state], language=language), language)
    ids = [a["id"] for _, a, _ in page.elements if "id" in a]
    assert page.all("h1") == [texts_in(language)["page"]["receipt_heading"]]
    assert len(ids) == len(set(ids))
    assert {a["aria-labelledby"] for _, a, _ in page.elements if "aria-labelledby" in a} <= set(ids)
    assert not [tag for tag, _, _ in page.elements if tag in {"script", "style", "img", "form", "input"}]
    assert not [a for _, a, _ in page.elements if "style" in a or any(name.startswith("on") for name in a)]
    assert [a["href"] for a in page.attributes("link")] == [STYLESHEET]


def test_the_page_is_for_its_holder_alone(site: LiveSite, hold: Callable[..., Held]) -> None:
    """No cache keeps it, its policy allows one stylesheet, and no link carries a token or the receipt."""
    held = hold(*CASES["given"])
    response = answer(site, held)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert response.headers["Referrer-Policy"] == "same-origin"
    links = [a["href"] or "" for a in Page(response.get_data(as_text=True)).attributes("a")]
    assert not [link for link in links if "?" in link or "receipts" in link or held.jws in link]


@pytest.mark.needs("jose")
def test_the_receipt_on_the_page_passes_the_check_that_the_page_describes(
    site: LiveSite, hold: Callable[..., Held], tmp_path: Path, signer: ReceiptSigner
) -> None:
    """Saved by an editor and put to the page's own commands, it verifies; altered, it does not."""
    held = hold(*CASES["partial"])
    page = page_of(site, held)
    (jws,) = page.all("pre")
    assert jws == held.jws
    keys = json.dumps(signer.jwks())
    for name, data in (("receipt.jws", f"{jws}\n"), ("jwks.json", keys)):
        (tmp_path / name).write_text(data, encoding="utf-8")
    (tmp_path / "notice.json").write_bytes(held.notice)
    check, fingerprint = [text for text in page.all("code") if text.startswith(("tr ", "sha256sum "))]

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, capture_output=True, check=False, text=True
        )

    verified = run(check)
    assert (verified.returncode, json.loads(verified.stdout)) == (0, parse_jws(jws).payload)
    assert run(fingerprint).stdout.split()[0] == parse_jws(jws).payload["notice"]["sha256"]
    (tmp_path / "receipt.jws").write_text(f"{jws[:-4]}AAAA\n", encoding="utf-8")
    assert run(check).returncode != 0
    assert f"{SERVER}/.well-known/jwks.json" in page.words


def test_text_of_a_notice_is_only_text(site: LiveSite, signer: ReceiptSigner) -> None:
    """Markup in a notice is shown, never run."""
    evil = "<script>alert(1)</script>"
    catalog = site.catalog
    titled = tuple(replace(c, title={"en": evil, "lt": evil}) for c in catalog.categories)
    other = live_sites([replace(catalog, categories=titled)])[catalog.site.id]
    notice = other.notice("en")
    decision = Decision(uuid7(DECIDED), notice.sha256, Method.ACCEPT_ALL, CASES["given"][1])
    ruling = Ruling(uuid7(DECIDED), DECIDED, State.GIVEN, secrets.token_bytes(16), None)
    payload = receipt_payload(decision, Shown(notice.sha256, notice.revision, notice.body), ruling)
    page = page_of(other, Held(signer.sign(payload), notice.canonical))
    assert page.all("script") == []
    assert page.words.count(evil) == len(titled)


def test_another_notice_is_refused(site: LiveSite, hold: Callable[..., Held]) -> None:
    """A page never shows a receipt under words that its visitor did not see."""
    held = replace(hold(*CASES["given"]), notice=site.notice("lt").canonical)
    with pytest.raises(EvidenceInvalid, match="SHA-256 differs"):
        answer(site, held)


def test_a_receipt_of_a_real_server_has_its_page(
    client: FlaskClient, post: Callable[..., Any], decide: Callable[..., dict[str, Any]], catalog_path: Path
) -> None:
    """What the server signs and the notice that it serves by hash make the page."""
    jws = post(decide()).get_json()["receipt"]
    sha256 = parse_jws(jws).payload["notice"]["sha256"]
    notice = client.get(f"/v1/shop/notices/{sha256}.json").data
    page = page_of(live_sites(read_catalogs(catalog_path))["shop"], Held(jws, notice), "lt")
    (item,) = [text for text in page.all("li") if text.startswith("Marketing")]
    assert item.startswith("Marketing ✕ Atmesta")
