"""The built-in climate year keeps the facts it is made of, and lies among the real years."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib
import pytest

from hexi_solar import config, schema
from hexi_solar.errors import Notices
from hexi_solar.facts import fact
from hexi_solar.weather import WeatherYear, climate_year, read_weather
from hexi_solar.weather.climate import clearness_quantiles
from hexi_solar.weather.closure import find_offset, sun_zenith

TIANJIN = (39.083, 117.067, 2.5)


@pytest.fixture(scope="module")
def year() -> WeatherYear:
    return climate_year(*TIANJIN, "Asia/Shanghai")


def months(values: pd.Series) -> pd.Series:
    return values.groupby(values.index.month)


def test_months_have_the_facts(year):
    """Sums of irradiation and means of temperature and wind are the facts', month by month."""
    assert months(year.table["ghi"]).sum().to_numpy() / 1000 == pytest.approx(
        fact("climate.ghi"), abs=1e-9
    )
    for column in ("temp_air", "wind_speed"):
        means = months(year.table[column]).mean().to_numpy()
        assert means == pytest.approx(fact(f"climate.{column}"), abs=1e-9)


def test_year_is_complete_and_possible(year):
    """8760 hours in a row, every value in the range that the table declares, marked as assumed."""
    schema.check(year.table, schema.WEATHER, year.name)
    assert len(year.table) == 8760
    assert set(np.diff(year.table.index.as_unit("s").asi8)) == {3600}
    assert year.table.index[0] == pd.Timestamp("2023-01-01", tz="Asia/Shanghai")
    assert (year.source, year.repairs, year.path) == ("assumed", {}, None)


def test_parts_close_exactly(year):
    """Diffuse and beam add up to global irradiance with the sun at mid-hour, and only there."""
    zenith = sun_zenith(year.table.index, *TIANJIN, 30.0)
    beam = year.table["dni"] * np.maximum(np.cos(np.radians(zenith)), 0)
    left = year.table["ghi"] - year.table["dhi"] - beam
    assert left.abs().max() < 1e-9
    assert find_offset(year.table, *TIANJIN) == (30.0, pytest.approx(0, abs=1e-9))
    assert (year.table.loc[zenith > 90, ["ghi", "dni", "dhi"]] == 0).all(axis=None)


def test_clearness_is_believable(year):
    """No day and no hour of usable sun is clearer than 0.85; cloudy days are darker than 0.2."""
    zenith = sun_zenith(year.table.index, *TIANJIN, 30.0)
    extra = pvlib.irradiance.get_extra_radiation(year.table.index)
    above = extra * np.maximum(np.cos(np.radians(zenith)), 0)
    daily = year.table["ghi"].resample("D").sum() / above.resample("D").sum()
    hourly = (year.table["ghi"] / above)[zenith < 85]
    assert daily.max() < 0.85
    assert hourly.max() < 0.85
    assert months(daily).min().max() < 0.2
    # clear and cloudy days follow each other as weather does: alike, but not the same
    anomaly = daily - months(daily).transform("mean")
    assert 0.1 < anomaly.autocorr(1) < 0.6


def test_diffuse_share_is_a_big_citys(year):
    """In winter two fifths, in the rainy season over half of the light is diffuse."""
    share = months(year.table["dhi"]).sum() / months(year.table["ghi"]).sum()
    assert share.between(0.33, 0.60).all()
    assert share[[6, 7, 8]].min() > share[[12, 1, 2]].max()


@pytest.mark.parametrize("mean", [0.3, 0.405, 0.5, 0.65])
def test_clearness_has_its_mean(mean):
    """The days of a long month have the mean that was asked for."""
    slices = (np.arange(20_000) + 0.5) / 20_000
    days = clearness_quantiles(mean, slices)
    assert days.mean() == pytest.approx(mean, abs=1e-7)
    assert (np.diff(days) > 0).all()


def test_warmest_in_the_afternoon(year):
    """The air is warmest between 13 and 16 h, coldest before sunrise, July before January."""
    table = year.table
    daily = table["temp_air"].groupby([table.index.month, table.index.hour]).mean().unstack()
    assert daily.idxmax(axis=1).between(13, 16).all()
    assert daily.idxmin(axis=1).between(2, 6).all()


def test_same_bytes():
    """Two builds are the same to the last bit."""
    one, other = (climate_year(*TIANJIN, "Asia/Shanghai").table for _ in range(2))
    assert one.to_numpy().tobytes() == other.to_numpy().tobytes()


