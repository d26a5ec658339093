"""A page that means harm, and what a visitor of it sees and does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from e2e.visitor import Visitor

REFUSE = "#consent-reject-all"
PAGE = """<!doctype html>
<html lang="en"><title>quiet</title>{head}{tag}
<script type="text/plain" data-consent="analytics">document.title = "counted"</script>
{body}</html>"""
TWINS = ("reject-all", "accept-all")
HIT = """node => {
  const { left, top, width, height } = node.getBoundingClientRect();
  return [[0.5, 0.5], [0.1, 0.2], [0.9, 0.8]].every(([x, y]) => {
    const [across, down] = [left + width * x, top + height * y];
    return document.elementFromPoint(across, down) === node && node.matches(":popover-open *");
  });
}"""


def open_page(visitor: Visitor, head: str = "", body: str = "") -> None:
    """Bring the visitor to a page with a gated script, and this besides."""
    html = PAGE.format(head=head, tag=visitor.demo.tag, body=body)
    visitor.open_other(visitor.demo.pages.put("/hostile/page", html))


def picture(visitor: Visitor) -> bytes:
    """Return the banner as a visitor sees it, without its corners."""
    box = visitor.banner.bounding_box()
    assert box
    inner = {"x": box["x"] + 16, "y": box["y"] + 16, "width": box["width"] - 32, "height": box["height"] - 32}
    return visitor.page.screenshot(clip=inner)  # type: ignore[arg-type] # a plain dict


def hit(visitor: Visitor) -> list[bool]:
    """Return whether refuse and accept are what lies on top where they stand."""
    found: list[bool] = [visitor.banner.locator(f"#consent-{twin}").evaluate(HIT) for twin in TWINS]
    return found


def refuse_by_hand(visitor: Visitor) -> None:
    """Move the pointer to refuse, wherever the page has put it, and press."""
    box = visitor.banner.locator(REFUSE).bounding_box()
    assert box
    visitor.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visitor.page.mouse.down()
    visitor.page.mouse.up()
    visitor.until(visitor.receipt_id, "a receipt")


def assert_refused(visitor: Visitor) -> None:
    """Fail unless the refusal is remembered and recorded, and nothing optional ran."""
    assert [receipt["method"] for receipt in visitor.receipts()] == ["refuse_all"]
    assert visitor.cookies()["consent"].endswith(".")
    assert visitor.page.title() == "quiet"
