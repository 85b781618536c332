"""Take the pictures of the README from the map of the demonstration district.

Run `./demo` and `./test` first (the second installs what drives the browser), then
`.venv/bin/python docs/pictures.py`.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
MAP = ROOT / "outputs/demo/map.html"


def main() -> None:
    """Open the map with no network and take its picture."""
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 860})
        page.goto(MAP.as_uri())
        page.wait_for_timeout(1500)
        page.screenshot(path=ROOT / "docs/map.png")
        browser.close()


if __name__ == "__main__":
    main()
