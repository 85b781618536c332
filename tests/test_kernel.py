"""The compiled kernel, held to the same year by pvlib itself."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pvlib
import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st
from pvlib.bifacial.utils import vf_row_ground_2d_integ, vf_row_sky_2d_integ

from hexi_solar.config import PV, Weather
from hexi_solar.errors import Notices
from hexi_solar.weather import climate_year, read_weather_file
from hexi_solar.yields import (
    Planes,
    Shade,
    Sky,
    annual_sums,
    annual_yields,
    hour_table,
    hourly_chain,
    row_views,
    shade_of,
    sky_cell,
    sky_of,
    skyline_view,
)
from hexi_solar.yields.glass import beam_polynomial, diffuse_factors, glass_of, passing
from hexi_solar.yields.kernel import BLOCK, RUN

LIMITS = {"fast": 1e-6, "exact": 1e-12, "float32": 1e-5}
KERNELS = list(LIMITS)
DIRECTIONS, BANDS = 64, 32


@lru_cache(16)
def year_of(latitude: float, seed: int, longitude: float = 117.0) -> Sky:
    """A year of hours whose weather is drawn, from overcast to clear, anywhere on earth."""
    dice = np.random.default_rng(seed)
    times = pd.date_range("2023-01-01", periods=8760, freq="h", tz="Etc/GMT-8")
    moments = times + pd.Timedelta(minutes=30)
    sun = pvlib.solarposition.get_solarposition(moments, latitude, longitude, temperature=10.0)
    height = np.sin(np.deg2rad(sun["apparent_elevation"].to_numpy()))
    clear = dice.choice([0.0, 0.02, 0.3, 0.6, 0.8], 8760) * dice.uniform(0.5, 1.0, 8760)
    dni = np.where(height > 0.02, 1361.0 * clear, 0.0)
    # light lingers a little after sunset, and some hours have beam alone
    dhi = np.where(height > -0.02, dice.uniform(0.0, 0.35, 8760) * 1361 * (height + 0.03), 0.0)
    dhi = np.where(dice.random(8760) < 0.01, 0.0, np.maximum(dhi, 0.0))
    columns = {
        "ghi": dhi + dni * np.maximum(height, 0.0),
        "dni": dni,
        "dhi": dhi,
        "temp_air": dice.normal(12.0, 12.0, 8760),
        "wind_speed": dice.uniform(0.0, 12.0, 8760),
    }
    year = pd.DataFrame(columns, index=times)
    return sky_of(
        year, latitude=latitude, longitude=longitude, altitude=0.0, sun_offset_minutes=30.0
    )


def some_planes(count: int, seed: int) -> Planes:
    """Planes of any tilt and azimuth; a third flush, others in rows near or far."""
    dice = np.random.default_rng(seed)
    tilt = dice.choice([0.0, 10.0, 90.0, *dice.uniform(0, 90, 9)], count)
    flush = dice.random(count) < 0.3
    gcr = np.where(flush | (dice.random(count) < 0.3), 0.0, dice.uniform(0.05, 0.98, count))
    return Planes(tilt, dice.uniform(0, 360, count), gcr, flush)


def some_shade(count: int, seed: int) -> Shade:
    dice = np.random.default_rng(seed)
    lit = dice.choice([0.0, 0.25, 0.7, 1.0], (count, DIRECTIONS, BANDS))
    return Shade(lit, dice.uniform(0, 1, count), dice.uniform(0, 1, count))


def by_pvlib(sky: Sky, planes: Planes, settings: PV, **around) -> np.ndarray:
    hours = hourly_chain(sky, planes, settings, 0.2, **around)
    light = (hours.poa_global, hours.poa_shaded, hours.effective_irradiance)
    months = [hours.ac[sky.month == month].sum(axis=0) for month in range(1, 13)]
    columns = [*(part.sum(axis=0) / 1000 for part in light), hours.dc.sum(axis=0), *months]
    return np.column_stack(columns)


def close(found: np.ndarray, expected: np.ndarray, limit: float) -> None:
    """Sums of light, DC, and AC of the year agree to the limit; months to five times it."""
    whole = np.column_stack([found[:, :4], found[:, 4:].sum(axis=1)])
    other = np.column_stack([expected[:, :4], expected[:, 4:].sum(axis=1)])
    np.testing.assert_allclose(whole, other, rtol=limit, atol=limit * 1e-3)
    # dark months are small, and the millionth belongs to the year
    atol = limit * np.maximum(other[:, 4:], 1e-3)
    assert (np.abs(found[:, 4:] - expected[:, 4:]) <= 5 * limit * expected[:, 4:] + atol).all()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("temperature", ["sapm", "pvsyst"])
@pytest.mark.parametrize("transposition", ["perez", "haydavies"])
def test_every_model_is_pvlibs(transposition, temperature, kernel):
    """Planes of any tilt and azimuth, rows and flush, have pvlib's year under every model."""
    sky, planes = year_of(39.0, 1), some_planes(60, 2)
    settings = PV(
        transposition=transposition, temperature=temperature, kernel=kernel, dc_ac_ratio=1.5
    )
    found = annual_sums(hour_table(sky, settings, 0.2), planes, settings)
    close(found, by_pvlib(sky, planes, settings), LIMITS[kernel])


