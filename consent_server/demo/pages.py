"""The demo website's pages, each in English and, below `/lt/`, in Lithuanian."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for

from consent_server.demo.cookies import is_signed_in, names_set, sign_in, sign_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response
    from werkzeug.exceptions import HTTPException
    from werkzeug.wrappers import Response as Answer

LANGUAGES = ("en", "lt")
"""What the website speaks; the first has no prefix in its addresses."""


class Pages:
    """The views; `consent` is the site's address on the consent server, without a slash at its end."""

    def __init__(self, consent: str) -> None:
        self._consent = consent
        self._texts = {language: _read_texts(language) for language in LANGUAGES}

    def home(self, language: str) -> str:
        """Show the plans, the film, and what is stored now."""
        return self._render("home.html", language, hidden=names_set(request))

    def privacy(self, language: str) -> str:
        """Show the privacy policy."""
        return self._render("privacy.html", language)

    def film(self, language: str) -> str:
        """Show the film alone, as the home page's frame loads it."""
        return self._render("film.html", language)

    def show_sign_in(self, language: str) -> str | Answer:
        """Show the sign-in form, or the account to those who are signed in."""
        if is_signed_in(request):
            return redirect(url_for("pages.account", language=language), 303)
        return self._render("sign_in.html", language, refused=False)

    def sign_in(self, language: str) -> Answer:
        """Sign in whoever fills in both fields (nothing is checked or kept); 400 otherwise."""
        if not (request.form.get("email") and request.form.get("password")):
            return make_response(self._render("sign_in.html", language, refused=True), 400)
        answer = redirect(url_for("pages.account", language=language), 303)
        sign_in(request, answer, remember="remember" in request.form)
        return answer

    def account(self, language: str) -> str | Answer:
        """Show the account, or the sign-in form to those who are not signed in."""
        if not is_signed_in(request):
            return redirect(url_for("pages.show_sign_in", language=language), 303)
        return self._render("account.html", language)

    def sign_out(self, language: str) -> Answer:
        """Remove the sign-in cookies and go home."""
        answer = redirect(url_for("pages.home", language=language), 303)
        sign_out(answer)
        return answer

    def not_found(self, _error: HTTPException) -> Response:
        """Answer 404 in the language of the address."""
        language = "lt" if request.path.startswith("/lt/") else LANGUAGES[0]
        return make_response(self._render("not_found.html", language), 404)

    def _render(self, template: str, language: str, **values: Any) -> str:
        return render_template(
            template,
            language=language,
            t=self._texts[language],
            consent=self._consent,
            signed_in=is_signed_in(request),
            page=request.endpoint if request.blueprint == "pages" else "pages.home",
            **values,
        )


def pages_blueprint(pages: Pages) -> Blueprint:
    """Give each view its two addresses: `/privacy` in English, `/lt/privacy` in Lithuanian."""
    blueprint = Blueprint("pages", __name__)

    def add(path: str, name: str, view: Callable[[str], str | Answer], method: str = "GET") -> None:
        blueprint.add_url_rule(path, name, view, defaults={"language": "en"}, methods=[method])
        blueprint.add_url_rule(f"/<any(lt):language>{path}", name, view, methods=[method])

    add("/", "home", pages.home)
    add("/privacy", "privacy", pages.privacy)
    add("/video/data-centre", "film", pages.film)
    add("/sign-in", "show_sign_in", pages.show_sign_in)
    add("/sign-in", "sign_in", pages.sign_in, "POST")
    add("/account", "account", pages.account)
    add("/sign-out", "sign_out", pages.sign_out, "POST")
    return blueprint


def _read_texts(language: str) -> dict[str, Any]:
    source = files("consent_server.demo").joinpath("texts", f"{language}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))
