"""`make pictures`: the pictures of a bill in docs/img, as paper and as a web page."""

import base64
import tempfile
from pathlib import Path

from PIL import Image

from ingestion.demo.company import BRAND_YAML, LOGO_SVG
from renderers.branding import Branding, read_branding
from renderers.pdf import FACES, FONTS
from renderers.rendering import render_html, render_pdf
from tests.renderers import samples
from tests.renderers.browser import ADDRESS, chromium, page_image

TARGET = Path(__file__).parents[2] / "docs" / "img"
PAGE_DPI = 88
# Width of the window, and the part of the page that is shown: left, top, right, bottom.
SCREENS = {1280: (160, 0, 1120, 1420), 375: (0, 0, 375, 2300)}
ROWS = 40


def demo_branding() -> Branding:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "brand.yaml").write_text(BRAND_YAML, encoding="utf-8")
        (Path(folder) / "logo.svg").write_text(LOGO_SVG, encoding="utf-8")
        return read_branding(Path(folder))


def faces() -> str:
    """The bundled faces for the browser, which has none of its own that looks the same
    everywhere."""
    return "".join(
        f'@font-face {{ font-family: "Billhouse Sans"; font-weight: {weight};'
        f" src: url(data:font/ttf;base64,"
        f"{base64.b64encode((FONTS / f'{name}.ttf').read_bytes()).decode()}); }}"
        for weight, name in FACES.items()
    )


def save(image: Image.Image, name: str) -> None:
    colours = image.convert("RGB").quantize(255, dither=Image.Dither.NONE)
    colours.save(TARGET / name, optimize=True)
    print(TARGET / name)


def main() -> None:
    document = samples.typical()
    rows = samples.usage_rows(document, ROWS)
    branding = demo_branding()
    pdf = render_pdf(document, rows, branding)
    html = render_html(document, rows, branding)
    with tempfile.TemporaryDirectory() as folder:
        for page in (1, 2):
            save(page_image(pdf, page, Path(folder), PAGE_DPI), f"bill-page{page}.png")
        with chromium() as browser:
            for width, part in SCREENS.items():
                # The page's own policy lets no font in.
                page = browser.new_page(viewport={"width": width, "height": 900}, bypass_csp=True)
                page.route(
                    "**/*",
                    lambda route: route.fulfill(
                        body=html if route.request.url == ADDRESS else "",
                        content_type="text/html; charset=utf-8",
                    ),
                )
                page.goto(ADDRESS)
                page.add_style_tag(content=faces())
                page.evaluate("document.fonts.ready")
                shot = Path(folder) / "shot.png"
                page.screenshot(path=shot, full_page=True)
                with Image.open(shot) as image:
                    save(image.crop(part), f"bill-{width}.png")


if __name__ == "__main__":
    main()
