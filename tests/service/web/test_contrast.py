from __future__ import annotations

import re

import pytest

from service.web.rendering import STATIC

AA_TEXT, AA_PARTS = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11

TEXT = [
    ("ink", "ground"), ("ink", "surface"), ("ink", "raised"), ("ink", "sunken"),
    ("ink-soft", "ground"), ("ink-soft", "surface"), ("ink-soft", "raised"),
    ("bar-ink", "bar"), ("bar-soft", "bar"), ("bar-ink", "bar-on"),
    ("accent", "surface"), ("accent", "ground"), ("accent", "raised"),
    ("accent-ink", "accent"), ("accent", "accent-tint"),
    ("good", "good-tint"), ("warn", "warn-tint"), ("bad", "bad-tint"), ("calm", "calm-tint"),
    ("bad", "surface"), ("bad-ink", "bad"), ("stage-ink", "stage"),
]  # fmt: skip
PARTS = [("edge", "surface"), ("edge", "ground"), ("focus", "surface"), ("focus", "ground"), ("good", "surface")]


def tokens():
    css = (STATIC / "app.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    first = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light))
    return {"light": first, "dark": first | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", dark))}


def luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_wcag_defines_it():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), TEXT, ids=lambda value: value)
def test_text_can_be_read(scheme, front, back):
    colours = tokens()[scheme]
    assert contrast(colours[front], colours[back]) >= AA_TEXT


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), PARTS, ids=lambda value: value)
def test_edges_and_focus_can_be_seen(scheme, front, back):
    colours = tokens()[scheme]
    assert contrast(colours[front], colours[back]) >= AA_PARTS
