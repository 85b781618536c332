"""A folium map as one file that asks nothing of a network.

folium links its assets from servers far away. The tree is rendered as folium means it,
then each link is replaced by the file of an installed package, or dropped where the
page does not use it; a link that nobody knows is an error. What the page runs is named
by hash in its Content-Security-Policy, so text out of a layer cannot become a script.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from functools import cache
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink, MacroElement
from folium.template import Template

from hexi_solar.errors import OutputError, Problem
from hexi_solar.labels import text
from hexi_solar.maps.extras import NOTHING, Extras
from hexi_solar.maps.payload import payload
from hexi_solar.study import Study

SCRIPTS = (
    "base.js", "paint.js", "draw.js", "popup.js", "progress.js", "candidates.js", "panel.js",
    "controls.js", "main.js",
)  # fmt: skip
# what only maps with a path to the target, or with the use of buildings, are given
PATHWAY, THEMES = "pathway.js", "themes.js"
LEAFLET = ("leaflet", "leaflet_css")
# folium's other defaults: for markers, bootstrap styles and popups that this page has none of
DROPPED = frozenset({
    "jquery", "bootstrap", "awesome_markers", "bootstrap_css", "glyphicons_css",
    "awesome_markers_font_css", "awesome_markers_css", "awesome_rotate_css",
})  # fmt: skip
FAILED = """const box = document.getElementById("hexi-state");
box.className = "failed";
box.textContent = box.dataset.failed + " " + error.message;
window.hexiSolar = () => {};"""
POLICY = (
    "default-src 'none'; script-src {scripts}; style-src {styles}; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


class Raw(Element):
    """A piece of the page that stands as it is; branca would read braces in it as a template."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self._content = content

    def render(self, **kwargs: Any) -> str:
        """Return the piece unchanged."""
        return self._content


