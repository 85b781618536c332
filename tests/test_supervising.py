"""Supervision from end to end: the office's files in, what was planted in them found."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pandas as pd
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from hexi_solar import schema
from hexi_solar.cli import app
from hexi_solar.cli import supervise as command
from hexi_solar.demonstration import fill_register
from hexi_solar.ledger import broken_links
from hexi_solar.supervising import Case, ledger_of, meters, missing_facts, outlook, under_way

CHECKED = {
    "capacities": schema.CAPACITIES, "reconciliation": schema.RECONCILIATION,
    "metered": schema.METERED, "performance": schema.PERFORMANCE, "alarms": schema.METER_ALARMS,
    "approvals": schema.APPROVALS, "forecast": schema.FORECAST, "requests": schema.REQUESTS,
    "request_counts": schema.REQUEST_COUNTS,
}  # fmt: skip


def test_the_register_has_five_years_of_everything(demo_office):
    """Projects, readings, approvals, diagnoses, trackers and equipment, sound, and imported once."""
    ledger = ledger_of(demo_office.plan)
    kinds = set(ledger["entity_type"])
    assert {"project", "meter", "building", "diagnosis", "tracker", "equipment"} <= kinds
    years = ledger.loc[ledger["entity_type"] == "meter", "valid_on"].dt.year
    assert years.min() == 2021 and years.max() == 2026
    assert list(broken_links(ledger)) == []
    assert fill_register(demo_office.plan) == 0
    # nothing was known before it was so, nor after the district's today
    own = ledger[~ledger["entity_type"].isin(["publication"])]
    recorded = pd.to_datetime(own["recorded_at"], format="ISO8601", utc=True).dt.tz_localize(None)
    assert (recorded < pd.Timestamp("2026-07-01")).all()


@pytest.mark.parametrize("name", sorted(CHECKED))
def test_every_table_is_as_declared(demo_office, name):
    """What a program reads from --json has the columns and words of the dictionary."""
    schema.check(getattr(demo_office.found, name), CHECKED[name], name)


def test_what_was_planted_is_found(demo_office):
    """Stopped, failing, unread and mistyped meters; larger systems than filed; PV nobody filed."""
    found = demo_office.found
    raised = set(found.alarms.index.get_level_values("alarm"))
    assert raised == {"low", "zero", "above", "missing", "balance"}
    above = found.alarms.xs("above", level="alarm")
    assert above["ratio"].max() > 5.0  # ten times the month's generation
    zero = found.alarms.xs("zero", level="alarm")
    assert (zero["ratio"] < 0.02).all() and (zero["lost_kwh"] > 0).all()
    checks = set(found.reconciliation["check"])
    planted = {"installed_metered", "installed_detected", "detected_unfiled", "not_detected"}
    assert planted <= checks
    # the generator builds the fifth of every 29 systems 1.4 times as large as filed
    larger = found.reconciliation[found.reconciliation["check"] == "installed_metered"]
    assert (larger["expected"] / larger["found"]).between(1.2, 1.8).all()


def test_the_worklist_runs_by_what_it_moves(demo_office):
    """Sorted by the size of the change, and the change is that of the reported rate."""
    found, case = demo_office.found.reconciliation, demo_office.case
    size = found["rate_delta"].abs().round(9)
    assert (size.diff().dropna() <= 0).all()
    one = found[found["check"] == "detected_unfiled"].iloc[0]
    top, bottom = case.sides(case.now)
    assert one["rate_delta"] == pytest.approx(
        (top + one["expected"]) / bottom - top / bottom, rel=1e-6
    )


def test_the_factor_is_near_what_the_meters_were_made_with(demo_office):
    """Systems are made at 0.86 to 1.04 of a performance ratio near the model's; 80 % interval around it."""
    factor = demo_office.found.factor
    assert factor.used and factor.systems >= 30 and not factor.corrected
    assert 0.86 < factor.low < factor.factor < factor.high < 1.04
    assert factor.table["weight"].sum() == pytest.approx(1.0)


