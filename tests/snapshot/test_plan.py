"""Which pictures are taken."""

from __future__ import annotations

import hashlib

from consent_server.snapshot.pictures import Picture, plan


def test_every_language_device_scheme_and_view_has_its_picture() -> None:
    """Each once, each in a file of its own name."""
    files = [shot.file for shot in plan(["en", "lt"])]
    assert len(files) == len(set(files)) == 2 * 2 * 2 * 3
    assert files[0] == "en-phone-light-banner.png"
    assert files[-1] == "lt-desktop-dark-details.png"


def test_a_picture_is_named_by_its_hash() -> None:
    """The index says what it is, in which window, and how to find that it was changed."""
    shot = plan(["en"])[0]
    assert Picture(shot, b"png").entry() == {
        "file": "en-phone-light-banner.png",
        "sha256": hashlib.sha256(b"png").hexdigest(),
        "language": "en",
        "device": "phone",
        "window": "390x844",
        "scheme": "light",
        "view": "banner",
    }
