"""Take a picture of the banner in every layout, theme, width and language, to be looked at.

    python tools/layouts.py DIRECTORY [LAYOUT]

writes a PNG file for each, and `index.html` that shows them side by side. LAYOUT, such as bar-top, takes
the pictures of one. To be run with the Python of the project's environment.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from browser import chromium
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from e2e.demo import run_demo
from e2e.stock import lay_out, stock
from e2e.test_accessibility import THEMES
from e2e.test_layouts import HTML, LANGUAGES, LAYOUTS, SIZES, ZOOMED

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from e2e.demo import Demo

ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
FIGURE = '<figure><img src="{name}" loading="lazy"><figcaption>{name}</figcaption></figure>'
INDEX = """<!doctype html><meta charset="utf-8"><title>Layouts</title>
<style>body {{ display: flex; flex-wrap: wrap; gap: 8px; background: #888 }} figure {{ margin: 0 }}
img {{ max-height: 400px; max-width: 560px; display: block }}</style>{figures}"""


def open_page(page: Page, demo: Demo, language: str) -> None:
    """Open a page in a language, with the banner."""
    tag = demo.tag.replace("consent.js", f"consent.js?lang={language}")
    direction = "rtl" if language == "ar" else "ltr"
    html = HTML.format(language=language, direction=direction, tag=tag)
    page.goto(demo.other + demo.pages.put("/layout", html))
    page.locator("consent-banner").wait_for()


def take(page: Page, demo: Demo, directory: Path, layout: str) -> list[str]:
    """Take the pictures of one layout; return their names."""
    names = []
    for language in LANGUAGES:
        open_page(page, demo, language)
        for width, height in [*SIZES, ZOOMED]:
            page.set_viewport_size({"width": width, "height": height})
            for theme, media in THEMES.items():
                page.emulate_media(color_scheme="light", forced_colors="none")
                page.emulate_media(**media)
                names.append(f"{layout}-{width}x{height}-{language}-{theme}.png")
                page.screenshot(path=directory / names[-1])
    return names


def main() -> None:
    """Take them all."""
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    names = []
    with tempfile.TemporaryDirectory() as data, run_demo(Path(data)) as demo, sync_playwright() as playwright:
        stock(demo, [language for language in LANGUAGES if language != "en"])
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for form, position in LAYOUTS:
            if sys.argv[2:] in ([], [f"{form}-{position}"]):
                lay_out(demo, form, position)
                page = browser.new_page()  # its cache is empty: no script of another layout
                names += take(page, demo, directory, f"{form}-{position}")
    index = INDEX.format(figures="".join(FIGURE.format(name=name) for name in names))
    (directory / "index.html").write_text(index, encoding="utf-8")
    print(f"{len(names)} pictures, side by side in {directory / 'index.html'}")


if __name__ == "__main__":
    main()