@pytest.mark.parametrize("latitude", [-72.0, -33.0, 0.0, 23.4, 69.5, 89.0])
def test_everywhere_on_earth(latitude):
    """South of the equator, below a sun at the zenith, through polar day and night."""
    sky, planes = year_of(latitude, 3), some_planes(40, 4)
    for kernel in ("fast", "exact"):
        settings = PV(kernel=kernel)
        found = annual_sums(hour_table(sky, settings, 0.2), planes, settings)
        close(found, by_pvlib(sky, planes, settings), LIMITS[kernel])


@pytest.mark.parametrize("kernel", KERNELS)
def test_skylines_are_pvlibs(kernel):
    """One skyline per plane: beam when the sun stands above it, sky by its view."""
    sky, planes = year_of(39.0, 5), some_planes(50, 6)
    skyline = np.random.default_rng(7).gamma(1.0, 15.0, (50, DIRECTIONS)).clip(0, 85)
    settings = PV(kernel=kernel)
    found = annual_sums(hour_table(sky, settings, 0.2), planes, settings, skyline=skyline)
    close(found, by_pvlib(sky, planes, settings, skyline=skyline), LIMITS[kernel])


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("number", [np.float32, np.float64])
def test_lit_fractions_are_pvlibs(kernel, number):
    """Tables of what the sun reaches, by direction and band, and views of sky and horizon."""
    sky, planes, shade = year_of(39.0, 8), some_planes(50, 9), some_shade(50, 10)
    shade, settings = replace(shade, lit=shade.lit.astype(number)), PV(kernel=kernel)
    found = annual_sums(hour_table(sky, settings, 0.2), planes, settings, shade=shade)
    close(found, by_pvlib(sky, planes, settings, shade=shade), LIMITS[kernel])


@rules(max_examples=12, deadline=None)
@given(
    latitude=st.floats(-89, 89),
    tilt=st.floats(0, 90),
    azimuth=st.floats(0, 360),
    gcr=st.one_of(st.just(0.0), st.floats(0.01, 1.1)),
    coating=st.floats(1.0, 1.6),
    albedo=st.floats(0, 1),
    ratio=st.floats(0.5, 3),
    transposition=st.sampled_from(["perez", "haydavies"]),
    temperature=st.sampled_from(["sapm", "pvsyst"]),
    seed=st.integers(0, 3),
)
def test_any_case(
    latitude, tilt, azimuth, gcr, coating, albedo, ratio, transposition, temperature, seed
):
    """Whatever the place, plane, glass and inverter, the exact sums are pvlib's."""
    sky = year_of(latitude, seed)
    plane = Planes(*(np.array([v]) for v in (tilt, azimuth, gcr, gcr == 0.0)))
    settings = PV(
        kernel="exact", coating_index=coating, dc_ac_ratio=ratio,
        transposition=transposition, temperature=temperature,
    )  # fmt: skip
    found = annual_sums(hour_table(sky, settings, albedo), plane, settings)
    hours = hourly_chain(sky, plane, settings, albedo)
    assert found[0, 4:].sum() == pytest.approx(hours.ac.sum(), rel=1e-11, abs=1e-12)
    assert found[0, 2] * 1000 == pytest.approx(hours.effective_irradiance.sum(), rel=1e-11)


@pytest.mark.parametrize("name", ["CSWD", "TMYx.2004-2018", "TMYx.2011-2025"])
def test_public_years(shared_data, name):
    """On the public years of Tianjin, with all that is odd in them."""
    path = shared_data / "weather" / f"CHN_TJ_Tianjin.545270_{name}.epw"
    check_year(read_weather_file(path, Weather(), Notices()))


def test_climate_year():
    """On the built-in year."""
    check_year(climate_year(39.083, 117.067, 2.5, "Asia/Shanghai"))


def check_year(year) -> None:
    sky = sky_of(
        year.table, latitude=year.latitude, longitude=year.longitude, altitude=year.altitude,
        sun_offset_minutes=year.sun_offset_minutes,
    )  # fmt: skip
    planes = some_planes(30, 11)
    for kernel in ("fast", "exact"):
        settings = PV(kernel=kernel)
        found = annual_sums(hour_table(sky, settings, 0.2), planes, settings)
        close(found, by_pvlib(sky, planes, settings), LIMITS[kernel])


