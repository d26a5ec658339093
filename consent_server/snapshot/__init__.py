"""Dated pictures of what visitors are shown: banner and preferences, in a real browser."""