def test_near_tianjin_the_sun_is_the_sites():
    """A district near the station keeps its own sun; what is assumed is said."""
    notices = Notices()
    (year,) = read_weather(config.Weather(), 39.08, 117.23, 3.0, "Asia/Shanghai", notices)
    assert (year.latitude, year.longitude) == (39.08, 117.23)
    assert notices.counts() == {"assumed": 1}
    assert "1479 kWh/m²" in next(iter(notices)).message("zh")


def test_far_from_tianjin_the_sun_is_tianjins():
    """New York's sun on Tianjin's hours would be nonsense: all stays Tianjin's, with a warning."""
    notices = Notices()
    (year,) = read_weather(config.Weather(), 40.7, -74.0, 3.0, "America/New_York", notices)
    assert (year.latitude, year.longitude) == (39.083, 117.067)
    assert str(year.table.index[0]) == "2023-01-01 00:00:00+08:00"
    (warning,) = notices.of("warning")
    assert warning.code == "weather_climate_far"
    assert "Tianjin" in warning.message("en")


def specific_yield(year: WeatherYear, tilt: float, azimuth: float) -> pd.Series:
    """AC energy per month of an unshaded rack, in kWh/kWp, by plain pvlib."""
    table = year.table
    times = table.index + pd.Timedelta(minutes=year.sun_offset_minutes)
    sun = pvlib.solarposition.get_solarposition(
        times, year.latitude, year.longitude, altitude=year.altitude
    ).set_axis(table.index)
    plane = pvlib.irradiance.get_total_irradiance(
        tilt,
        azimuth,
        sun["apparent_zenith"],
        sun["azimuth"],
        table["dni"],
        table["ghi"],
        table["dhi"],
        dni_extra=pvlib.irradiance.get_extra_radiation(table.index),
        airmass=pvlib.atmosphere.get_relative_airmass(sun["apparent_zenith"]),
        albedo=0.2,
        model="perez",
    ).fillna(0)
    aoi = pvlib.irradiance.aoi(tilt, azimuth, sun["apparent_zenith"], sun["azimuth"])
    effective = plane["poa_direct"] * pvlib.iam.physical(aoi) + plane["poa_diffuse"]
    rack = pvlib.temperature.TEMPERATURE_MODEL_PARAMETERS["sapm"]["open_rack_glass_polymer"]
    cell = pvlib.temperature.sapm_cell(
        plane["poa_global"], table["temp_air"], table["wind_speed"], **rack
    )
    dc = pvlib.pvsystem.pvwatts_dc(effective, cell, 1000.0, -0.003) * 0.86
    ac = pvlib.inverter.pvwatts(dc, 1000 / 1.15 / 0.98, 0.98)
    return months(ac).sum() / 1000


@pytest.fixture(scope="module")
def tianjin_years(shared_data) -> tuple[WeatherYear, ...]:
    paths = tuple(sorted((shared_data / "weather").glob("CHN_TJ_Tianjin*.epw")))
    assert len(paths) == 3
    return read_weather(config.Weather(paths=paths), 39.08, 117.23, 3.0, "Asia/Shanghai", Notices())


@pytest.mark.parametrize("tilt", [0.0, 10.0, 33.0])
def test_yield_lies_within_the_public_years(year, tianjin_years, tilt):
    """The climate year yields what the three public files span, in the year and every month."""
    known = pd.DataFrame({y.name: specific_yield(y, tilt, 180.0) for y in tianjin_years})
    ours = specific_yield(year, tilt, 180.0)
    assert known.sum().min() < ours.sum() < known.sum().max()
    inside = (ours >= known.min(axis=1)) & (ours <= known.max(axis=1))
    assert inside.all(), pd.DataFrame({"ours": ours, **known})[~inside]


def test_yield_is_within_practice(year):
    """10° south yields within the 1150 to 1350 kWh/kWp that practice in Tianjin knows; 33° more."""
    low, steep = (specific_yield(year, tilt, 180.0).sum() for tilt in (10.0, 33.0))
    assert 1150 < low < 1350
    assert 1.05 < steep / low < 1.13


def test_east_and_west_walls_are_alike(year):
    """Mornings and evenings are alike, so east and west walls are too; north is dark."""
    east, south, west, north = (specific_yield(year, 90.0, a).sum() for a in (90, 180, 270, 0))
    assert east == pytest.approx(west, rel=0.03)  # the afternoon is warmer
    assert north < 0.5 * east < 0.5 * south
