"""The office in a browser: from the login to an import and the rates, quiet and by itself."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hexi_solar.demo import write_demo
from hexi_solar.ledger import Event
from hexi_solar.office.people import add_login
from hexi_solar.office.store import open_register
from hexi_solar.planfile import read_plan

pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: no browser to drive"
)
from test_map_browser import chromium  # noqa: F401

pytestmark = pytest.mark.browser
PASSWORD = "correct-horse-battery"
SIZES = {"zh": (1440, 900), "en": (1280, 720)}
SERVE = "from hexi_solar.cli import main; main()"
WORDS = {
    "zh": {"recorded": "已登记。", "ready": "全部行均可接受", "imported": "已登记 2 条事件"},
    "en": {"recorded": "Recorded.", "ready": "Every row", "imported": "2 events recorded"},
}
SHOTS = os.environ.get("HEXI_SHOTS", "")


@pytest.fixture(params=["zh", "en"])
def served(request, tmp_path, monkeypatch):
    """The demonstration district's office, served by the command; its address and language."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    language = request.param
    write_demo(tmp_path / "demo")
    file = tmp_path / "demo" / "plan.toml"
    plan = read_plan(file)
    with open_register(plan) as register:
        facts = {"capacity_kwp": 96, "operator": "示范公司"}
        register.append(
            [Event("project", "PV-901", "filed", dt.date(2025, 3, 1), facts)], by="clerk"
        )
        for role in ("viewer", "editor"):
            add_login(register, role, role, PASSWORD, language)
    command = [sys.executable, "-u", "-c", SERVE, "serve", str(file), "--port", "0"]
    said = tmp_path / "said"
    with said.open("w") as out:
        server = subprocess.Popen([*command, "--lang", language], stdout=out, stderr=out)
    try:
        for _ in range(600):
            found = re.search(r"http://127\.0\.0\.1:\d+/", said.read_text())
            if found or server.poll() is not None:
                break
            time.sleep(0.1)
        assert found, said.read_text()
        yield found[0], language, tmp_path
        assert "Traceback" not in said.read_text(), said.read_text()
    finally:
        server.terminate()
        server.wait(30)


class Desk:
    """One person at one screen; keeps all that a quiet page would not do."""

    def __init__(self, browser, address: str, language: str):
        width, height = SIZES[language]
        self.context = browser.new_context(viewport={"width": width, "height": height})
        self.address, self.language, self.width = address, language, width
        self.noise: list[str] = []
        self.context.route("**/*", self._route)
        self.page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda e: self.noise.append(f"error: {e}"))
        self.page.on("dialog", lambda d: (self.noise.append(f"dialog: {d.message}"), d.dismiss()))

    def _heard(self, message) -> None:
        if message.type in ("error", "warning"):
            self.noise.append(f"console: {message.text}")

    def _route(self, route) -> None:
        if route.request.url.startswith((self.address, "data:")):
            route.continue_()
        else:
            self.noise.append(f"request: {route.request.url}")
            route.abort()

    def look(self, name: str) -> str:
        """Return a page's text; it fits the width of the screen."""
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.width, f"{name} is {wide} px wide"
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{SHOTS}/{self.language}-{name}.png")
        return self.page.inner_text("body")

    def go(self, path: str, name: str) -> str:
        self.page.goto(self.address + path)
        return self.look(name)

    def press(self, what: str) -> None:
        """Press something that leads to another page, and wait for that."""
        with self.page.expect_navigation():
            self.page.click(what)

    def log_in(self, name: str) -> None:
        self.page.goto(self.address)
        self.look(f"login-{name}")
        self.page.fill("input[name=username]", name)
        self.page.fill("input[name=password]", PASSWORD)
        self.press("input[type=submit]")
        assert "/login/" not in self.page.url

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


def test_a_day_at_the_office(chromium, served):  # noqa: F811
    """Login, list, event, correction as a new event, import with preview, rates: no noise, nothing from elsewhere."""
    address, language, folder = served
    words = WORDS[language]
    with Desk(chromium, address, language) as desk:
        desk.log_in("editor")
        desk.look("home")
        assert "PV-901" in desk.go("projects/", "projects")
        assert "PV-901" in desk.go("office/event/", "events")
        desk.press("#result_list tbody th a")
        assert "96" in desk.look("event")

        desk.go("record/project/PV-901/", "record")
        desk.go("record/project/PV-901/correct/", "correct")
        desk.page.select_option("select[name=kind]", "correction")
        desk.page.fill("input[name=valid_on]", "2025-04-01")
        desk.page.fill("[name=reason]", "按竣工图更正")
        desk.page.fill("[name=capacity_kwp]", "88")
        desk.press("button.default")
        assert "96" in desk.look("look-over")
        desk.press("[name=confirm]")
        after = desk.look("corrected")
        assert words["recorded"] in after
        assert "88" in after
        assert "96" in after  # the first event stands

        sheet = folder / "台账.csv"
        sheet.write_text(
            "项目编号,备案日期,装机容量(kW)\nPV-902,2025-05-01,50\nPV-903,2025-05-02,60\n", "utf-8"
        )
        desk.go("import/", "import")
        desk.page.set_input_files("input[type=file]", sheet)
        desk.press("button.default")
        assert words["ready"] in desk.look("preview")
        desk.press("button.default")
        assert words["imported"] in desk.look("imported")

        for _ in range(240):  # beside the page, which loads itself anew while it waits
            if 'class="waiting"' not in desk.context.request.get(address + "coverage/").text():
                break
            time.sleep(1)
        desk.page.goto(address + "coverage/")
        assert re.search(r"\d+\.\d%", desk.look("coverage"))
        assert not desk.noise
    with open_register(read_plan(folder / "demo" / "plan.toml")) as register:
        kinds = list(register.ledger()["kind"])
        assert kinds == ["filed", "correction", "filed", "filed"]
        assert not register.verify()


def test_a_viewer_finds_nothing_to_press(chromium, served):  # noqa: F811
    """Who may look sees no way to record, import or withdraw."""
    address, language, _ = served
    with Desk(chromium, address, language) as desk:
        desk.log_in("viewer")
        desk.go("record/project/PV-901/", "viewer-record")
        hrefs = desk.page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
        assert not [h for h in hrefs if h and ("import" in h or "new" in h or "correct" in h)]
        assert not desk.page.query_selector("[name=event_id]")
        assert not desk.noise
