"""Builds the widget into consent_server/built/ whenever a wheel or an editable installation is made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROJECT = Path(__file__).resolve().parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tools")]

import node  # noqa: E402 - found by the line above: nothing of this project is installed while it is built


class WidgetHook(BuildHookInterface[BuilderConfig]):
    """Builds the widget with Node.js: the system's, else the one that comes as a wheel."""

    def dependencies(self) -> list[str]:
        """Ask for the wheel (60 MB) only where the system has no Node.js that will do."""
        return [] if self.target_name == "sdist" or node.system() else [node.WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the widget. A source distribution holds the sources only."""
        if self.target_name == "sdist":
            return
        from consent_server import assets  # noqa: PLC0415 - needs webassets, which asking for dependencies does not

        try:
            node.install(PROJECT)
            assets.build(PROJECT, PROJECT / "consent_server" / "built")
        except Exception as error:
            raise SystemExit(f"The widget could not be built: {error}") from error
