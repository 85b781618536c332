"""Weather files of every format give the same year, repaired and counted, or are refused."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pvlib
import pytest

from hexi_solar import config, schema
from hexi_solar.errors import Notices, WeatherError
from hexi_solar.weather import (
    WeatherYear,
    climate_year,
    distance_km,
    read_weather,
    read_weather_file,
)
from hexi_solar.weather.closure import find_offset, sun_zenith
from hexi_solar.weather.day_shape import clearness_jump
from hexi_solar.weather.repair import light_limits

PLACE = (39.1, 117.2, 5.0)
TZ = "Asia/Shanghai"
COLUMNS = ["ghi", "dni", "dhi", "temp_air", "wind_speed"]
CSV = config.Weather(latitude=PLACE[0], longitude=PLACE[1], tz=TZ)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """A year that closes exactly with the sun at mid-hour."""
    return climate_year(*PLACE, TZ).table


def read(path: Path, settings: config.Weather = CSV) -> tuple[WeatherYear, Notices]:
    notices = Notices()
    return read_weather_file(path, settings, notices), notices


def refusal(path: Path, settings: config.Weather = CSV) -> WeatherError:
    with pytest.raises(WeatherError) as error:
        read_weather_file(path, settings, Notices())
    return error.value


def codes(error: WeatherError) -> list[str]:
    return [p.code for p in error.problems]


# --- the same year in every format -----------------------------------------------------


def write_epw(table: pd.DataFrame, path: Path, zone: float = 8.0) -> None:
    """Labels 1..24 at the end of the hour; months of different years."""
    lines = [f"LOCATION,Tianjin,TJ,CHN,test,545270,{PLACE[0]},{PLACE[1]},{zone},{PLACE[2]}"]
    lines += ["DESIGN", "TYPICAL", "GROUND", "HOLIDAYS", "COMMENTS 1", "COMMENTS 2", "DATA PERIODS"]
    for hour, row in zip(table.index, table.to_numpy(), strict=True):
        ghi, dni, dhi, temp, wind = (repr(float(v)) for v in row)
        stamp = f"{2004 + hour.month},{hour.month},{hour.day},{hour.hour + 1},30,source"
        light = f"{temp},0,50,101325,0,0,300,{ghi},{dni},{dhi},0,0,0,0,180,{wind}"
        lines.append(f"{stamp},{light},5,5,20,77777,9,999999999,10,0.1,0,88,0.2,0,0")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def write_tmy3(table: pd.DataFrame, path: Path) -> None:
    """Labels 01:00 to 24:00 at the end of the hour."""
    head = ["Date (MM/DD/YYYY)", "Time (HH:MM)", "GHI (W/m^2)", "DNI (W/m^2)", "DHI (W/m^2)"]
    frame = pd.DataFrame(table.to_numpy())
    frame.insert(0, "date", [f"{h:%m/%d/%Y}" for h in table.index])
    frame.insert(1, "time", [f"{h.hour + 1:02d}:00" for h in table.index])
    frame.columns = [*head, "Dry-bulb (C)", "Wspd (m/s)"]
    first = f"545270,TIANJIN,TJ,8.0,{PLACE[0]},{PLACE[1]},{PLACE[2]}\n"
    path.write_text(first + frame.to_csv(index=False), "utf-8")


def in_utc(table: pd.DataFrame) -> pd.DataFrame:
    """The same hours as a UTC year, whose last eight hours stand first in the local one."""
    rolled = table.iloc[8:].to_numpy(), table.iloc[:8].to_numpy()
    hours = pd.date_range("2023-01-01", periods=8760, freq="h", tz="UTC")
    return pd.DataFrame(np.vstack(rolled), hours, table.columns)


def pvgis_rows(table: pd.DataFrame, minute: int) -> pd.DataFrame:
    frame = in_utc(table)[["temp_air", "ghi", "dni", "dhi", "wind_speed"]]
    frame.columns = ["T2m", "G(h)", "Gb(n)", "Gd(h)", "WS10m"]
    # months of different years, one of them a leap year
    years = np.where(frame.index.month == 2, 2008, 2011)
    stamps = [f"{y}{h:%m%d}:{h:%H}{minute:02d}" for y, h in zip(years, frame.index, strict=True)]
    frame.insert(0, "time(UTC)", stamps)
    return frame


def write_pvgis_tmy_csv(table: pd.DataFrame, path: Path) -> None:
    head = f"Latitude (decimal degrees): {PLACE[0]}\r\nLongitude (decimal degrees): {PLACE[1]}\r\n"
    head += f"Elevation (m): {PLACE[2]}\r\nIrradiance Time Offset (h): 0.5\r\nmonth,year\r\n"
    head += "".join(f"{m},2011\r\n" for m in range(1, 13))
    rows = pvgis_rows(table, 0).to_csv(index=False, lineterminator="\r\n")
    path.write_bytes((head + rows + "\r\nT2m: 2-m air temperature\r\n").encode())


def write_pvgis_tmy_json(table: pd.DataFrame, path: Path) -> None:
    place = dict(zip(("latitude", "longitude", "elevation"), PLACE, strict=True))
    hourly = pvgis_rows(table, 0).to_dict("records")
    outputs = {"months_selected": [], "tmy_hourly": hourly}
    meta = {"inputs": {}}
    path.write_text(json.dumps({"inputs": {"location": place}, "outputs": outputs, "meta": meta}))


def pvgis_hourly(table: pd.DataFrame, slope: int = 0) -> str:
    """Beam and diffuse on the horizontal, labelled at the minute of the sun."""
    frame = in_utc(table)
    rows = pd.DataFrame(
        {
            "time": [f"{h:%Y%m%d}:{h:%H}30" for h in frame.index],
            "Gb(i)": (frame["ghi"] - frame["dhi"]).to_numpy(),
            "Gd(i)": frame["dhi"].to_numpy(),
            "Gr(i)": 0.0,
            "H_sun": 0.0,
            "T2m": frame["temp_air"].to_numpy(),
            "WS10m": frame["wind_speed"].to_numpy(),
            "Int": 0.0,
        }
    )
    head = f"Latitude (decimal degrees):\t{PLACE[0]}\nLongitude (decimal degrees):\t{PLACE[1]}\n"
    head += f"Elevation (m):\t{PLACE[2]}\nRadiation database:\tPVGIS-ERA5\n\n"
    head += f"Slope: {slope} deg. \nAzimuth: 0 deg. \n\n"
    return head + rows.to_csv(index=False) + "\nT2m: 2-m air temperature\n"


def write_pvgis_hourly(table: pd.DataFrame, path: Path) -> None:
    path.write_text(pvgis_hourly(table))


def write_pvgis_hourly_json(table: pd.DataFrame, path: Path) -> None:
    body = pvgis_hourly(table).split("\n\n")[2]
    hourly = pd.read_csv(io.StringIO(body)).to_dict("records")
    inputs = {
        "location": dict(zip(("latitude", "longitude", "elevation"), PLACE, strict=True)),
        "mounting_system": {"fixed": {"slope": {"value": 0}}},
    }
    meta = {"inputs": {}}
    path.write_text(json.dumps({"inputs": inputs, "outputs": {"hourly": hourly}, "meta": meta}))


def write_nsrdb(table: pd.DataFrame, path: Path) -> None:
    """Labels at minute 30 of the hour, in local time."""
    head = "Source,Location ID,Latitude,Longitude,Time Zone,Elevation,Local Time Zone\n"
    head += f"NSRDB,1,{PLACE[0]},{PLACE[1]},8,5,8\n"
    frame = table.set_axis(["GHI", "DNI", "DHI", "Temperature", "Wind Speed"], axis=1)
    parts = {"Year": 2023, "Month": table.index.month, "Day": table.index.day}
    parts |= {"Hour": table.index.hour, "Minute": 30}
    stamps = pd.DataFrame(parts, index=frame.index)
    path.write_text(head + pd.concat([stamps, frame], axis=1).to_csv(index=False))


def write_csv(table: pd.DataFrame, path: Path) -> None:
    table.tz_localize(None).to_csv(path)


def write_csv_in_utc(table: pd.DataFrame, path: Path) -> None:
    in_utc(table).rename_axis("time").to_csv(path)


def write_csv_at_hour_ends(table: pd.DataFrame, path: Path) -> None:
    """01:00 to 24:00, with semicolons and a comment."""
    stamps = [f"{h:%Y/%m/%d} {h.hour + 1:02d}:00" for h in table.index]
    text = table.set_axis(stamps).rename_axis("time").to_csv(sep=";")
    path.write_text("# station of the school\n" + text)


def write_chinese_csv(table: pd.DataFrame, path: Path) -> None:
    """As a Chinese spreadsheet saves it: GBK, labels in words."""
    names = ["总辐射(W/m2)", "法向直射辐照度", "散射辐射", "气温（℃）", "风速"]
    stamps = [f"{h.year}年{h.month}月{h.day}日 {h.hour}时" for h in table.index]
    text = table.set_axis(stamps).set_axis(names, axis=1).rename_axis("时间").to_csv()
    path.write_bytes(text.encode("gb18030"))


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "year.epw": write_epw,
    "tmy3.csv": write_tmy3,
    "pvgis_tmy.csv": write_pvgis_tmy_csv,
    "pvgis_tmy.json": write_pvgis_tmy_json,
    "pvgis_hourly.csv": write_pvgis_hourly,
    "pvgis_hourly.json": write_pvgis_hourly_json,
    "nsrdb.csv": write_nsrdb,
    "free.csv": write_csv,
    "utc.csv": write_csv_in_utc,
    "ends.csv": write_csv_at_hour_ends,
    "chinese.csv": write_chinese_csv,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_year(table, tmp_path, name):
    """What was written comes back, hour by hour, with the sun at mid-hour and nothing repaired."""
    WRITERS[name](table, tmp_path / name)
    year, notices = read(tmp_path / name)
    assert year.table.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-6)
    assert (year.table.index == table.index).all()
    assert str(year.table.index[0]).endswith("+08:00")
    assert list(year.table.columns) == COLUMNS
    assert (year.latitude, year.longitude) == PLACE[:2]
    assert year.sun_offset_minutes == 30
    assert not notices.of("warning", "assumed")
    assert (year.name, year.source, year.path) == (Path(name).stem, "file", tmp_path / name)
    if not name.startswith("pvgis_hourly"):  # gives no beam: it is rebuilt from diffuse
        assert year.closure_rmse_w_m2 == pytest.approx(0, abs=1e-6)
        assert year.repairs == {}


def test_units_and_names_of_the_plan(table, tmp_path):
    """A column is found by the plan's name and brought from the plan's unit to ours."""
    theirs = table.tz_localize(None).assign(
        ghi=table["ghi"].to_numpy() * 0.0036,
        temp_air=table["temp_air"].to_numpy() + 273.15,
        wind_speed=table["wind_speed"].to_numpy() * 3.6,
    )
    theirs = theirs.rename(columns={"ghi": "曝辐量", "temp_air": "T", "wind_speed": "V"})
    theirs.to_csv(tmp_path / "a.csv")
    columns = {
        "ghi": config.Column("曝辐量", "MJ/m²"),
        "temp_air": config.Column("T", "K"),
        "wind_speed": config.Column("V", "km/h"),
    }
    year, _ = read(tmp_path / "a.csv", dataclasses.replace(CSV, columns=columns))
    assert year.table.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-6)


def test_half_hours_are_averaged(table, tmp_path):
    """Two rows of half an hour make the hour that is their mean, which is said."""
    half = table.tz_localize(None)
    early, late = half * 0.9, (half * 1.1).set_axis(half.index + pd.Timedelta(minutes=30))
    pd.concat([early, late]).sort_index().to_csv(tmp_path / "half.csv")
    year, notices = read(tmp_path / "half.csv")
    assert year.table.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-6)
    assert "weather_averaged" in [n.code for n in notices.of("info")]


def test_leap_day_is_left_out(table, tmp_path):
    """A leap year loses 29 February, with a note, and is written into a common year."""
    hours = pd.date_range("2024-01-01", periods=8784, freq="h", name="time")
    leap = (hours.month == 2) & (hours.day == 29)
    frame = pd.DataFrame(np.nan, hours, COLUMNS)
    frame[~leap] = table.to_numpy()
    frame[leap] = 1.0
    frame.to_csv(tmp_path / "leap.csv")
    year, notices = read(tmp_path / "leap.csv")
    assert year.table.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-6)
    assert year.table.index[0].year == 2023
    (note,) = [n for n in notices.of("info") if n.code == "weather_leap_day"]
    assert note.fields["count"] == 24


def test_one_years_data_keep_their_year(table, tmp_path):
    """Data of one common year are not moved to another."""
    frame = table.set_axis(pd.date_range("2019-01-01", periods=8760, freq="h", name="time"))
    frame.to_csv(tmp_path / "a.csv")
    year, _ = read(tmp_path / "a.csv")
    assert str(year.table.index[0]) == "2019-01-01 00:00:00+08:00"


# --- the sun's minute ------------------------------------------------------------------


@pytest.mark.parametrize("offset", [-30.0, 0.0, 30.0, 60.0])
def test_closure_finds_the_suns_minute(table, offset):
    """Light made with the sun at one minute closes there and nowhere else."""
    zenith = sun_zenith(table.index, *PLACE, offset)
    up = np.maximum(np.cos(np.radians(zenith)), 0)
    light = pd.DataFrame({"dni": 800.0 * (up > 0.05), "dhi": 100.0 * (up > 0)}, table.index)
    light["ghi"] = light["dhi"] + light["dni"] * up
    found, rmse = find_offset(light, *PLACE)
    assert (found, rmse) == (offset, pytest.approx(0, abs=1e-9))


def test_impossible_hours_do_not_move_the_sun(table):
    """A few absurd values are left out of closure instead of deciding it."""
    broken = table.copy()
    broken.iloc[3000:3080, 1] = 22_318.0
    broken.iloc[4000, 0] = np.nan
    assert find_offset(broken, *PLACE) == (30.0, pytest.approx(0, abs=1e-9))


def test_the_plan_decides_the_suns_minute(table, tmp_path):
    """A minute named in the plan is taken, and what closure then leaves open is warned of."""
    write_csv(table, tmp_path / "a.csv")
    year, notices = read(tmp_path / "a.csv", dataclasses.replace(CSV, sun_offset_minutes=0.0))
    assert year.sun_offset_minutes == 0
    assert year.closure_rmse_w_m2 > 20
    assert [n.code for n in notices.of("warning")] == ["weather_closure"]


def test_no_beam_no_verdict(table, tmp_path):
    """Global irradiance alone says nothing about the minute: mid-hour, split after Erbs-Driesse."""
    write_csv(table[["ghi", "temp_air", "wind_speed"]], tmp_path / "a.csv")
    year, notices = read(tmp_path / "a.csv")
    assert year.sun_offset_minutes == 30
    assert np.isnan(year.closure_rmse_w_m2)
    # the climate year was split by the same rule
    assert year.table.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-6)
    assert set(year.repairs) == {"dni_rebuilt", "dhi_rebuilt"}
    assert "weather_offset_unknown" in [n.code for n in notices.of("info")]


@pytest.mark.parametrize("absent", ["dni", "dhi"])
def test_one_part_follows_from_the_other(table, tmp_path, absent):
    """Beam follows from diffuse, and diffuse from beam, by closure."""
    write_csv(table.drop(columns=absent), tmp_path / "a.csv")
    year, _ = read(tmp_path / "a.csv")
    assert year.table.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-6)
    assert set(year.repairs) == {f"{absent}_rebuilt"}


def test_hours_taken_for_clear_are_seen(table, tmp_path):
    """Where cloud is known every third hour only, the mean day is a comb, which is warned of."""
    broken = table.copy()
    clear = broken.index.hour % 3 != 2
    broken.loc[clear, ["ghi", "dni", "dhi"]] *= 1.3
    write_csv(broken, tmp_path / "a.csv")
    _, notices = read(tmp_path / "a.csv")
    (warning,) = notices.of("warning")
    assert warning.code == "weather_comb"
    zenith = sun_zenith(table.index, *PLACE, 30.0)
    assert clearness_jump(table, zenith) < 0.02
    # 30 % of a clearness of about one half, against neighbours that are both clear
    assert clearness_jump(broken, zenith) == pytest.approx(0.15, abs=0.03)


# --- repairs ---------------------------------------------------------------------------


def noon(table: pd.DataFrame, day: int) -> int:
    """Row of 12:00 on one day of the year."""
    return 24 * day + 12


def test_codes_for_missing_are_filled(table, tmp_path):
    """9999, 99.9 and 999 are no weather: filled from the hours around, counted by kind."""
    broken = table.copy()
    rows = [noon(table, d) for d in (10, 100, 200)]
    broken.iloc[rows] = [9999.0, 9999.0, 9999.0, 99.9, 999.0]
    write_epw(broken, tmp_path / "a.epw")
    year, notices = read(tmp_path / "a.epw")
    assert year.repairs == {f"missing_{c}": 3 for c in COLUMNS}
    assert len(notices.of("repaired")) == 5
    assert "01-11 12:00" in notices.of("repaired")[0].message("zh")
    # the sky of the hours around: near the truth, which is smooth
    filled, true = year.table.iloc[rows], table.iloc[rows]
    assert filled["ghi"].to_numpy() == pytest.approx(true["ghi"].to_numpy(), rel=0.1)
    assert filled["temp_air"].to_numpy() == pytest.approx(true["temp_air"].to_numpy(), abs=1.0)
    rest = np.setdiff1d(np.arange(8760), rows)
    assert year.table.iloc[rest].to_numpy() == pytest.approx(table.iloc[rest].to_numpy(), abs=1e-6)


def test_impossible_beam_is_rebuilt(table, tmp_path):
    """Beam beyond the extraterrestrial is rebuilt from global and diffuse where the sun is up."""
    broken = table.copy()
    rows = [noon(table, d) for d in range(100, 179)]
    broken.iloc[rows, 1] = 22_318.0
    write_csv(broken, tmp_path / "a.csv")
    year, notices = read(tmp_path / "a.csv")
    assert year.repairs == {"dni_beyond_physics": 79}
    assert year.table.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-6)
    assert "22318" in notices.of("repaired")[0].message("en")


def test_impossible_global_is_rebuilt_from_its_parts(table, tmp_path):
    """Global irradiance that no sky gives is the sum of its parts instead."""
    broken = table.copy()
    rows = [24 * d + 8 for d in range(5, 15)]
    broken.iloc[rows, 0] = 1900.0
    write_csv(broken, tmp_path / "a.csv")
    year, _ = read(tmp_path / "a.csv")
    assert year.repairs == {"ghi_beyond_physics": 10}
    assert year.table.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-6)


def test_light_below_zero_and_at_night(table, tmp_path):
    """An instrument's zero error and a little light at midnight become nothing."""
    broken = table.copy()
    broken.iloc[[24 * d + 1 for d in range(40)], 0] = -3.0
    broken.iloc[[24 * d for d in range(40)], 2] = 5.0
    write_csv(broken, tmp_path / "a.csv")
    year, _ = read(tmp_path / "a.csv")
    assert year.repairs == {"negative_light": 40, "light_at_night": 40}
    assert year.table.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-6)


