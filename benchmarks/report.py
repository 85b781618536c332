"""The table and the chart that a full run of the benchmarks ends with.

The README holds the table of one run between two marks; ``python -m benchmarks --readme``
puts it there. A goal is met, missed, or not measured where a peer or data are not there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
PICTURE = ROOT / "docs" / "benchmarks.png"
HEADS = {
    "README.md": ("goal", "ours", "peers", "ratio", "accuracy", "met"),
    "README.zh-CN.md": ("目标", "本工具", "同类工具", "倍数", "精度", "达到"),
}
ANSWERS = {
    "README.md": {True: "yes", False: "**no**", None: "not measured"},
    "README.zh-CN.md": {True: "是", False: "**否**", None: "未测"},
}
NOT_THERE = {"README.md": "not installed", "README.zh-CN.md": "未安装"}
Found = dict[str, Any]


class Row(NamedTuple):
    """One goal, in words and in figures."""

    goal: tuple[str, str]
    """In English and Chinese; so all texts below, where they have words."""
    ours: tuple[str, str]
    peers: str
    ratio: tuple[tuple[str, str], ...]
    """Name of a peer and the key of how many times as fast we are."""
    accuracy: tuple[str, str]
    met: Callable[[Found], bool]
    """Raises KeyError or TypeError where something was not measured."""


def _yield_goal(f: Found) -> bool:
    broadcast = 100 if f["avx512"] else 60
    fast = f["yield_vs_modelchain"] >= 5000 and f["yield_vs_pvwatts"] >= 5000
    close = f["yield_max_rel_diff"] <= 1e-6 and f["yield_exact_max_rel_diff"] <= 1e-12
    return bool(fast and f["yield_vs_broadcast"] >= broadcast and close)


def _errors(f: Found, kind: str, *limits: float) -> bool:
    measures = ("mean", "p95", "worst")[: len(limits)]
    found = [v for k, v in f.items() if k.startswith("shaded_energy_") and k.endswith(kind)]
    if not found:
        raise KeyError(kind)
    return all(one[m] <= limit for one in found for m, limit in zip(measures, limits, strict=True))


def worst_of(f: Found, kind: str, measure: str) -> float:
    """Return the worst of the towns whose energy was compared. [%]"""
    return max(
        float(v[measure])
        for k, v in f.items()
        if k.startswith("shaded_energy_") and k.endswith(kind)
    )


ROWS = (
    Row(
        (
            "1. a year of a roof: ≥ 5,000 × ModelChain and PySAM, ≥ 100 × pvlib over many roofs at once "
            "(60 without AVX-512)",
            "1. 单个屋顶全年发电量：不低于 ModelChain、PySAM 的 5000 倍，pvlib 批量的 100 倍（无 AVX-512 时 60 倍）",
        ),
        ("{yield_fast_per_s:,.0f} roofs/s", "{yield_fast_per_s:,.0f} 个屋顶/秒"),
        "ModelChain {yield_modelchain_per_s:,.0f}/s, PySAM {yield_pvwatts_per_s:,.0f}/s, "
        "pvlib {yield_broadcast_per_s:,.0f}/s",
        (
            ("ModelChain", "yield_vs_modelchain"),
            ("PySAM", "yield_vs_pvwatts"),
            ("pvlib", "yield_vs_broadcast"),
        ),
        (
            "{yield_max_rel_diff:.1e} of pvlib; exact mode {yield_exact_max_rel_diff:.0e}",
            "与 pvlib 相差 {yield_max_rel_diff:.1e}；精确模式 {yield_exact_max_rel_diff:.0e}",
        ),
        _yield_goal,
    ),
    Row(
        (
            "2. skylines of all cells: ≥ 100 × r.horizon, p99 ≤ 0.3°",
            "2. 全部栅格的天际线：不低于 r.horizon 的 100 倍，p99 ≤ 0.3°",
        ),
        (
            "{surface_skyline_cells_per_cpu_s:,.0f} cells/s",
            "{surface_skyline_cells_per_cpu_s:,.0f} 格/秒",
        ),
        "GRASS r.horizon, topocalc",
        (("r.horizon", "surface_skyline_vs_rhorizon"), ("topocalc", "surface_skyline_vs_topocalc")),
        (
            "p99 {surface_skyline_p99_deg:.2f}°; where modules stand {surface_skyline_p99_deg_roofs:.2f}°",
            "p99 {surface_skyline_p99_deg:.2f}°；可装组件处 {surface_skyline_p99_deg_roofs:.2f}°",
        ),
        lambda f: f["surface_skyline_vs_rhorizon"] >= 100 and f["surface_skyline_p99_deg"] <= 0.3,
    ),
    Row(
        (
            "2. sky view of all cells: ≥ 30 × SAGA",
            "2. 全部栅格的天空可视因子：不低于 SAGA 的 30 倍",
        ),
        ("{sky_view_cells_per_cpu_s:,.0f} cells/s", "{sky_view_cells_per_cpu_s:,.0f} 格/秒"),
        "SAGA",
        (("SAGA", "sky_view_vs_saga"),),
        ("", ""),
        lambda f: f["sky_view_vs_saga"] >= 30,
    ),
    Row(
        (
            "2. skylines of points on a surface: ≥ 25,000/s",
            "2. 表面模型上采样点的天际线：每秒不少于 25,000 点",
        ),
        ("{surface_points_per_cpu_s:,.0f} points/s", "{surface_points_per_cpu_s:,.0f} 点/秒"),
        "",
        (),
        ("p99 {surface_points_p99_deg:.2f}°", "p99 {surface_points_p99_deg:.2f}°"),
        lambda f: f["surface_points_per_cpu_s"] >= 25_000,
    ),
    Row(
        (
            "2. skylines from footprints: ≥ 100,000 points/s, within 1e-6°",
            "2. 由轮廓计算的天际线：每秒不少于 100,000 点，误差 1e-6° 以内",
        ),
        (
            "{footprint_skyline_points_per_cpu_s:,.0f} points/s",
            "{footprint_skyline_points_per_cpu_s:,.0f} 点/秒",
        ),
        "pybdshadow (shadows)",
        (("pybdshadow", "shadow_vs_pybdshadow"),),
        (
            "{footprint_skyline_max_abs_deg:.0e}° of shapely",
            "与 shapely 相差 {footprint_skyline_max_abs_deg:.0e}°",
        ),
        lambda f: (
            f["footprint_skyline_points_per_cpu_s"] >= 1e5
            and f["footprint_skyline_max_abs_deg"] <= 1e-6
        ),
    ),
    Row(
        (
            "3. a year of every cell: ≥ 30 × GRASS (r.horizon, r.sun on 12 clear days)",
            "3. 每个栅格的全年：不低于 GRASS（r.horizon 加 12 个晴天的 r.sun）的 30 倍",
        ),
        ("{year_cells_per_cpu_s:,.0f} cells/s", "{year_cells_per_cpu_s:,.0f} 格/秒"),
        "GRASS {year_grass_cells_per_cpu_s:,.0f}/s",
        (("GRASS", "year_vs_rsun_12_days"), ("r.sun", "year_vs_rsun_12_days_without_horizons")),
        ("all hours, weather, PV chain", "逐时、真实天气、含光伏链路"),
        lambda f: f["year_vs_rsun_12_days"] >= 30,
    ),
    Row(
        (
            "4. a million buildings from file to files: ≤ 15 s, ≤ 1.2 GiB on 2 cores",
            "4. 百万栋建筑从文件到结果：双核 15 秒、1.2 GiB 以内",
        ),
        (
            "{file_to_files_s:.1f} s, of processor {million_cpu_s:.1f} s; {peak_mib:,.0f} MiB",
            "{file_to_files_s:.1f} 秒（处理器 {million_cpu_s:.1f} 秒）；{peak_mib:,.0f} MiB",
        ),
        "",
        (),
        ("{roofs:,} roofs, 32 points each", "{roofs:,} 个屋顶，每个 32 点"),
        lambda f: f["file_to_files_s"] <= 15 and f["peak_mib"] <= 1.2 * 1024,
    ),
    Row(
        ("4. 20,000 buildings: ≤ 3 s", "4. 两万栋：3 秒以内"),
        (
            "{small_s:.1f} s, of processor {small_cpu_s:.1f} s",
            "{small_s:.1f} 秒（处理器 {small_cpu_s:.1f} 秒）",
        ),
        "",
        (),
        ("", ""),
        lambda f: f["small_s"] <= 3,
    ),
    Row(
        (
            "4. energy with shade, city: mean ≤ 0.2 %, p95 ≤ 0.8 %, worst ≤ 3 %",
            "4. 含遮挡的发电量，城市设置：平均 0.2 %、95 % 分位 0.8 %、最差 3 % 以内",
        ),
        ("", ""),
        "",
        (),
        (
            "{city_mean:.2f} %, {city_p95:.2f} %, {city_worst:.1f} % in the worst of {towns} towns",
            "{towns} 个城区中最差：{city_mean:.2f} %、{city_p95:.2f} %、{city_worst:.1f} %",
        ),
        lambda f: _errors(f, "_city", 0.2, 0.8, 3.0),
    ),
    Row(
        (
            "4. energy with shade, district: mean ≤ 0.1 %, p95 ≤ 0.5 %",
            "4. 含遮挡的发电量，区级设置：平均 0.1 %、95 % 分位 0.5 % 以内",
        ),
        ("", ""),
        "",
        (),
        (
            "{district_mean:.2f} %, {district_p95:.2f} % in the worst of {towns} towns",
            "{towns} 个城区中最差：{district_mean:.2f} %、{district_p95:.2f} %",
        ),
        lambda f: _errors(f, "_district", 0.1, 0.5),
    ),
    Row(
        (
            "5. cost grows with buildings to the power 1.0 ± 0.05, from 10,000 to a million",
            "5. 从一万到百万栋，耗时随栋数的 1.0 ± 0.05 次方增长",
        ),
        ("exponent {exponent:.3f}", "指数 {exponent:.3f}"),
        "",
        (),
        (
            "{sizes_cpu_s[0]:.2f} s to {sizes_cpu_s[2]:.1f} s, without the hours of the year",
            "{sizes_cpu_s[0]:.2f} 秒至 {sizes_cpu_s[2]:.1f} 秒，不含全年逐时天气表",
        ),
        lambda f: abs(f["exponent"] - 1.0) <= 0.05,
    ),
    Row(
        (
            "5. in tiles with what shades them: ≤ 2 GiB for many more, the same as in one piece",
            "5. 分块（含周边遮挡）计算：栋数再多也不超过 2 GiB，与不分块相同",
        ),
        (
            "{peak_mib:,.0f} MiB for a million, {huge_peak_mib:,.0f} MiB for 3 million",
            "百万栋 {peak_mib:,.0f} MiB，三百万栋 {huge_peak_mib:,.0f} MiB",
        ),
        "",
        (),
        (
            "tiles change {tiles_apart:.0e} of a roof's energy",
            "分块使单个屋顶变化 {tiles_apart:.0e}",
        ),
        lambda f: f["huge_peak_mib"] <= 2048 and f["tiles_apart"] == 0.0,
    ),
    Row(
        ("5. two cores: ≥ 1.6 × one", "5. 双核不低于单核的 1.6 倍"),
        ("{two_cores:.2f} ×", "{two_cores:.2f} 倍"),
        "",
        (),
        ("", ""),
        lambda f: f["two_cores"] >= 1.6,
    ),
    Row(
        (
            "6. map of 20,000 buildings, 2,000 candidates: ≤ 3 MB, ≤ 0.6 s",
            "6. 两万栋、2000 个候选的地图：3 MB、0.6 秒以内",
        ),
        ("{map_20k_mb:.1f} MB, {map_20k_s:.2f} s", "{map_20k_mb:.1f} MB，{map_20k_s:.2f} 秒"),
        "",
        (),
        ("", ""),
        lambda f: f["map_20k_mb"] <= 3 and f["map_20k_s"] <= 0.6,
    ),
    Row(
        (
            "6. map of 100,000 buildings, 9,000 candidates: ≤ 10 MB, ≤ 1.5 s",
            "6. 十万栋、9000 个候选的地图：10 MB、1.5 秒以内",
        ),
        ("{map_100k_mb:.1f} MB, {map_100k_s:.2f} s", "{map_100k_mb:.1f} MB，{map_100k_s:.2f} 秒"),
        "",
        (),
        ("", ""),
        lambda f: f["map_100k_mb"] <= 10 and f["map_100k_s"] <= 1.5,
    ),
    Row(
        (
            "roof planes of an LoD2 town at 0.5 m, 5 cm noise: matched ≥ 98.5 %, correct ≥ 97 %, precision ≥ 96 %",
            "LoD2 城区的屋面，0.5 m、5 cm 噪声：匹配 98.5 %、正确 97 %、准确率 96 % 以上",
        ),
        ("{planes_ms:.1f} ms a building", "每栋 {planes_ms:.1f} ms"),
        "",
        (),
        (
            "{planes_matched:.1%}, {planes_correct:.1%}, {planes_precision:.1%}",
            "{planes_matched:.1%}、{planes_correct:.1%}、{planes_precision:.1%}",
        ),
        lambda f: (
            f["planes_matched"] >= 0.985
            and f["planes_correct"] >= 0.97
            and f["planes_precision"] >= 0.96
        ),
    ),
)


def table(found: Found, readme: str) -> str:
    """Write the table of one run in Markdown, in the language of a README."""
    language = list(HEADS).index(readme)
    heads = HEADS[readme]
    lines = [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]
    for row in ROWS:
        cells = [
            row.goal[language],
            _filled(row.ours[language], found, readme),
            _filled(row.peers, found, readme),
            ", ".join(_times(name, found.get(key), readme) for name, key in row.ratio),
            _filled(row.accuracy[language], found, readme),
            ANSWERS[readme][is_met(row, found)],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def is_met(row: Row, found: Found) -> bool | None:
    """Say whether a goal is met; None where it was not measured."""
    try:
        return bool(row.met(found))
    except (KeyError, TypeError):
        return None


def _filled(text: str, found: Found, readme: str) -> str:
    try:
        return text.format(**found)
    except (KeyError, TypeError):
        return ANSWERS[readme][None]


def _times(name: str, ratio: float | None, readme: str) -> str:
    if ratio is None:
        return f"{name}: {NOT_THERE[readme]}"
    return f"{name} {ratio:,.0f} ×" if ratio >= 10 else f"{name} {ratio:.1f} ×"


def section(found: Found, readme: str) -> str:
    """Write all that stands between the marks."""
    wide = "AVX-512" if found["avx512"] else "no AVX-512"
    core = f"{found['processor']}, {found['cores']} × , {wide}".replace(" × ,", " cores,")
    if readme == "README.md":
        said = (
            f"One run of `python -m benchmarks` on {found['date']} ({core}; load {found['load']:.1f} "
            "when it began, and what else runs slows wall times). Speeds and ratios are of "
            "processor time on one core, peers in the same run."
        )
        picture = "![Ratios and growth](docs/benchmarks.png)"
    else:
        said = (
            f"`python -m benchmarks` 于 {found['date']} 的一次运行（{found['processor']}，"
            f"{found['cores']} 核，{wide}；开始时负载 {found['load']:.1f}，同机其他任务会拖长墙钟时间）。"
            "速度与倍数按单核处理器时间计，同类工具在同一次运行中测得。"
        )
        picture = "![倍数与增长](docs/benchmarks.png)"
    return f"{said}\n\n{table(found, readme)}\n\n{picture}"


def write_readmes(found: Found) -> None:
    """Put the table into every README, and draw the chart."""
    for name in HEADS:
        path = ROOT / name
        before, rest = path.read_text("utf-8").split(BEGIN)
        after = rest.split(END)[1]
        path.write_text(f"{before}{BEGIN}\n{section(found, name)}\n{END}{after}", "utf-8")
    draw(found, PICTURE)


def stamped(found: Found) -> Found:
    """Add the day of the run."""
    return found | {"date": dt.datetime.now(dt.UTC).date().isoformat()}


def draw(found: Found, path: Path) -> None:
    """Draw how many times as fast we are, and how a city's time grows."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    named = [(n, found[k]) for row in ROWS for n, k in row.ratio if found.get(k)]
    names, ratios = zip(*reversed(named), strict=True)
    bars = left.barh(names, ratios, color="#2b6c8f")
    left.bar_label(bars, [f"{value:,.0f} ×" for value in ratios], padding=3, fontsize=8)
    left.set(xscale="log", xlim=(1, max(ratios) * 8), title="times as fast, same processor")
    left.tick_params(labelsize=8)
    sizes, spent = found["sizes"], found["sizes_cpu_s"]
    right.plot(sizes, spent, "o-", color="#2b6c8f")
    right.set(xscale="log", yscale="log", xlabel="buildings", ylabel="processor time [s]")
    right.set_title(f"a city from file to files: power {found['exponent']:.2f}")
    for size, value in zip(sizes, spent, strict=True):
        right.annotate(
            f"{value:.1f} s", (size, value), (4, -10), textcoords="offset points", fontsize=8
        )
    figure.savefig(path, dpi=110, metadata={"Software": None})
