"""Make the README's pictures from the demo study: `make screenshots`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.chromium import find
from tests.browser.conftest import log_in
from tests.environment import ROOT
from tests.stack.running import Running

PAGES = {
    "worklist": "/",
    "casebook": "/participants/BLEND-03/",
    "form": "/participants/BLEND-03/surgery/1/",
    "board": "/board/",
}


def main(folder: Path, widths: tuple[int, ...] = (1280,)) -> None:
    """Write one PNG a page into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state, sync_playwright() as playwright:
        running = Running(Path(state)).start()
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        try:
            for width in widths:
                context = browser.new_context(base_url=running.url, viewport={"width": width, "height": 860})
                page = context.new_page()
                log_in(page, "nurse")
                for name, address in PAGES.items():
                    page.goto(address)
                    page.wait_for_load_state("networkidle")
                    suffix = "" if widths == (1280,) else f"-{width}"
                    page.screenshot(path=folder / f"{name}{suffix}.png")
        finally:
            browser.close()
            running.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots")