class StudyLayer(MacroElement):
    """Hands the folium map to our script, which draws the study on it."""

    _template = Template(
        "{% macro script(this, kwargs) %}hexiSolar({{ this._parent.get_name() }});{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "StudyLayer"


def write_map(study: Study, path: Path, extras: Extras = NOTHING) -> None:
    """
    Write the map of a study.

    The same study gives the same bytes, whatever the day and the machine.

    Parameters
    ----------
    study
        All tables of the study; texts are in `study.plan.language`.
    path
        File to write.
    extras
        What stands on some maps only: the path to the target with its slider of years,
        the use of buildings, their measures.

    Raises
    ------
    OutputError
        If folium asks for an asset that is not in the page.
    """
    path.write_text(map_page(study, extras), encoding="utf-8", errors="replace", newline="\n")


def map_page(study: Study, extras: Extras = NOTHING) -> str:
    """Return the map of a study as one HTML page, see `write_map`."""
    data = payload(study, extras)
    language = study.plan.language
    (south, west), (north, east) = data["bounds"]
    canvas = folium.Map(
        location=[(south + north) / 2, (west + east) / 2], tiles=None, zoom_start=13,
        prefer_canvas=True, zoom_control=False, attribution_control=False,
    )  # fmt: skip
    canvas.options.update(max_zoom=21, min_zoom=8, zoom_snap=0.25, wheel_px_per_zoom_level=120)
    canvas.add_child(StudyLayer())
    figure = cast(Figure, canvas.get_root())
    figure.title = html.escape(data["title"])
    _number(figure)
    page = _rendered(figure, data, language)
    lang = {"zh": "zh-CN", "en": "en"}[language]
    return _guarded(page.replace("<html>", f'<html lang="{lang}">', 1))


def _number(figure: Figure) -> None:
    """Give every element an id by its place in the tree; folium draws them at random."""
    waiting = [figure.header, figure.html, figure.script, figure]
    count = 0
    while waiting:
        element = waiting.pop(0)
        element._id = f"hexi{count}"
        count += 1
        waiting += element._children.values()


def _rendered(figure: Figure, data: dict[str, Any], language: str) -> str:
    """Render folium's tree with our data, styles and scripts in it and every link replaced."""
    figure.header.add_child(Raw("@POLICY@"), name="policy", index=1)
    figure.html.add_child(Raw(_waiting(language)))
    figure.render()
    for name, element in list(figure.header._children.items()):
        if isinstance(element, (JavascriptLink, CssLink)):
            figure.header._children[name] = Raw(_asset(name, element.url))
    figure.header.add_child(Raw(f"<style>{_own('map.css')}</style>"))
    if {"pathway", "themes"} & set(data):
        figure.header.add_child(Raw(f"<style>{_own('pathway.css')}</style>"))
    figure.html.add_child(
        Raw(f'<script type="application/json" id="hexi-data">{_json(data)}</script>')
    )
    scripts = tuple(_scripts(data))
    figure.html.add_child(Raw(f"<script>{_program(scripts)}</script>"))
    page: str = figure._template.render(this=figure, kwargs={})
    return page


def _waiting(language: str) -> str:
    """Return what is seen until the map is drawn, or where it cannot be."""
    words = {
        key: html.escape(text(f"map.{key}", language)) for key in ("loading", "no_script", "failed")
    }
    return (
        f'<div id="hexi-state" role="status" data-failed="{words["failed"]}">'
        f"{words['loading']}<noscript>{words['no_script']}</noscript></div>"
    )


def _scripts(data: dict[str, Any]) -> list[str]:
    """Name the scripts that a page needs, in their order; the last one begins."""
    # what is drawn later lies above
    wanted = {THEMES: "themes" in data, PATHWAY: "pathway" in data}
    return [*SCRIPTS[:-1], *(name for name, asked in wanted.items() if asked), SCRIPTS[-1]]


@cache
def _program(names: tuple[str, ...]) -> str:
    """Join our scripts into one that keeps its names to itself and says when it fails."""
    scripts = "\n".join(_own(name) for name in names)
    return f'"use strict";\n(function () {{\ntry {{\n{scripts}\n}} catch (error) {{\n{FAILED}\n}}\n}})();'


def _asset(name: str, url: str) -> str:
    """Return what stands in the page for one of folium's links."""
    if name in DROPPED:
        return ""
    if name not in LEAFLET:
        raise OutputError(Problem("map_asset", {"name": name, "url": url}))
    script, style = _leaflet()
    return f"<script>{script}</script>" if name == "leaflet" else f"<style>{style}</style>"


@cache
def _leaflet() -> tuple[str, str]:
    """Read Leaflet's script, under its licence, and its styles without pictures we do not use."""
    folder = files("js_lib_leaflet") / "static" / "js_lib_leaflet"
    licence = distribution("django-js-lib-leaflet").read_text("LICENSE") or ""
    script = re.sub(r"//# sourceMappingURL=\S*", "", (folder / "leaflet.js").read_text("utf-8"))
    style = re.sub(r"url\([^)]*\)", "none", (folder / "leaflet.css").read_text("utf-8"))
    script = f"/*\n{licence.replace('*/', '')}*/\n{script}"
    return _plain(script, "script"), _plain(style, "style")


@cache
def _own(name: str) -> str:
    """Read one of our scripts or styles."""
    return _plain((files("hexi_solar.maps") / name).read_text("utf-8"), Path(name).suffix)


def _plain(content: str, kind: str) -> str:
    """Bring line ends to one form, as the browser does before it hashes; keep the element open."""
    tag = "style" if kind in ("style", ".css") else "script"
    return re.sub(r"\r\n?", "\n", content).replace(f"</{tag}", f"<\\/{tag}")


def _json(data: dict[str, Any]) -> str:
    """Write data so that nothing in it can end the block that holds it."""
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written


def _guarded(page: str) -> str:
    """Name every inline script and style of the page by its hash in the page's policy."""
    found = {
        tag: re.findall(rf"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
        for tag in ("script", "style")
    }
    hashes = {tag: " ".join(dict.fromkeys(map(_hash, texts))) for tag, texts in found.items()}
    policy = POLICY.format(scripts=hashes["script"], styles=hashes["style"])
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return page.replace("@POLICY@", meta, 1)


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode("utf-8", "replace")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