def test_repaired_light_closes(table, tmp_path):
    """Whatever is rebuilt, global irradiance stays diffuse plus beam on the horizontal."""
    broken = table.copy()
    rows = np.arange(2000, 2200)
    broken.iloc[rows, 1] = 5000.0
    broken.iloc[rows[::2], 2] = np.nan
    write_csv(broken, tmp_path / "a.csv")
    year, _ = read(tmp_path / "a.csv")
    zenith = sun_zenith(year.table.index, *PLACE, 30.0)
    beam = year.table["dni"] * np.maximum(np.cos(np.radians(zenith)), 0)
    assert (year.table["ghi"] - year.table["dhi"] - beam).abs().max() < 1e-6
    assert (year.table["dni"] <= light_limits(year.table.index, zenith - 10)["dni"]).all()


# --- refused ---------------------------------------------------------------------------


def test_missing_file(tmp_path):
    """A file that is not there is named."""
    error = refusal(tmp_path / "none.epw")
    assert codes(error) == ["weather_missing"]
    assert "none.epw" in str(error)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.epw", b"not,a,weather,file\n1,2,3\n"),
        ("a.epw", b"PK\x03\x04\x00\x00\x00"),  # a workbook
        ("a.json", b'{"type": "FeatureCollection", "features": []}'),
        ("a.csv", b""),
        ("a.csv", b"\xff\xff\xff\xff\x81"),
    ],
)
def test_not_a_weather_file(tmp_path, name, content):
    """Something else under a weather file's name is refused in one sentence."""
    (tmp_path / name).write_bytes(content)
    assert codes(refusal(tmp_path / name)) == ["weather_unreadable"]


