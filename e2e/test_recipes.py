"""The recipes of docs/embed.md do what they promise, as they stand there."""

from __future__ import annotations

import re
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import django.conf
import django.urls
import pytest
import tomlkit
from django.core.wsgi import get_wsgi_application
from django.views.generic import TemplateView
from playwright.sync_api import expect
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed.wsgi import WSGIApplication

    from e2e.demo import Demo
    from e2e.visitor import Visitor

EMBED = (Path(__file__).parent.parent / "docs" / "embed.md").read_text("utf-8")
FILM = "<!doctype html><title>A film</title><p>A film</p>"
COUNT = "window.counted = (window.counted ?? 0) + 1;"


def block(heading: str, language: str) -> str:
    """Return the first block of code in a language under a heading."""
    section = EMBED[EMBED.index(f"# {heading}\n") :]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1]


def here(code: str, demo: Demo) -> str:
    """Return a recipe with the addresses of this test in place of the examples."""
    for example, real in (
        ("https://consent.example.com", demo.server),
        ("https://stats.example.com", demo.other),
        ("https://video.example.com", demo.below),
        ("https://www.googletagmanager.com", demo.other),
    ):
        code = code.replace(example, real)
    return code


def counted(visitor: Visitor) -> int:
    """Return how often the statistics ran in this page."""
    found: int = visitor.page.evaluate("window.counted ?? 0")
    return found


def wait_until_counted(visitor: Visitor) -> None:
    """Wait for the statistics."""
    visitor.until(lambda: counted(visitor) == 1, "the statistics")


@pytest.fixture
def guest(visit: Callable[..., Visitor], own_demo: Demo) -> Visitor:
    """Bring a visitor to servers whose catalog may be edited; the statistics are there too."""
    own_demo.pages.put("/count.js", COUNT)
    return visit(own_demo)


def test_the_plain_page(guest: Visitor) -> None:
    """The script waits for its category and runs once; the frame has its placeholder; the link opens."""
    demo = guest.demo
    demo.pages.put("/embed/1", FILM)
    demo.pages.put("/plain", here(block("Plain HTML", "html"), demo))
    guest.open_other("/plain")
    expect(guest.page.locator("consent-frame")).to_be_visible()
    assert counted(guest) == 0
    guest.accept_all()
    wait_until_counted(guest)
    guest.until(lambda: any(frame.url.endswith("/embed/1") for frame in guest.page.frames), "the film")
    guest.open_other("/plain")
    wait_until_counted(guest)
    guest.page.locator("footer [data-consent-open]").click()
    guest.preferences.wait_for()


@contextmanager
def running(app: WSGIApplication) -> Iterator[str]:
    """Serve an application; give its origin."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def allow(demo: Demo, origin: str) -> None:
    """Add an origin to the catalog."""
    document: Any = tomlkit.parse(demo.catalog.read_text(encoding="utf-8"))
    document["site"]["origins"].append(origin)
    # Part of the notice, so that it can be seen when the server has read it.
    document["site"]["policy_url"] = f"{origin}/privacy"
    demo.write(tomlkit.dumps(document))


def flask_application(demo: Demo) -> WSGIApplication:
    """Make the application of the recipe, all of which stands there."""
    recipe: dict[str, Any] = {"__name__": "recipe"}
    exec(compile(here(block("Flask", "python"), demo), "docs/embed.md", "exec"), recipe)  # noqa: S102 - our own
    application: WSGIApplication = recipe["app"]
    return application


def django_application(demo: Demo) -> WSGIApplication:
    """Make a project of one page: the recipe's middleware and template, and the settings that they need."""
    recipe, urls = ModuleType("recipe"), ModuleType("urls")
    exec(compile(here(block("Django", "python"), demo), "docs/embed.md", "exec"), recipe.__dict__)  # noqa: S102
    sys.modules |= {"recipe": recipe, "urls": urls}
    backend = "django.template.backends.django.DjangoTemplates"
    page = {"shop.html": here(block("Django", "html"), demo)}
    loaders = [("django.template.loaders.locmem.Loader", page)]
    processors = ["django.template.context_processors.request"]
    django.conf.settings.configure(
        SECRET_KEY="of no worth",
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="urls",
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", "recipe.consent_middleware"],
        TEMPLATES=[{"BACKEND": backend, "OPTIONS": {"loaders": loaders, "context_processors": processors}}],
        LOGGING_CONFIG=None,
    )
    urls.__dict__["urlpatterns"] = [django.urls.path("", TemplateView.as_view(template_name="shop.html"))]
    application: WSGIApplication = get_wsgi_application()
    return application