def test_years_that_start_in_summer():
    """Months need not come in the calendar's order."""
    sky, planes, settings = year_of(39.0, 12), some_planes(5, 13), PV(kernel="exact")
    half = len(sky.month) // 2
    turned = Sky(*(np.r_[v[half:], v[:half]] if isinstance(v, np.ndarray) else v
                   for v in vars(sky).values()))  # fmt: skip
    found = annual_sums(hour_table(turned, settings, 0.2), planes, settings)
    close(found, annual_sums(hour_table(sky, settings, 0.2), planes, settings), 1e-12)


def test_runs_and_threads_change_nothing():
    """A roof's year does not depend on its neighbours in the block, nor on who works it out."""
    count = BLOCK * RUN + BLOCK + 7
    sky, settings = year_of(39.0, 14), PV()
    table = hour_table(replace_hours(sky, 40), settings, 0.2)
    planes, shade = some_planes(count, 15), some_shade(count, 16)
    all_at_once = annual_sums(table, planes, settings, shade=shade, threads=2)
    np.testing.assert_array_equal(
        annual_sums(table, planes, settings, shade=shade, threads=1), all_at_once
    )
    some = np.array([0, 5, BLOCK, count - 1])
    alone = annual_sums(table, planes[some], settings, shade=shade[some])
    np.testing.assert_allclose(alone, all_at_once[some], rtol=1e-13)


def replace_hours(sky: Sky, count: int) -> Sky:
    """Keep a few hours spread over the year."""
    kept = np.linspace(0, len(sky.month) - 1, count).astype(int)
    return Sky(*(v if isinstance(v, float) else v[kept] for v in vars(sky).values()))


def test_progress_counts_to_the_end():
    """Progress grows and ends with all planes."""
    sky, settings, seen = replace_hours(year_of(39.0, 14), 20), PV(), []
    planes = some_planes(BLOCK * RUN * 3, 17)
    annual_sums(
        hour_table(sky, settings, 0.2), planes, settings,
        progress=lambda done, of: seen.append((done, of)),
    )  # fmt: skip
    done = [d for d, _ in seen]
    assert done == sorted(done)
    assert seen[-1] == (len(planes), len(planes))


@pytest.mark.parametrize("kernel", [*KERNELS, "numpy"])
def test_pairs_have_their_own_shade(kernel):
    """Of a pair, each half has its own light: dark to the west leaves the eastern half's energy."""
    sky = year_of(39.0, 18)
    layouts = pd.DataFrame(
        {
            "building_id": ["a", "a", "b"],
            "module_tilt": 10.0,
            "module_azimuth": 90.0,
            "pitch_m": 5.0,
            "arrangement": ["east_west", "flush", "east_west"],
            "capacity_kwp": 1.0,
        },
        index=["r1", "r2", "r3"],
    )
    bright = Shade(np.ones((3, DIRECTIONS, BANDS)), np.ones(3))
    dark = Shade(np.zeros((3, DIRECTIONS, BANDS)), np.zeros(3))

    def energy(**around):
        return annual_yields(
            layouts, sky, PV(kernel=kernel), albedo=0.0, collector_width_m=2.0, **around
        )["energy_ac_kwh"]

    whole, half = energy(shade=bright), energy(shade=bright, opposite_shade=dark)
    assert whole.to_numpy() == pytest.approx(energy().to_numpy(), rel=1e-6)
    assert half["r2"] == pytest.approx(whole["r2"])
    east = layouts.assign(arrangement="rows").loc[["r1"]]
    alone = annual_yields(east, sky, PV(kernel=kernel), albedo=0.0, collector_width_m=2.0)
    assert half["r1"] == pytest.approx(alone["energy_ac_kwh"].item() / 2, rel=1e-6)
    assert energy(shade=dark).to_numpy() == pytest.approx(0.0)


def test_open_shade_is_no_shade():
    """A table of ones is an open sky."""
    sky, planes, settings = year_of(39.0, 19), some_planes(20, 20), PV(kernel="exact")
    table = hour_table(sky, settings, 0.2)
    bright = Shade(np.ones((20, DIRECTIONS, BANDS), np.float32), np.ones(20))
    np.testing.assert_allclose(
        annual_sums(table, planes, settings, shade=bright),
        annual_sums(table, planes, settings),
        rtol=1e-13,
    )