@pytest.mark.parametrize("name", ["a.epw", "a.csv"])
def test_eight_thousand_rows(table, tmp_path, name):
    """A year with 8,000 rows is none: their number and the missing hours are said together."""
    (write_epw if name == "a.epw" else write_csv)(table.iloc[:8000], tmp_path / name)
    error = refusal(tmp_path / name)
    assert codes(error) == ["weather_rows", "weather_gap"]
    assert "8000" in str(error)
    assert "760" in str(error)
    assert "11-30 08:00" in str(error)


def test_gap_and_repeated_hours(table, tmp_path):
    """8760 rows with one hour twice and one not at all are refused."""
    order = np.r_[0:100, 99, 101:8760]
    write_csv(table.iloc[order], tmp_path / "a.csv")
    error = refusal(tmp_path / "a.csv")
    assert codes(error) == ["weather_repeated"]
    assert "01-05 03:00" in str(error)


def test_several_years(table, tmp_path):
    """Hours of two years do not fit into one."""
    other = table.set_axis(table.index - pd.Timedelta(days=365))
    write_csv(pd.concat([other, table]), tmp_path / "a.csv")
    error = refusal(tmp_path / "a.csv")
    assert codes(error) == ["weather_several_years"]
    assert "2022" in str(error)


def test_wrong_columns(table, tmp_path):
    """Every column that is missing is named in one go, with what is there instead."""
    write_csv(table.rename(columns={"ghi": "sunshine", "wind_speed": "breeze"}), tmp_path / "a.csv")
    error = refusal(tmp_path / "a.csv")
    assert codes(error) == ["weather_no_column", "weather_no_column"]
    assert "sunshine" in str(error)


