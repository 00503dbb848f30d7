"""Rendered fires and smoke with exact truth, and everything that is taken for them."""
