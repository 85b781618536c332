"""The chain from light to energy, held to pvlib and to closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib
import pytest

from hexi_solar.config import PV
from hexi_solar.witness import loss_waterfall, modelchain_energy, plain_modelchain
from hexi_solar.yields import (
    MONTHS,
    Planes,
    annual_yields,
    hourly_chain,
    loss_factor,
    planes_of,
    row_views,
    sky_of,
    skyline_view,
)

STATION = (39.08, 117.22, 0.0)
LOSSLESS = PV(
    soiling_loss=(0.0,) * 12, snow_loss=(0.0,) * 12, mismatch_loss=0, wiring_loss=0,
    connections_loss=0, light_induced_loss=0, availability_loss=0,
)  # fmt: skip


def clear_year(latitude: float = 39.08, longitude: float = 117.22) -> pd.DataFrame:
    """A cloudless year, symmetric about the true noon of every day."""
    times = pd.date_range("2023-01-01", periods=8760, freq="h", tz="Etc/GMT-8")
    moments = times + pd.Timedelta(minutes=30)
    sun = pvlib.solarposition.get_solarposition(moments, latitude, longitude, temperature=15.0)
    extra = pvlib.irradiance.get_extra_radiation(moments)
    dni = (0.7 * extra).where(sun["apparent_elevation"] > 3, 0.0).to_numpy()
    dhi = np.where(dni > 0, 80.0, 0.0)
    ghi = dhi + dni * np.cos(np.deg2rad(sun["apparent_zenith"].to_numpy()))
    columns = {"ghi": ghi, "dni": dni, "dhi": dhi, "temp_air": 15.0, "wind_speed": 2.0}
    return pd.DataFrame(columns, index=times)


def sky(latitude: float = 39.08, longitude: float = 117.22):
    year = clear_year(latitude, longitude)
    return sky_of(year, latitude=latitude, longitude=longitude, altitude=0, sun_offset_minutes=30)


def plane(tilt=10.0, azimuth=180.0, gcr=0.0, flush=False) -> Planes:
    return Planes(np.array([tilt]), np.array([azimuth]), np.array([gcr]), np.array([flush]))


def layouts(n=40, seed=1) -> pd.DataFrame:
    dice = np.random.default_rng(seed)
    kinds = dice.choice(["rows", "flush", "east_west"], n)
    return pd.DataFrame(
        {
            "building_id": [f"b{i}" for i in range(n)],
            "module_tilt": dice.uniform(0, 60, n),
            "module_azimuth": dice.uniform(0, 360, n),
            "pitch_m": dice.uniform(2.5, 9.0, n),
            "arrangement": kinds,
            "capacity_kwp": dice.uniform(1, 900, n),
        },
        index=pd.Index([f"r{i}" for i in range(n)], name="roof_id"),
    )


def yields(table, skies, settings=None, **more):
    more = {"albedo": 0.2, "collector_width_m": 2.278} | more
    return annual_yields(table, skies, settings or PV(), **more)


def test_a_flat_plane_receives_what_the_level_receives():
    """At tilt 0 the plane's irradiance is GHI, hour by hour, except at grazing sun."""
    skies = sky()
    hours = hourly_chain(skies, plane(0.0), PV(), 0.2)
    high = skies.apparent_zenith < 85
    # below 5° the Perez model holds its circumsolar term: it is left out here
    assert hours.poa_global[high, 0] == pytest.approx(skies.ghi[high], rel=1e-9)


def test_in_plane_irradiance_is_pvlibs():
    """Without rows, the sum over kinds of light is get_total_irradiance."""
    skies = sky()
    for model, name in (("perez", "perez"), ("haydavies", "haydavies")):
        hours = hourly_chain(skies, plane(33.0, 140.0), PV(transposition=model), 0.2)
        total = pvlib.irradiance.get_total_irradiance(
            33.0, 140.0, skies.apparent_zenith, skies.azimuth, skies.dni, skies.ghi, skies.dhi,
            dni_extra=skies.dni_extra, airmass=skies.airmass, albedo=0.2, model=name,
        )  # fmt: skip
        assert hours.poa_global[:, 0] == pytest.approx(total["poa_global"], rel=1e-12)