def test_unknown_unit_and_column_of_the_plan(table, tmp_path):
    """A plan that names a column that is not there, or a unit nobody knows, is told so."""
    write_csv(table, tmp_path / "a.csv")
    columns = {"ghi": config.Column("GHI2"), "dhi": config.Column("dhi", "suns")}
    error = refusal(tmp_path / "a.csv", dataclasses.replace(CSV, columns=columns))
    assert codes(error) == ["weather_no_column", "weather_column_unit"]


def test_no_time_zone_and_no_place(table, tmp_path):
    """Labels without a zone are not guessed, nor is the place."""
    write_csv(table, tmp_path / "a.csv")
    assert codes(refusal(tmp_path / "a.csv", dataclasses.replace(CSV, tz=""))) == [
        "weather_no_zone"
    ]
    assert codes(refusal(tmp_path / "a.csv", dataclasses.replace(CSV, tz="Hexi"))) == [
        "weather_bad_zone"
    ]
    assert codes(refusal(tmp_path / "a.csv", config.Weather(tz=TZ))) == ["weather_no_place"]


def test_labels_that_are_no_times(table, tmp_path):
    """A label that cannot be read is shown."""
    frame = table.tz_localize(None)
    frame.index = pd.Index([*frame.index.astype(str)[:-1], "年末"], name="time")
    frame.to_csv(tmp_path / "a.csv")
    error = refusal(tmp_path / "a.csv")
    assert codes(error) == ["weather_labels"]
    assert "年末" in str(error)


