"""An operator's logo and colours are taken as drawings and colours, nothing else."""

from pathlib import Path

import pytest

from renderers.branding import (
    BrandingError,
    Palette,
    contrast,
    darken_for_white_text,
    read_branding,
    sanitise_svg,
)

HOSTILE_SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 width="100" height="40" onload="alert(1)" style="background:url(http://x.example/a)">
<script>alert(1)</script><style>@import url(http://x.example/b)</style>
<defs><linearGradient id="g"><stop offset="0" stop-color="#123456"/></linearGradient></defs>
<image href="file:///etc/passwd" width="10" height="10"/>
<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="http://x.example"/></foreignObject>
<a href="javascript:alert(1)"><rect width="1" height="1"/></a>
<use href="http://x.example/c.svg#d"/><use xlink:href="#g"/>
<rect width="5" height="5" fill="url(#g)" stroke="url(http://x.example/e)"/>
<text font-family="Comic Sans MS">A</text><path d="M0 0h10v10z" fill="#0b5c6b"/></svg>"""


def test_a_logo_keeps_its_shapes_and_loses_the_rest() -> None:
    svg = sanitise_svg(HOSTILE_SVG, Path("logo.svg"))
    for word in ("script", "style", "image", "foreign", "javascript", "x.example", "onload",
                 "passwd", "iframe"):  # fmt: skip
        assert word not in svg
    assert 'd="M0 0h10v10z"' in svg
    assert 'viewBox="0 0 100 40"' in svg
    assert 'fill="url(#logo-g)"' in svg
    assert 'href="#logo-g"' in svg
    assert "Comic" not in svg


@pytest.mark.parametrize(
    "content",
    [
        b"not a drawing",
        b"<html/>",
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b" " * 300_000,
    ],
)
def test_a_file_that_is_no_usable_logo_is_named(content: bytes) -> None:
    with pytest.raises(BrandingError, match=r"^logo\.svg: "):
        sanitise_svg(content, Path("logo.svg"))


def test_everything_is_optional(tmp_path: Path) -> None:
    assert read_branding(None) == read_branding(tmp_path)
    assert read_branding(tmp_path / "missing").logo_svg is None


def test_settings_are_read_and_checked(tmp_path: Path) -> None:
    file = tmp_path / "brand.yaml"
    file.write_text("name: Ondine\ncolours: {accent: '#ffcc00'}\nmentions: {fr: [Capital 1 €]}\n")
    branding = read_branding(tmp_path)
    assert branding.name == "Ondine"
    assert branding.mentions == {"fr": ("Capital 1 €",)}
    assert contrast(branding.palette.accent, "#ffffff") >= 4.5
    for text, word in [
        ("colours: {accent: red}", "accent"),
        ("shadow: 1", "shadow"),
        ("payment_url: javascript:alert(1)", "payment_url"),
        ("colours: [1]", "colours"),
        ("a: [", "YAML"),
    ]:
        file.write_text(text)
        with pytest.raises(BrandingError, match=word):
            read_branding(tmp_path)


def test_the_digest_changes_with_the_looks(tmp_path: Path) -> None:
    (tmp_path / "brand.yaml").write_text("name: A")
    first = read_branding(tmp_path).digest
    (tmp_path / "brand.yaml").write_text("name: B")
    assert read_branding(tmp_path).digest != first


def test_default_colours_are_legible() -> None:
    palette = Palette()
    assert contrast(palette.accent, "#ffffff") >= 4.5
    assert contrast(palette.highlight, "#ffffff") >= 4.5
    assert contrast("#566770", palette.accent_soft) >= 4.5
    assert darken_for_white_text("#ffffff") != "#ffffff"