@pytest.mark.parametrize("temperature", ["sapm", "pvsyst"])
@pytest.mark.parametrize("transposition", ["perez", "haydavies"])
def test_energy_is_modelchains(temperature, transposition):
    """Every roof's annual AC energy is that of a pvlib ModelChain, to 1e-6 and better."""
    settings = PV(temperature=temperature, transposition=transposition, dc_ac_ratio=1.4)
    table, skies = layouts(12), sky()
    ours = yields(table, skies, settings)
    planes = planes_of(table, 2.278)
    for i, roof in enumerate(table.index):
        halves = [planes[i : i + 1]]
        if table.loc[roof, "arrangement"] == "east_west":
            turned = (halves[0].azimuth + 180) % 360
            halves.append(Planes(halves[0].tilt, turned, halves[0].shade_gcr, halves[0].flush))
        chains = [modelchain_energy(skies, h, settings, 0.2) for h in halves]
        expected = sum(chains) / len(chains) * table.loc[roof, "capacity_kwp"]
        assert ours.loc[roof, "energy_ac_kwh"] == pytest.approx(expected.sum(), rel=1e-6)
        assert ours.loc[roof, MONTHS].to_numpy(float) == pytest.approx(
            expected.to_numpy(), rel=1e-6
        )


@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("transposition", ["perez", "haydavies"])
def test_light_in_the_plane_is_a_plain_modelchains(transposition, flush):
    """From the weather alone ModelChain finds our irradiation; energy differs by diffuse reflection."""
    settings, one = PV(transposition=transposition), plane(25, 150, 0.0, flush)
    hours = hourly_chain(sky(), one, settings, 0.2)
    light, energy = plain_modelchain(sky(), one, settings, 0.2, STATION)
    assert light == pytest.approx(hours.poa_global.sum() / 1000, rel=1e-9)
    # glass reflects 3 to 6 % of diffuse light, which is under a third of the light here
    assert hours.ac.sum() < energy < hours.ac.sum() * 1.02


def test_months_add_up_to_the_year():
    """Twelve months are a year."""
    found = yields(layouts(), sky())
    assert found[MONTHS].sum(axis=1).to_numpy() == pytest.approx(found["energy_ac_kwh"].to_numpy())


def test_energy_is_in_proportion_to_capacity():
    """Twice the modules give twice the energy and the same specific yield."""
    table, skies = layouts(5), sky()
    once = yields(table, skies)
    twice = yields(table.assign(capacity_kwp=table["capacity_kwp"] * 2), skies)
    assert twice["energy_ac_kwh"].to_numpy() == pytest.approx(2 * once["energy_ac_kwh"].to_numpy())
    same = "specific_yield_kwh_kwp"
    assert twice[same].to_numpy() == pytest.approx(once[same].to_numpy())


def test_east_and_west_mirror_in_a_symmetric_year():
    """When every day mirrors about its noon, east and west receive alike (to hourly sampling)."""
    skies = sky()
    east, west = (hourly_chain(skies, plane(30, a), PV(), 0.2).poa_global.sum() for a in (90, 270))
    # full hours are not placed evenly about true noon, hence not exactly
    assert east == pytest.approx(west, rel=5e-3)


def test_the_southern_hemisphere_mirrors():
    """A plane to the north at 39° S receives like one to the south at 39° N, within the sun's orbit."""
    north = hourly_chain(sky(), plane(33, 180), PV(), 0.2).poa_global.sum()
    south = hourly_chain(sky(-39.08), plane(33, 0), PV(), 0.2).poa_global.sum()
    # the earth is nearer to the sun in January
    assert south == pytest.approx(north, rel=0.03)


def test_rows_never_add_light():
    """Shaded light is at most unshaded light, in every hour and for any pitch."""
    hours = hourly_chain(sky(), plane(20, 180, 0.7), PV(), 0.2)
    assert (hours.poa_shaded <= hours.poa_global + 1e-9).all()
    assert (hours.effective_irradiance <= hours.poa_shaded + 1e-9).all()


def test_shade_free_pitch_keeps_the_beam_free():
    """At the shade-free pitch no row is shaded from nine to fifteen on the shortest day."""
    from hexi_solar.config import Layout
    from hexi_solar.layout import shade_free_pitch
    from hexi_solar.yields.light import as_columns, lit_fraction

    skies = sky()
    pitch = shade_free_pitch(39.08, 10, 180, Layout())
    # five hours around true noon (11 min after noon on the clock, 2 min of the equation of time)
    day = (skies.times.month == 12) & (skies.times.day == 21) & skies.times.hour.isin(range(9, 15))
    lit = lit_fraction(as_columns(skies), plane(10, 180, 2.278 / pitch))[day, 0]
    assert len(lit) == 6
    assert lit == pytest.approx(np.ones(6))


def test_far_rows_are_no_rows():
    """The view of sky and ground goes to that of a single plane as the pitch grows."""
    sky_view, ground_view = row_views(plane(30, 180, 1e-4))
    assert sky_view.item() == pytest.approx(1, abs=1e-3)
    assert ground_view.item() == pytest.approx(1, abs=2e-2)