@pytest.mark.parametrize(
    ("column", "change", "code"),
    [
        ("ghi", lambda v: v / 1000, "weather_unit"),
        ("temp_air", lambda v: v + 273.15, "weather_too_many"),
    ],
)
def test_wrong_units(table, tmp_path, column, change, code):
    """Kilowatts for watts and kelvin for degrees are seen by their size."""
    frame = table.drop(columns=["dni", "dhi"])
    write_csv(frame.assign(**{column: change(frame[column])}), tmp_path / "a.csv")
    assert codes(refusal(tmp_path / "a.csv")) == [code]


def test_wrong_zone_puts_the_sun_into_the_night(table, tmp_path):
    """Tianjin's hours told to be New York's shine at night, and are refused."""
    write_epw(table, tmp_path / "a.epw", zone=-5.0)
    assert codes(refusal(tmp_path / "a.epw")) == ["weather_sun_at_night"]


def test_too_much_is_missing(table, tmp_path):
    """A summer without data is not invented."""
    broken = table.copy()
    broken.iloc[4000:6000, 0:3] = 9999.0
    write_epw(broken, tmp_path / "a.epw")
    error = refusal(tmp_path / "a.epw")
    assert codes(error) == ["weather_too_many"] * 3
    assert "06-16" in str(error)