def test_shade_never_adds():
    """Less light in, less energy out, roof by roof."""
    sky, planes, settings = year_of(39.0, 21), some_planes(30, 22), PV()
    table = hour_table(sky, settings, 0.2)
    shaded = annual_sums(table, planes, settings, shade=some_shade(30, 23))
    free = annual_sums(table, planes, settings)
    assert (shaded[:, 1:] <= free[:, 1:] * (1 + 1e-12) + 1e-12).all()
    assert shaded[:, 0] == pytest.approx(free[:, 0])


@pytest.mark.parametrize("coating", [1.0, 1.2, 1.29, 1.4, 1.526])
def test_glass_is_pvlibs(coating):
    """The beam's part that passes is pvlib.iam.physical, the polynomial to 1e-7 of its light."""
    cosine = np.linspace(0, 1, 401)
    glass = glass_of(coating)
    exact = np.array([passing(c, glass.coating) for c in cosine]) / glass.upright
    theirs = pvlib.iam.physical(np.degrees(np.arccos(cosine)), n_ar=coating)
    assert exact == pytest.approx(theirs, abs=1e-13)
    fitted = np.polynomial.polynomial.polyval(cosine, beam_polynomial(coating))
    assert np.abs((fitted - exact) * cosine).max() < 2e-7


def test_diffuse_factors_are_pvlibs():
    """Marion's factors tilt by tilt; read off a table, the error in light is below 1e-6."""
    tilt = np.array([0.0, 0.3, 10.0, 37.77, 60.0, 89.9, 90.0])
    expected = [
        np.nan_to_num(list(pvlib.iam.marion_diffuse("physical", t, n_ar=1.29).values()))
        for t in tilt
    ]
    assert diffuse_factors(tilt, 1.29) == pytest.approx(np.array(expected), abs=1e-13)
    many = np.random.default_rng(24).uniform(0, 90, 1600)
    slope = np.radians(many)
    view = np.column_stack([1 + np.cos(slope), np.sin(slope), 1 - np.cos(slope)]) / 2
    error = (diffuse_factors(many, 1.29) - diffuse_factors(many, 1.29, exact=True)) * view
    assert np.abs(error).max() < 1e-6


def test_views_between_rows_are_pvlibs():
    """Sky and ground in view of a row, for any tilt and pitch at once."""
    dice = np.random.default_rng(25)
    tilt, gcr = dice.uniform(0.1, 90, 500), dice.uniform(0.02, 1.1, 500)
    sky, ground = row_views(Planes(tilt, tilt, gcr, gcr > 2))
    slope = np.cos(np.radians(tilt))
    above = vf_row_sky_2d_integ(tilt, gcr) / (0.5 * (1 + slope))
    below = vf_row_ground_2d_integ(tilt, gcr) / (0.5 * (1 - slope))
    assert sky == pytest.approx(np.clip(above, 0, 1), abs=1e-13)
    assert ground * (1 - slope) == pytest.approx(np.clip(below, 0, 1) * (1 - slope), abs=1e-11)


@pytest.mark.parametrize(("tilt", "azimuth"), [(0.0, 180.0), (10.0, 180.0), (40.0, 75.0)])
def test_lit_parts_hold_the_view(tilt, azimuth):
    """The view that a table of lit parts implies is the skyline's, to half a band of 2.8°."""
    bands = np.arange(BANDS + 1) * (90.0 / BANDS)
    skyline = bands[np.random.default_rng(26).integers(0, 20, (30, DIRECTIONS))]
    middle = 0.5 * (bands[1:] + bands[:-1])
    lit = (middle > skyline[:, :, None]).astype(np.float32)
    planes = Planes(np.full(30, tilt), np.full(30, azimuth), np.zeros(30), np.zeros(30, bool))
    # walls end where bands do; where the plane itself is the horizon, a band is cut
    assert shade_of(lit, planes).sky_view == pytest.approx(
        skyline_view(skyline, planes), rel=1e-9 if tilt == 0 else 0.005
    )


def test_the_compass_is_a_circle():
    """Just west of north is north; the zenith is in the highest band."""
    azimuth, elevation = np.array([359.9, 180.0, 0.0]), np.array([10.0, 90.0, -5.0])
    cells = sky_cell(azimuth, elevation, DIRECTIONS, BANDS)
    assert cells.tolist() == [3, 32 * BANDS + 31, 0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path):
    """Without a place to keep machine code it is made anew."""
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    run_compiled(tmp_path, os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)})


def test_nowhere_to_keep_machine_code(tmp_path):
    """Code without a file has no place for machine code; it is compiled all the same."""
    run_compiled(tmp_path, dict(os.environ))


def run_compiled(folder: Path, environment: dict[str, str]) -> None:
    program = """
        from hexi_solar.yields.compiled import compiled
        names = {}
        exec("def double(x):\\n    return 2 * x", names)
        print(compiled(names["double"])(21))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=folder, env=environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "42"
