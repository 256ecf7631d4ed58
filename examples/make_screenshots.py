"""Make the pictures of the page that README.md shows, from a real run.

    python examples/make_screenshots.py

serves the sample library from a temporary folder, asks it, and writes `docs/page-light.png`,
`docs/page-dark.png` and `docs/page-phone.png`, each in few colours and under 250 kB.

Needs the extras `serve` and `dev`, Chromium (`apt install chromium`), and the real weights. Where
the machine has no Palatino, `apt install fonts-texgyre` gives the type that the page asks for.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
QUESTION = "How does speculative decoding work?"
IN_A_PDF = "Why does latent diffusion work in latent space?"
WIDE = {"width": 1180, "height": 660}
PHONE = {"width": 390, "height": 780}
LARGEST = 250_000  # bytes of a picture
COLOURS = (192, 96, 48, 24)  # as many as fit


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a service over a copy of the sample library."""
    shutil.copytree(ROOT / "examples" / "library", folder / "notes")
    command = [sys.executable, "-m", "commonplace"]
    environment = {**os.environ, "COMMONPLACE_LIBRARY": str(folder / "library")}
    subprocess.run([*command, "add", str(folder / "notes")], env=environment, check=True)
    process = subprocess.Popen(
        [*command, "serve", "--port", "0", "--watch", str(folder / "notes")],
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield next(word for line in process.stdout for word in line.split() if "http://" in word)
    finally:
        process.terminate()
        process.wait(30)


def answered(browser: Browser, url: str, question: str, **looks: Any) -> Page:
    """A page with the answer on it."""
    page = browser.new_page(device_scale_factor=2, reduced_motion="reduce", **looks)
    page.goto(f"{url}/#/ask/{quote(question)}")
    page.locator(".foot p").first.wait_for(timeout=120_000)
    return page


def keep(page: Page, name: str) -> None:
    """Write what the window shows, with as many colours as fit."""
    target = ROOT / "docs" / name
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        for colours in COLOURS:
            small = picture.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
            small.save(target, optimize=True)
            if target.stat().st_size < LARGEST:
                break
    assert target.stat().st_size < LARGEST, f"{name} is too large"
    print(f"{target} ({target.stat().st_size:,} bytes)")


def main() -> None:
    """Write all pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        light = answered(browser, url, QUESTION, color_scheme="light", viewport=WIDE)
        light.locator(".mark").last.hover()
        keep(light, "page-light.png")
        dark = answered(browser, url, IN_A_PDF, color_scheme="dark", viewport=WIDE)
        dark.locator(".mark").first.click()
        dark.locator("dialog img.here").evaluate("it => it.decode()")
        dark.wait_for_timeout(300)  # it scrolls to the place then
        keep(dark, "page-dark.png")
        phone = answered(browser, url, QUESTION, is_mobile=True, has_touch=True, viewport=PHONE)
        keep(phone, "page-phone.png")
        browser.close()


if __name__ == "__main__":
    main()