def test_tilted_pvgis(table, tmp_path):
    """Irradiance on a slope is not taken for the horizontal's."""
    (tmp_path / "a.csv").write_text(pvgis_hourly(table, slope=35))
    assert codes(refusal(tmp_path / "a.csv")) == ["weather_tilted"]


# --- a plan's weather ------------------------------------------------------------------


def test_all_problems_of_all_files_at_once(table, tmp_path):
    """Two broken files are told in one message."""
    write_csv(table.iloc[:8000], tmp_path / "a.csv")
    settings = dataclasses.replace(CSV, paths=(tmp_path / "a.csv", tmp_path / "b.csv"))
    with pytest.raises(WeatherError) as error:
        read_weather(settings, 39.1, 117.2, 3.0, TZ, Notices())
    assert codes(error.value) == ["weather_rows", "weather_gap", "weather_missing"]


def test_site_stands_in_for_the_stations_place(table, tmp_path):
    """A free CSV without a place takes the site's, which is said."""
    write_csv(table, tmp_path / "a.csv")
    settings = config.Weather(paths=(tmp_path / "a.csv",), tz=TZ)
    notices = Notices()
    (year,) = read_weather(settings, *PLACE, TZ, notices)
    assert (year.latitude, year.longitude, year.altitude) == PLACE
    assert [n.code for n in notices.of("assumed")] == ["weather_place_of_site"]


