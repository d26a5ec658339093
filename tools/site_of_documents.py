"""Make a website of the documents: `make docs`, or `python tools/site_of_documents.py DIRECTORY`.

It has the shape of the project, so that links between documents and to files stay as they are; only `.md`
becomes `.html`. It has the look of the server's own pages and runs no script. What a server shows at `/docs`
is a page of it too.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment
from markdown_it import MarkdownIt

from consent_server.web.docs import description, routes_as_html

if TYPE_CHECKING:
    from markdown_it.token import Token

PROJECT = Path(__file__).resolve().parent.parent
PAGES = [
    ("README.md", "Quick start"),
    ("docs/embed.md", "On your website"),
    ("docs/catalog.md", "The catalog"),
    ("docs/rules.md", "Its rules"),
    ("docs/deployment.md", "Deployment"),
    ("docs/scaling.md", "Scaling"),
    ("docs/security.md", "Security"),
    ("docs/privacy.md", "Privacy"),
    ("docs/audit.md", "Audit"),
    ("docs/api.html", "HTTP interface"),
    ("docs/accessibility.md", "Accessibility"),
    ("docs/comparison.md", "Comparison"),
]
LAYOUT = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self'">
  <title>{{ title }} &ndash; Consent server</title>
  <link rel="stylesheet" href="{{ up }}pages.css">
  <link rel="stylesheet" href="{{ up }}site.css">
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
  <p class="owner">Consent server</p>
  <nav aria-label="Documents">
    <ul class="tongues">
      {% for path, words in pages %}
      <li>
        <a href="{{ up }}{{ path }}"{% if path == here %} aria-current="page"{% endif %}>{{ words }}</a>
      </li>
      {% endfor %}
    </ul>
  </nav>
</header>
<main id="main">
{{ body | safe }}
</main>
</body>
</html>
"""
STYLE = """
main > p, main > ul, main > ol { max-inline-size: var(--measure); }
main > h2 { margin-block-start: 3rem; }
pre {
  overflow-x: auto;
  padding: 1rem 1.25rem;
  border: 1px solid var(--line);
  border-radius: 0.75rem;
  background: var(--raised);
  font-size: 0.9rem;
}
pre code { overflow-wrap: normal; }
img { max-inline-size: 100%; block-size: auto; }
th, th:first-child, th:nth-child(3), th:nth-child(4) { inline-size: auto; }
th, td { overflow-wrap: break-word; }
table { margin-block-end: 1.5rem; }
td code { overflow-wrap: anywhere; font-weight: 400; }
@media (min-width: 44rem) { .number { text-align: end; } }
"""


def build(target: Path) -> None:
    """Write the website into `target`, which is emptied first."""
    shutil.rmtree(target, ignore_errors=True)
    documents = [
        PROJECT / "README.md",
        *sorted((PROJECT / "docs").rglob("*.md")),
        PROJECT / "bench" / "README.md",
    ]
    for document in documents:
        write(document.relative_to(PROJECT), target)
    write_routes(target)
    styles = PROJECT / "consent_server" / "templates"
    sheets = re.findall(r'@import "\./(.+?)";', (styles / "pages.css").read_text("utf-8"))
    css = "".join((styles / sheet).read_text("utf-8") for sheet in sheets)
    (target / "pages.css").write_text(css, encoding="utf-8")
    (target / "site.css").write_text(STYLE, encoding="utf-8")


def write(document: Path, target: Path) -> None:
    """Write one page, and the files beside it that it links to. `document` is relative to the project."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse((PROJECT / document).read_text("utf-8"))
    for token in tokens:
        for child in token.children or ():
            follow(child, document, target)
    identify(tokens)
    label(tokens)
    here = page_of(document.as_posix())
    title = next(tokens[number + 1].content for number, token in enumerate(tokens) if token.tag == "h1")
    put(here, title, markdown.renderer.render(tokens, markdown.options, {}), target)


def write_routes(target: Path) -> None:
    """Write the page of every route, and the OpenAPI document beside it."""
    put("docs/api.html", "HTTP interface", routes_as_html("openapi.json"), target)
    (target / "docs" / "openapi.json").write_text(description(), encoding="utf-8")


def put(here: str, title: str, body: str, target: Path) -> None:
    """Write a page: what it says, with the menu around it."""
    text = (
        Environment(autoescape=True)
        .from_string(LAYOUT)
        .render(
            title=title,
            up="../" * here.count("/"),
            here=here,
            pages=[(page_of(path), words) for path, words in PAGES],
            body=body,
        )
    )
    path = target / here
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def follow(token: Token, document: Path, target: Path) -> None:
    """Lead a link to a page, or copy the file that it or an image names."""
    name = {"link_open": "href", "image": "src"}.get(token.type)
    if name is None:
        return
    address = str(token.attrs[name])
    if re.match(r"[a-z]+:|#", address):
        return
    file, _, place = address.partition("#")
    linked = posixpath.normpath((document.parent / file).as_posix())
    if linked.endswith(".md"):
        token.attrs[name] = posixpath.relpath(page_of(linked), document.parent.as_posix()) + (
            f"#{place}" if place else ""
        )
    else:
        (target / linked).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / linked, target / linked)


def identify(tokens: list[Token]) -> None:
    """Give headings the ids that links within documents use."""
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            words = re.sub(r"[^\w\s-]", "", tokens[number + 1].content.lower())
            token.attrSet("id", re.sub(r"\s+", "-", words.strip()))


def label(tokens: list[Token]) -> None:
    """Give each cell the name of its column, and numbers a class: styles are barred."""
    columns: list[str] = []
    place = 0
    for number, token in enumerate(tokens):
        if token.type in {"thead_open", "tr_open"}:
            columns, place = ([], 0) if token.type == "thead_open" else (columns, 0)
        elif token.type == "th_open":
            columns.append(tokens[number + 1].content)
        elif token.type == "td_open":
            token.attrSet("data-label", columns[place])
            place += 1
        if token.attrs.pop("style", "") == "text-align:right":
            token.attrSet("class", "number")


def page_of(path: str) -> str:
    """Return where a document's page lies; README of the project is the first page."""
    if path == "README.md":
        return "index.html"
    return path.removesuffix(".md").removesuffix(".html") + ".html"


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "build" / "docs"
    build(chosen)
    sys.stdout.write(f"The documentation is in {chosen / 'index.html'}.\n")