@pytest.mark.parametrize("made", [flask_application, django_application])
def test_a_server_that_reads_the_choice(guest: Visitor, made: Callable[[Demo], WSGIApplication]) -> None:
    """Before the choice the tag waits; after it the page comes with it, and the choice comes by HTTP too."""
    guest.expects("favicon")
    with running(made(guest.demo)) as origin:
        allow(guest.demo, origin)
        guest.page.goto(origin)
        guest.banner.wait_for()
        assert guest.page.locator("script[type='text/plain']").count() == 1
        assert counted(guest) == 0
        guest.accept_all()
        wait_until_counted(guest)
        before = guest.cookies()["consent"]

        answer = guest.page.goto(origin)
        assert answer is not None
        assert guest.page.locator("script[data-consent]").count() == 0
        wait_until_counted(guest)
        assert before in (answer.header_value("set-cookie") or "")
        assert guest.cookies()["consent"] == before

        guest.page.locator("[data-consent-open]").click()
        guest.preferences.wait_for()
        guest.withdraw()
        guest.page.goto(origin)
        assert guest.page.locator("script[type='text/plain']").count() == 1
        assert counted(guest) == 0


SPA = """<!doctype html>
<html lang="en">
<title>An application</title>
<script type="module">
{recipe}
window.heard = [];
window.stop = onConsent("analytics", (granted) => window.heard.push(granted));
</script>
<script src="{server}/v1/bacloud/consent.js" async></script>
<main><h1>An application</h1></main>
<a href="#" data-consent-open>Cookie settings</a>
"""


def test_the_single_page_application(guest: Visitor) -> None:
    """It hears of each decision until it stops to listen; tags added on a later address wait and run."""
    demo = guest.demo
    recipe = block("React, Next and other single-page applications", "js")
    demo.pages.put("/app", SPA.replace("{recipe}", recipe).replace("{server}", demo.server))
    guest.open_other("/app")
    guest.banner.wait_for()
    assert set(guest.page.evaluate("heard")) == {False}
    guest.page.evaluate(
        """other => {
          history.pushState(null, "", "/app/next");
          const tag = document.createElement("script");
          tag.type = "text/plain";
          tag.dataset.consent = "analytics";
          tag.src = `${other}/count.js`;
          document.querySelector("main").append(tag);
        }""",
        demo.other,
    )
    guest.page.wait_for_timeout(200)
    assert counted(guest) == 0
    guest.accept_all()
    wait_until_counted(guest)
    assert guest.page.evaluate("heard.at(-1)") is True
    guest.page.evaluate("stop()")
    told = guest.page.evaluate("heard.length")
    guest.page.locator("[data-consent-open]").click()
    guest.preferences.wait_for()
    guest.withdraw()
    assert guest.page.evaluate("heard.length") == told


def test_the_tag_manager_page(guest: Visitor) -> None:
    """Google is told no before its script is asked for, and each decision after it is made."""
    demo = guest.demo
    demo.pages.put("/gtm.js?id=GTM-EXAMPLE", "window.first = dataLayer[0][1];")
    demo.pages.put("/manager", here(block("Google Tag Manager", "html"), demo))
    guest.open_other("/manager")
    guest.banner.wait_for()
    guest.until(lambda: guest.page.evaluate("window.first"), "the container")
    assert guest.page.evaluate("first") == "default"
    guest.accept_all()
    told = guest.page.evaluate("dataLayer.filter(entry => entry[1] === 'update').map(entry => entry[2])")
    assert [entry["analytics_storage"] for entry in told] == ["granted"]
    events = guest.page.evaluate("dataLayer.filter(entry => entry.event === 'consent_update')")
    assert events[-1]["consent"]["analytics"] is True


def test_the_other_python_recipe_fits_the_module() -> None:
    """It compiles, and what it imports is there."""
    code = block("Any WSGI or ASGI application", "python")
    recipe: dict[str, Any] = {"__name__": "recipe"}
    exec(compile(code, "docs/embed.md", "exec"), recipe)  # noqa: S102 - our own
    assert callable(recipe["granted"])