def test_far_weather_is_warned_of(table, tmp_path):
    """A station 936 km away is named with its distance; two years of one name are told apart."""
    (tmp_path / "sub").mkdir()
    for folder in (tmp_path, tmp_path / "sub"):
        write_csv(table, folder / "a.csv")
    paths = (tmp_path / "a.csv", tmp_path / "sub" / "a.csv")
    notices = Notices()
    years = read_weather(dataclasses.replace(CSV, paths=paths), 31.4, 121.45, 3.0, TZ, notices)
    assert [y.name for y in years] == ["a", "a (2)"]
    warning = notices.of("warning")[0]
    assert warning.code == "weather_far"
    expected = distance_km(PLACE[:2], (31.4, 121.45))
    assert f"{expected:.0f} km" in warning.message("zh")


def test_distance_on_the_sphere():
    """A degree of latitude is 111.2 km; the way is the same back."""
    assert distance_km((39, 117), (40, 117)) == pytest.approx(111.195, abs=0.001)
    assert distance_km((39, 117), (31, 121)) == distance_km((31, 121), (39, 117))


# --- the public files ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "ghi", "offset", "rmse", "warned"),
    [
        ("CHN_TJ_Tianjin.545270_CSWD", 1355, 30, 7, []),
        ("CHN_TJ_Tianjin.545270_TMYx.2004-2018", 1747, 30, 2, ["weather_comb"]),
        ("CHN_TJ_Tianjin.545270_TMYx.2011-2025", 1604, 0, 11, []),
        ("CHN_Shanghai.Shanghai.583620_CSWD", 1271, 30, 41, ["weather_closure"]),
    ],
)
def test_public_years(shared_data, stem, ghi, offset, rmse, warned):
    """Sums and the sun's minute are the ones published beside the data; two files are doubtful."""
    year, notices = read(shared_data / "weather" / f"{stem}.epw", config.Weather())
    assert year.table["ghi"].sum() / 1000 == pytest.approx(ghi, abs=0.6)
    assert year.sun_offset_minutes == offset
    assert year.closure_rmse_w_m2 < rmse + 0.5
    assert [n.code for n in notices.of("warning")] == warned
    schema.check(year.table, schema.WEATHER, stem)


def test_cswd_is_usable_after_repair(shared_data):
    """79 hours of beam above the solar constant are among those rebuilt; global stays as it was."""
    path = shared_data / "weather" / "CHN_TJ_Tianjin.545270_CSWD.epw"
    raw, _ = pvlib.iotools.read_epw(path)
    assert (raw["dni"] > 1367).sum() == 79
    assert raw["dni"].max() == 22_318
    year, _ = read(path, config.Weather())
    assert set(year.repairs) == {"dni_beyond_physics"}
    assert year.repairs["dni_beyond_physics"] >= 79
    assert year.table["dni"].max() < 1367
    assert year.table["ghi"].to_numpy() == pytest.approx(raw["ghi"].to_numpy())
    zenith = sun_zenith(year.table.index, year.latitude, year.longitude, year.altitude, 30.0)
    rebuilt = (raw["dni"] > 1367).to_numpy()
    beam = year.table["dni"] * np.maximum(np.cos(np.radians(zenith)), 0)
    left = (year.table["ghi"] - year.table["dhi"] - beam)[rebuilt]
    assert left.abs().max() < 1e-9
