"""The map in a browser with the network off: what is drawn, clicked, found, and what is not run."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
from pathlib import Path

import pytest
from map_study import HOSTILE, large_study, small_roadmap, small_study

from hexi_solar.maps import Extras, write_map

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: no browser to drive"
)

pytestmark = pytest.mark.browser
DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


def browser_path() -> str | None:
    """Find a Chromium on this machine: named by the environment, installed, or playwright's own."""
    named = os.environ.get("HEXI_CHROMIUM")
    return named or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as driver:
        found = browser_path() or driver.chromium.executable_path
        if not Path(found).exists():
            pytest.skip(
                "no Chromium here; set HEXI_CHROMIUM to one, or run: playwright install chromium"
            )
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write each map once."""
    folder = tmp_path_factory.mktemp("maps")
    study = small_study()
    empty = dataclasses.replace(
        study, candidates=study.candidates.iloc[:0], coverage=study.coverage.iloc[:0],
        yields=study.yields.iloc[:0], subdistricts=None, boundary=None, record={},
    )  # fmt: skip
    studies = {"zh": study, "en": small_study("en"), "empty": empty}
    for name, one in studies.items():
        write_map(one, folder / f"{name}.html")
    return folder


class Visit:
    """One page, opened with the network off; it keeps all that a quiet page would not do."""

    def __init__(self, browser, file: Path, size=DESKTOP):
        self.context = browser.new_context(viewport=size, reduced_motion="reduce", offline=True)
        self.context.route("**/*", self._route)
        self.noise: list[str] = []
        self.page = self.context.new_page()
        self.page.on(
            "console",
            lambda m: (
                self.noise.append(f"console: {m.text}") if m.type in ("error", "warning") else None
            ),
        )
        self.page.on("pageerror", lambda e: self.noise.append(f"error: {e}"))
        self.page.on("dialog", lambda d: (self.noise.append(f"dialog: {d.message}"), d.dismiss()))
        self.page.goto(file.as_uri())
        self.until("window.hexiMap !== undefined")

    def _route(self, route):
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            self.noise.append(f"request: {route.request.url}")
            route.abort()

    def until(self, truth: str) -> None:
        """Wait for something; the policy refuses the driver's own way, which evaluates text."""
        for _ in range(200):
            if self.page.evaluate(truth):
                return
            self.page.wait_for_timeout(25)
        pytest.fail(f"waited in vain for {truth}")

    def click(self, building: str) -> None:
        place = self.page.evaluate("id => hexiMap.position(id)", building)
        self.page.mouse.click(place["x"], place["y"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


def test_the_map_draws_everything_in_silence(chromium, files):
    """Every building, area, ring and PV mark is drawn; nothing is asked for or complained of."""
    with Visit(chromium, files / "zh.html") as visit:
        assert visit.page.evaluate("hexiMap.counts") == {
            "buildings": 12, "candidates": 8, "cohort": 6, "existing": 3, "areas": 2,
        }  # fmt: skip
        # 12 buildings are 8 candidates and 4 in grey
        assert visit.page.evaluate("hexiMap.drawn()") == {
            "areas": 2, "outlines": 1, "others": 4, "candidates": 8, "cohort": 6, "existing": 3,
        }  # fmt: skip
        assert visit.page.title() == "河西区屋顶光伏 & <测试>"
        assert visit.noise == []


def test_what_is_counted_is_on_the_canvas(chromium, files):
    """The pixel of a school's roof has the colour of schools; beside it is the ground."""
    with Visit(chromium, files / "zh.html") as visit:
        pixel = """id => {
            const canvas = document.querySelector(".hexi-canvas");
            const frame = canvas.getBoundingClientRect();
            const pen = canvas.getContext("2d");
            const p = hexiMap.position(id);
            const at = (x, y) => [...pen.getImageData(x - frame.left, y - frame.top, 1, 1).data];
            return [at(p.x + 20, p.y), at(p.x, p.y - 60)];
        }"""
        roof, ground = visit.page.evaluate(pixel, "A01")
        assert roof == [0, 0x72, 0xB2, 255]
        assert ground[3] == 0


def test_a_click_on_a_roof_opens_its_popup(chromium, files):
    """Name, figures, ledger, months and assumptions are there in Chinese; the ledger adds up."""
    with Visit(chromium, files / "zh.html") as visit:
        visit.click("A01")
        card = visit.page.locator(".leaflet-popup .card")
        told = card.inner_text()
        for words in (
            "河西第一中学 教学楼", "中小学与幼儿园", "可装容量", "384 kWp", "单位容量发电量",
            "系统效率 PR", "面积扣减台账", "屋面边缘退让", "逐月发电量", "假定与推算",
            "屋面类型：假定", "荷载依据：无依据", "数据截至 2026-06-30", "建筑轮廓", "39.06",
            "教育局", "演示数据",
        ):  # fmt: skip
            assert words in told
        assert card.locator("svg.months rect").count() == 12
        cells = [
            int(t.replace(",", "").replace("−", "-"))
            for t in card.locator(".ledger td:last-child").all_inner_texts()
        ]
        # roof, three permanent exclusions, installable, parapet shadow, usable
        roof, setback, plant, lanes, installable, shadow, usable = cells
        assert roof == 3200
        assert roof + setback + plant + lanes == installable
        assert installable + shadow == usable
        assert visit.noise == []


def test_a_courtyard_is_not_roof(chromium, files):
    """A click into the courtyard opens nothing; one on the wing beside it opens the building."""
    with Visit(chromium, files / "zh.html") as visit:
        place = visit.page.evaluate("hexiMap.position('A02')")
        # the marked point lies in the wing, 10 m from the edge of a building 70 m wide; the
        # middle of its courtyard is 25 m further
        school = visit.page.evaluate("hexiMap.position('A01')")
        metre = (visit.page.evaluate("hexiMap.position('A05')")["x"] - school["x"]) / (
            4 * 130 - 40 + 30
        )
        visit.page.mouse.click(place["x"] + 25 * metre, place["y"])
        visit.page.wait_for_timeout(100)
        assert visit.page.locator(".card").count() == 0
        visit.page.mouse.click(place["x"], place["y"])
        visit.page.locator(".card[data-id=A02]").wait_for()


def test_the_pointer_is_told_what_it_is_over(chromium, files):
    """Over a roof: name, type, area, rank; over the ground: nothing."""
    with Visit(chromium, files / "zh.html") as visit:
        place = visit.page.evaluate("hexiMap.position('A01')")
        visit.page.mouse.move(place["x"] + 12, place["y"] + 4)
        tip = visit.page.locator(".hexi-tip")
        tip.wait_for()
        for words in ("河西第一中学 教学楼", "中小学与幼儿园", "3,200 m²", "384 kWp"):
            assert words in tip.inner_text()
        visit.page.mouse.move(place["x"], place["y"] - 60)
        tip.wait_for(state="detached")


@pytest.mark.parametrize("building", ["A02", "A03", "A04", "A05", "A06"])
def test_hostile_names_are_only_shown(chromium, files, building):
    """A name that is markup, script, template or control text is read as its letters."""
    name = HOSTILE[int(building[1:]) - 2].replace("\n", " ")
    with Visit(chromium, files / "zh.html") as visit:
        visit.page.evaluate("() => { window.alert = () => { window.hacked = true; }; }")
        visit.page.fill("input[type=search]", name[:20])
        visit.until("hexiMap.shown() === 1")
        visit.page.locator(".ranked .row").first.click()
        visit.page.wait_for_selector(".card")
        assert visit.page.locator(".card h2").text_content() == name
        place = visit.page.evaluate("id => hexiMap.position(id)", building)
        visit.page.mouse.move(place["x"] + 3, place["y"] + 3)
        visit.page.wait_for_timeout(100)
        assert visit.page.evaluate("window.hacked === undefined && !document.querySelector('img')")
        assert visit.noise == []


def test_a_script_put_into_the_page_does_not_run(chromium, files):
    """The second line of defence: what has no hash in the policy is refused, handlers too."""
    with Visit(chromium, files / "zh.html") as visit:
        visit.page.evaluate("""() => {
            const script = document.createElement("script");
            script.textContent = "window.hacked = 1";
            document.body.append(script);
            const box = document.createElement("div");
            box.innerHTML = "<img src=x onerror='window.hacked = 2'>";
            document.body.append(box);
        }""")
        visit.page.wait_for_timeout(200)
        assert visit.page.evaluate("window.hacked") is None
        assert any("Content Security Policy" in line for line in visit.noise)


def test_the_search_finds_by_name_id_and_address(chromium, files):
    """Each leads to the roof; nonsense is said to lead nowhere; others are listed apart."""
    with Visit(chromium, files / "zh.html") as visit:
        page = visit.page
        for query, found in (("第一中学", "A01"), ("a07", "A07"), ("南路 7 号", "A08")):
            page.fill("input[type=search]", query)
            visit.until(
                f"hexiMap.shown() === 1 && "
                f"document.querySelector('.ranked .row').dataset.id === '{found}'"
            )
        page.fill("input[type=search]", "没有这样的楼")
        visit.until("hexiMap.shown() === 0")
        assert "没有符合条件的屋顶" in page.locator(".ranked").inner_text()
        page.fill("input[type=search]", "小区会所")
        page.wait_for_selector(".ranked .row[data-id=A12]")
        assert "不是候选屋顶" in page.locator(".ranked").inner_text()


def test_the_list_flies_to_the_roof(chromium, files):
    """Choosing the first of the ranked list brings the roof near the middle and opens its popup."""
    with Visit(chromium, files / "zh.html") as visit:
        rows = visit.page.locator(".ranked .row")
        assert rows.count() == 8
        assert rows.first.get_attribute("data-id") == "A04"  # 90 m x 60 m, the largest
        rows.first.click()
        visit.page.wait_for_selector(".card[data-id=A04]")
        assert visit.page.evaluate("hexiMap.zoom()") >= 17


def test_the_panel_tells_how_far_it_is(chromium, files):
    """Rate, definition, date, gap, years and the buildings that count, the same as in the table."""
    rate = (
        small_study()
        .coverage.xs((2026, "cumulative", "installable"), level=["year", "cohort", "definition"])[
            "rate"
        ]
        .iloc[0]
    )
    with Visit(chromium, files / "zh.html") as visit:
        panel = visit.page.locator("#hexi-panel")
        told = panel.inner_text()
        assert f"{100 * rate:.1f}" in told
        assert f"还差 {50 - 100 * rate:.1f} 个百分点" in told
        assert "可安装屋顶面积覆盖率" in told
        assert "2026-06-30" in told
        panel.locator("summary", has_text="计入的建筑").click()
        counted = panel.locator("details .row")
        counted.first.wait_for()
        assert counted.count() == 6
        assert panel.locator(".mark.yes").count() == 2
        counted.filter(has_text="体院北").click()
        visit.page.wait_for_selector(".card[data-id=A09]")
        assert "计入覆盖率：无光伏" in visit.page.locator(".card").inner_text()
        panel.locator("summary", has_text="其他口径").click()
        panel.locator(".others").wait_for()
        assert "屋顶总面积覆盖率" in panel.locator(".others").inner_text()
        assert visit.noise == []


def test_filters_change_list_totals_and_map(chromium, files):
    """Without schools one roof is gone from the list, from the totals and from the colours."""
    with Visit(chromium, files / "zh.html") as visit:
        page = visit.page
        page.click(".open-filters")
        page.click(".chip[data-value=school]")
        visit.until("hexiMap.shown() === 7")
        assert page.evaluate("hexiMap.drawn().candidates") == 7
        assert page.evaluate("hexiMap.drawn().others") == 5
        total = small_study().candidates.query("owner_type != 'school'")["capacity_kwp"].sum()
        assert f"{total:,.0f} kWp" in page.locator(".totals").inner_text()
        page.click(".chips .chip[data-value=yes]")
        visit.until("hexiMap.shown() === 4")


def test_layers_switch_on_and_off(chromium, files):
    """Each box of the card takes its layer from the canvas; colours by capacity have a unit."""
    with Visit(chromium, files / "zh.html") as visit:
        page = visit.page
        for name, drawn in (
            ("others", "others"),
            ("cohort", "cohort"),
            ("existing", "existing"),
            ("outlines", "outlines"),
        ):
            page.uncheck(f".layers input[name={name}]")
            assert page.evaluate(f"hexiMap.drawn().{drawn}") == 0
        page.check(".layers input[name=coverage]")
        assert "%" in page.locator(".coverage-legend").inner_text()
        assert "无数据" in page.locator(".layers").inner_text()
        page.check(".layers input[value=capacity]")
        assert "kWp" in page.locator(".layers").inner_text()
        assert visit.noise == []


def test_english_leaves_no_chinese_but_the_names(chromium, files):
    """The furniture of the English page is English; names and the stamp stay as they are given."""
    with Visit(chromium, files / "en.html") as visit:
        visit.click("A01")
        card = visit.page.locator(".card").inner_text()
        assert "From roof to usable area" in card
        for line in visit.page.locator(".layers").inner_text().splitlines():
            assert line.isascii() or "≥" in line, line
        assert visit.page.evaluate("document.documentElement.lang") == "en"


def test_nothing_to_show_is_said(chromium, files):
    """No candidate and no rate are two plain sentences, not an error."""
    with Visit(chromium, files / "empty.html") as visit:
        told = visit.page.locator("#hexi-panel").inner_text()
        assert "没有达到 1,000 m² 的屋顶" in told
        assert "尚无可上报的覆盖率" in told
        assert visit.noise == []


def test_a_page_cut_short_says_so(chromium, files):
    """Data that cannot be read leave a sentence for the reader, not an empty page."""
    whole = (files / "zh.html").read_text("utf-8")
    (files / "cut.html").write_text(whole.replace('"bounds":', '"bounds"', 1), "utf-8")
    page = chromium.new_page()
    page.goto((files / "cut.html").as_uri())
    page.locator("#hexi-state.failed").wait_for()
    assert "地图无法显示" in page.locator("#hexi-state").inner_text()
    page.close()


def test_the_roof_stays_in_place_when_the_map_moves(chromium, files):
    """After an animated flight and a drag, the school is where the page says it is."""
    context = chromium.new_context(viewport=DESKTOP, offline=True)
    page = context.new_page()
    page.goto((files / "zh.html").as_uri())
    page.locator(".ranked .row[data-id=A01]").click()
    page.locator(".card[data-id=A01]").wait_for()
    page.mouse.move(900, 650)
    page.mouse.down()
    page.mouse.move(940, 560, steps=5)
    page.mouse.up()
    page.wait_for_timeout(600)
    place = page.evaluate("hexiMap.position('A01')")
    pixel = page.evaluate(
        """([x, y]) => {
            const canvas = document.querySelector(".hexi-canvas");
            const frame = canvas.getBoundingClientRect();
            const pen = canvas.getContext("2d");
            return [...pen.getImageData(x - frame.left, y - frame.top, 1, 1).data];
        }""",
        [place["x"] + 40, place["y"] + 6],
    )
    assert pixel == [0, 0x72, 0xB2, 255]
    context.close()


@pytest.mark.parametrize("size", [DESKTOP, {"width": 1920, "height": 1080}, PHONE])
def test_nothing_stands_on_anything_else(chromium, files, size):
    """Cards, buttons, scale and stamp do not overlap, and the page does not scroll sideways."""
    with Visit(chromium, files / "zh.html", size) as visit:
        boxes = visit.page.evaluate("""() => [
            "#hexi-panel", ".layers", ".leaflet-control-zoom", ".home",
            ".leaflet-control-scale", ".north", ".stamp",
        ].map((s) => [s, document.querySelector(s).getBoundingClientRect().toJSON()])
         .filter(([, b]) => b.width && b.height)""")
        for i, (one, a) in enumerate(boxes):
            assert a["left"] >= -1 and a["right"] <= size["width"] + 1, one
            for other, b in boxes[i + 1 :]:
                apart = (
                    a["right"] <= b["left"]
                    or b["right"] <= a["left"]
                    or a["bottom"] <= b["top"]
                    or b["bottom"] <= a["top"]
                )
                assert apart, f"{one} and {other}"
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_paper_has_title_date_stamp_and_sources(chromium, files):
    """In print the panel gives way to a heading and a line of sources; scale and north stay."""
    with Visit(chromium, files / "zh.html") as visit:
        visit.page.emulate_media(media="print")
        told = visit.page.locator("body").inner_text()
        for words in (
            "河西区屋顶光伏",
            "数据截至 2026-06-30",
            "内部使用，未经审图不得公开",
            "气象：内置气候年",
            "演示数据",
        ):
            assert words in told
        assert visit.page.locator(".north").is_visible()
        assert not visit.page.locator("#hexi-panel").is_visible()


def test_twenty_thousand_buildings_are_drawn(chromium, tmp_path):
    """All are on the canvas, and nothing is said on the console."""
    write_map(large_study(20_000, 2_000), tmp_path / "large.html")
    with Visit(chromium, tmp_path / "large.html") as visit:
        drawn = visit.page.evaluate("hexiMap.drawn()")
        assert drawn["others"] + drawn["candidates"] == 20_000
        assert visit.noise == []


def test_the_map_fits_on_one_sheet(chromium, files):
    """A printer gets one page; afterwards the screen is as it was."""
    with Visit(chromium, files / "zh.html") as visit:
        before = visit.page.evaluate("[hexiMap.zoom(), hexiMap.position('A01')]")
        sheet = visit.page.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", sheet)) == 1
        visit.until("!document.body.classList.contains('printing')")
        visit.page.wait_for_timeout(100)
        zoom, place = visit.page.evaluate("[hexiMap.zoom(), hexiMap.position('A01')]")
        assert zoom == before[0]
        assert abs(place["x"] - before[1]["x"]) <= 1
        assert abs(place["y"] - before[1]["y"]) <= 1
        assert visit.noise == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_slider_shows_what_is_built_by_a_year(chromium, tmp_path, size, language):
    """One roof stands in 2027, three in 2029; the arrow keys move the slider, and nothing is fetched."""
    found = small_roadmap(language)
    write_map(found.study, tmp_path / "path.html", Extras(roadmap=found))
    context = chromium.new_context(viewport=size, offline=True)
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    page.goto((tmp_path / "path.html").as_uri())
    page.wait_for_selector("body.ready")
    slider = page.locator("#path-year")
    assert slider.input_value() == "2029" and page.evaluate("hexiMap.drawn().path") == 3
    slider.focus()
    for year, count in (("2028", 1), ("2027", 1), ("2026", 0)):
        page.keyboard.press("ArrowLeft")
        assert slider.input_value() == year and page.evaluate("hexiMap.drawn().path") == count
    page.keyboard.press("End")
    said = page.locator(".path-said").inner_text()
    assert "2029" in said and "60.0 %" in said and slider.get_attribute("aria-valuetext") == said
    page.get_by_role("button", name="前一年" if language == "zh" else "Year before").click()
    assert slider.input_value() == "2028"
    box, window = page.locator(".path-timeline").bounding_box(), size
    assert box["x"] >= 0 and box["x"] + box["width"] <= window["width"]
    assert trouble == []
    context.close()


def test_a_roof_of_the_path_says_when_it_is_built(chromium, tmp_path):
    """The popup of a roof on the path names year, layout, cost and the check it needs."""
    found = small_roadmap()
    write_map(found.study, tmp_path / "path.html", Extras(roadmap=found))
    context = chromium.new_context(viewport=DESKTOP, offline=True)
    page = context.new_page()
    page.goto((tmp_path / "path.html").as_uri())
    page.wait_for_selector("body.ready")
    place = page.evaluate("hexiMap.position('A02')")
    page.mouse.click(place["x"], place["y"])
    card = page.locator(".path-card").inner_text()
    assert "2029" in card and "200 万元" in card and "须先检测荷载" in card
    context.close()
