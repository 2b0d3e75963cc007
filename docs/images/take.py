"""Take the pictures of the README from a running portal: python docs/images/take.py http://127.0.0.1:8000

Needs the development requirements and Debian's chromium. Only the public-domain samples are shown.
"""  # noqa: INP001

import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).resolve().parent


def analyze(browser: Browser, base: str) -> None:
    """The analyze page with the astronaut, light."""
    page = browser.new_page(viewport={"width": 1280, "height": 1180}, color_scheme="light", base_url=base)
    page.goto("/analyze/")
    page.locator('label.sample:has(input[value="astronaut"])').click()
    page.get_by_test_id("submit").click()
    page.get_by_test_id("result").wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    page.screenshot(path=HERE / "analyze.png")


def home(browser: Browser, base: str) -> None:
    """The first page, dark."""
    page = browser.new_page(viewport={"width": 1280, "height": 980}, color_scheme="dark", base_url=base)
    page.goto("/", wait_until="networkidle")
    page.screenshot(path=HERE / "home-dark.png")


def shrink(path: Path) -> None:
    """256 colours: a third of the bytes, and nobody sees it."""
    with Image.open(path) as image:
        image.convert("RGB").quantize(256).save(path, optimize=True)


if __name__ == "__main__":
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for take in (analyze, home):
            take(chromium, sys.argv[1])
        chromium.close()
    for picture in HERE.glob("*.png"):
        shrink(picture)