def test_the_forecast_starts_from_what_counts_today(demo_office):
    """The cumulative denominator of the year is today's plus what is completed; so is the year's own."""
    case, coming = demo_office.case, demo_office.found.approvals
    ours = coming[(coming["public_institution"] == "yes") & (coming["expected_on"].dt.year <= 2026)]
    ahead = demo_office.found.forecast
    for cohort in ("cumulative", "in_year"):
        _, bottom = case.sides(case.now, cohort, 2026)
        row = ahead.loc[(2026, cohort, "as_before")]
        expected = bottom + ours["installable_area_m2"].sum()
        assert row["denominator"] == pytest.approx(expected, rel=1e-9)


def test_a_report_on_a_past_year_forecasts_from_today(demo_office):
    """The base of the forecast does not depend on which year is reported."""
    found = demo_office.year.forecast
    pd.testing.assert_frame_equal(found, demo_office.found.forecast, check_exact=False, rtol=1e-9)


def test_pv_under_way_counts_once_and_only_in_the_cohort(demo_office):
    """A project filed on a counted building adds its module area; elsewhere, or unknown, nothing."""
    case = demo_office.case
    rows = case.account.basis.rows
    counted = rows.index[case.counted("cumulative", 2026)][0]
    strangers = case.study.buildings.index.difference(rows.index)
    before = under_way(case, case.now)

    def added(building, **facts):
        row = dict.fromkeys(case.now.columns) | {"building_id": building, "stage": "filed"} | facts
        more = pd.DataFrame([row], index=["new"]).astype(case.now.dtypes.to_dict(), errors="ignore")
        return under_way(case, pd.concat([case.now, more])) - before

    assert added(counted, module_area_m2=250.0) == pytest.approx(250.0)
    assert added(counted) == 0.0
    assert added(strangers[0], module_area_m2=250.0) == pytest.approx(0.0)
    assert added(counted, module_area_m2=250.0, stage="survey") == 0.0


def test_meters_are_held_against_the_model_without_their_factor(demo_office):
    """With the factor set in the plan the expected generation stays what it was without it."""
    study, case = demo_office.study, demo_office.case
    plan = replace(study.plan, pv=replace(study.plan.pv, measured_factor=0.9))
    scaled = study.yields.copy()
    months = [c for c in scaled if c.startswith("energy_ac_")]
    scaled[months] *= 0.9
    after = meters(Case(replace(study, plan=plan, yields=scaled), case.account, case.ledger))
    before = demo_office.found.metered
    assert after["expected_kwh"].to_numpy() == pytest.approx(
        before["expected_kwh"].to_numpy(), rel=1e-6, nan_ok=True
    )


def test_light_of_the_model_year_itself_corrects_nothing(demo_office, tmp_path):
    """Measured hours equal to the model's give factor 1, ratios as before, and a performance ratio."""
    from hexi_solar.inputs import place_of
    from hexi_solar.weather import climate_year

    plan, study, case = demo_office.plan, demo_office.study, demo_office.case
    place = place_of(plan, study.buildings)
    year = climate_year(place.latitude, place.longitude, plan.site.altitude, plan.site.tz)
    hours = year.table.copy()
    labels = pd.DatetimeIndex(hours.index)
    assert labels[0].year == 2023
    hours.insert(0, "time", labels.strftime("%Y-%m-%d %H:%M"))
    # February is not whole: its light cannot be compared
    hours = hours[(labels.month != 2) | (labels.day < 20)]
    file = tmp_path / "2023.csv"
    hours.to_csv(file, index=False)
    weather = replace(
        plan.weather, period_paths=(file,), tz=plan.site.tz, latitude=place.latitude,
        longitude=place.longitude, sun_offset_minutes=year.sun_offset_minutes,
    )  # fmt: skip
    lit = meters(
        Case(replace(study, plan=replace(plan, weather=weather)), case.account, case.ledger)
    )
    month = lit.index.get_level_values("month")
    inside = month.str.startswith("2023") & (month != "2023-02")
    assert lit.loc[inside, "corrected"].all() and not lit.loc[~inside, "corrected"].any()
    assert lit.loc[inside, "light_factor"].to_numpy() == pytest.approx(1.0, rel=5e-3)
    known = lit[inside & lit["ratio"].notna() & (lit["meter_state"] == "ok")]
    assert known["performance_ratio"].between(0.5, 1.0).all()
    assert lit.loc[~inside, "performance_ratio"].isna().all()