def test_open_skyline_changes_nothing():
    """Skylines come through the seam: one of zeros leaves every roof as it was."""
    table, skies = layouts(6), sky()
    flat = pd.DataFrame(0.0, index=table.index, columns=np.arange(0, 360, 360 / 64))
    pd.testing.assert_frame_equal(
        yields(table, skies, skyline=flat), yields(table, skies), rtol=1e-9
    )


def test_a_well_leaves_no_beam():
    """Walls higher than the sun ever stands leave diffuse light only."""
    skies = sky()
    walls = np.full((1, 64), 80.0)
    hours = hourly_chain(skies, plane(0), LOSSLESS, 0.0, walls)
    assert hours.poa_shaded.max() <= skies.dhi.max() * np.cos(np.deg2rad(80)) ** 2 + 1e-9


@pytest.mark.parametrize(("wall", "view"), [(0, 1.0), (30, 0.75), (45, 0.5), (90, 0.0)])
def test_sky_view_of_a_round_courtyard(wall, view):
    """Walls of one height all around leave cos²(h) of the sky to a level plane."""
    found = skyline_view(np.full((1, 64), float(wall)), plane(0))
    assert found.item() == pytest.approx(view, abs=1e-12)


def test_hours_at_night_yield_nothing():
    """Only hours with light enter; the inverter gives nothing below its threshold."""
    hours = hourly_chain(sky(), plane(), PV(), 0.2)
    assert (hours.ac >= 0).all()
    assert len(sky().times) < 8760


def test_losses_multiply():
    """The factor of an hour is the product of what each loss leaves."""
    month = np.array([1, 7])
    settings = PV(soiling_loss=(0.1,) * 12, snow_loss=(0.2,) + (0.0,) * 11)
    rest = 0.98 * 0.98 * 0.995 * 0.99 * 0.99
    assert loss_factor(month, settings) == pytest.approx([0.9 * 0.8 * rest, 0.9 * rest])


@pytest.mark.parametrize("gcr", [0.0, 0.7])
def test_the_waterfall_closes(gcr):
    """From light on the level, the steps add up to the energy at the meter."""
    skies, settings = sky(), PV(dc_ac_ratio=1.6)
    steps = loss_waterfall(skies, plane(15, 170, gcr), settings, 0.2)
    ac = hourly_chain(skies, plane(15, 170, gcr), settings, 0.2).ac.sum()
    assert steps.drop("ac").sum() == pytest.approx(ac, rel=1e-12)
    assert steps["ac"] == pytest.approx(ac, rel=1e-12)
    losses = steps.drop(["ghi", "ac", "transposition"])
    assert (losses <= 1e-9).all()
    assert losses["clipping"] < 0


@pytest.mark.parametrize("preset", ["", "pvwatts"])
@pytest.mark.parametrize("factor", [0.93, 1.04])
def test_a_measured_factor_is_one_more_item_of_the_waterfall(preset, factor):
    """It scales what reaches the inverter, is named, and the steps still add up; 1 changes nothing."""
    skies, before = sky(), PV(preset=preset, dc_ac_ratio=1.0)
    after = PV(preset=preset, dc_ac_ratio=1.0, measured_factor=factor)
    one, other = (hourly_chain(skies, plane(15), s, 0.2).dc_net for s in (before, after))
    assert other == pytest.approx(one * factor, rel=1e-12)
    steps = loss_waterfall(skies, plane(15), after, 0.2)
    assert "measured" not in loss_waterfall(skies, plane(15), before, 0.2)
    running = steps.loc[:"availability"].sum()
    assert steps["measured"] == pytest.approx(running * (factor - 1.0), rel=1e-9)
    assert steps.drop("ac").sum() == pytest.approx(steps["ac"], rel=1e-12)
    witness = modelchain_energy(skies, plane(15), after, 0.2).sum()
    if not preset:  # the witness and the kernel speak for our own chain
        assert steps["ac"] == pytest.approx(witness, rel=1e-9)
        plain = yields(layouts(3), skies, PV(measured_factor=factor, kernel="numpy"))
        fast = yields(layouts(3), skies, PV(measured_factor=factor))
        found, expected = (t["energy_ac_kwh"].to_numpy() for t in (fast, plain))
        assert found == pytest.approx(expected, rel=2e-6)


def test_a_roof_without_modules_yields_nothing():
    """Zero energy is known; specific yield and performance ratio are not."""
    found = yields(layouts(1).assign(capacity_kwp=0.0), sky())
    assert found["energy_ac_kwh"].item() == 0
    assert found[["specific_yield_kwh_kwp", "performance_ratio"]].isna().all(axis=None)


def test_no_roofs_give_an_empty_table():
    """A district without candidates is not an error."""
    assert yields(layouts(0), sky()).empty