def test_requests_follow_the_reported_definition(demo_office):
    """Counting buildings instead of areas, each building on its way weighs one over all."""
    case = demo_office.case
    account = case.account
    settings = replace(account.basis.settings, definition="buildings")
    other = Case(
        case.study, replace(account, basis=replace(account.basis, settings=settings)), case.ledger
    )
    coming = demo_office.found.approvals
    asked = missing_facts(other, coming, demo_office.found.metered)
    ahead = asked[asked["forecast_delta"] > 0]
    whole = other.sides(other.now)[1] + (coming["public_institution"] == "yes").sum()
    assert len(ahead) and ahead["forecast_delta"].to_numpy() == pytest.approx(1.0 / whole, rel=1e-9)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_workbook_shows_the_tables_whole(demo_office, tmp_path, language):
    """One row per row of each table, no formula, the same bytes twice, no text left untranslated."""
    found = replace(demo_office.found, plan=replace(demo_office.plan, language=language))
    from hexi_solar.cli.common import Steps

    for folder in ("a", "b"):
        command._write(found, tmp_path / folder, Steps(language, quiet=True))
    assert (tmp_path / "a" / command.FILE).read_bytes() == (
        tmp_path / "b" / command.FILE
    ).read_bytes()
    book = load_workbook(tmp_path / "a" / command.FILE)
    tables = command.tables_of(found)
    assert len(book.sheetnames) == 1 + len(tables)
    sizes = {sheet.title: sheet.max_row for sheet in book}
    for name, table in tables.items():
        sheet = book[command.text(f"supervise.sheet.{name}", language)]
        assert sizes[sheet.title] >= len(table) + 3
        cells = [c.value for row in sheet.iter_rows() for c in row if isinstance(c.value, str)]
        assert not any(c.startswith("=") for c in cells)
        known = {
            "as_before",
            "with_action",
            "in_year",
            "cumulative",
            "unknown",
            "operating",
            "not_filed",
        }
        assert not known & set(cells)


def test_the_command_prints_every_table(demo_office, monkeypatch):
    """--json holds the tables whole; --suggest prints a setting and writes nothing."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr("hexi_solar.supervising.supervision_of", lambda *a, **k: demo_office.found)
    path = str(demo_office.plan.path)
    done = CliRunner().invoke(app, ["supervise", path, "--json"])
    said = json.loads(done.output)
    assert len(said["metered"]) == len(demo_office.found.metered)
    assert len(said["worklist"]) == len(demo_office.found.reconciliation)
    assert said["measured_factor"]["set"] == 1.0 and said["measured_factor"]["used"]
    before = demo_office.plan.path.read_bytes()
    done = CliRunner().invoke(app, ["supervise", path, "--suggest", "--lang", "en"])
    assert f"measured_factor = {demo_office.found.factor.factor:.3f}" in done.output
    assert demo_office.plan.path.read_bytes() == before


def test_without_a_register_there_is_a_worklist_and_no_meter(demo_office):
    """A district that has no meters yet is told nothing about them, and everything else."""
    from hexi_solar.ledger import empty_ledger

    case = demo_office.case
    bare = Case(case.study, case.account, empty_ledger())
    assert meters(bare).empty
    assert len(outlook(bare, demo_office.found.approvals)) == 20
    assert bare.today == dt.date(2026, 6, 30)
