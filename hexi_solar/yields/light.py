"""What reaches a plane in an hour: five kinds of light, and what keeps each of them out.

Beam, circumsolar, isotropic, horizon and ground light are kept apart, because shade and
glass treat each in its own way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pvlib
from pvlib.bifacial.utils import vf_row_ground_2d_integ, vf_row_sky_2d_integ

from hexi_solar.config import PV
from hexi_solar.yields.sky import Floats, Planes, Sky


def as_columns(sky: Sky) -> Any:
    """Stand the hours upright, so that planes lie across them."""
    fields = ["zenith", "apparent_zenith", "azimuth", "ghi", "dni", "dhi", "dni_extra", "airmass"]
    fields += ["temp_air", "wind_speed"]
    return type("HourColumns", (), {name: getattr(sky, name)[:, None] for name in fields})


def in_plane(hour: Any, planes: Planes, settings: PV, albedo: float) -> dict[str, Floats]:
    """Transpose light into the planes: beam, circumsolar, isotropic, horizon, ground."""
    tilt, azimuth = planes.tilt[None, :], planes.azimuth[None, :]
    sun = (hour.apparent_zenith, hour.azimuth)
    beam = pvlib.irradiance.beam_component(tilt, azimuth, *sun, hour.dni)
    if settings.transposition == "perez":
        parts = pvlib.irradiance.perez(
            tilt,
            azimuth,
            hour.dhi,
            hour.dni,
            hour.dni_extra,
            *sun,
            hour.airmass,
            return_components=True,
        )
    else:
        parts = pvlib.irradiance.haydavies(
            tilt, azimuth, hour.dhi, hour.dni, hour.dni_extra, *sun, return_components=True
        )
    ground = pvlib.irradiance.get_ground_diffuse(tilt, hour.ghi, albedo)
    return {
        "beam": beam,
        "circumsolar": parts["poa_circumsolar"],
        "isotropic": parts["poa_isotropic"],
        # Hay and Davies know no bright horizon
        "horizon": parts.get("poa_horizon", np.zeros_like(beam)),
        "ground": np.broadcast_to(ground, beam.shape),
    }


def free_of_shade(hour: Any, planes: Planes, skyline: Floats | None) -> dict[str, Floats]:
    """Say which part of each kind of light the rows and the skyline let through."""
    lit = lit_fraction(hour, planes)
    sky_view, ground_view = row_views(planes)
    if skyline is not None:
        lit = lit * _above_skyline(hour, skyline)
        sky_view = sky_view * skyline_view(skyline, planes)
    return {
        "beam": lit,
        "circumsolar": lit,
        "isotropic": sky_view[None, :],
        "horizon": sky_view[None, :],
        "ground": ground_view[None, :],
    }


def lit_fraction(hour: Any, planes: Planes) -> Floats:
    """Calculate the part of each row that the row in front does not shade."""
    width = np.where(planes.shade_gcr > 0, planes.shade_gcr, 1e-9)[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        shaded = pvlib.shading.shaded_fraction1d(
            hour.apparent_zenith,
            hour.azimuth,
            planes.azimuth[None, :] - 90.0,
            planes.tilt[None, :],
            collector_width=width,
            pitch=1.0,
        )
    return 1.0 - np.where(planes.shade_gcr[None, :] > 0, np.nan_to_num(shaded), 0.0)


def row_views(planes: Planes) -> tuple[Floats, Floats]:
    """
    Calculate what rows leave of a plane's view of the sky and of the ground.

    Returns
    -------
    sky, ground
        Relative to the same plane standing alone; 1 where no row stands in front. [-]
    """
    sky, ground = np.ones(len(planes)), np.ones(len(planes))
    for i, (tilt, gcr) in enumerate(zip(planes.tilt, planes.shade_gcr, strict=True)):
        if gcr > 0 and tilt > 0:
            slope = np.cos(np.deg2rad(tilt))
            sky[i] = vf_row_sky_2d_integ(tilt, gcr) / (0.5 * (1 + slope))
            ground[i] = vf_row_ground_2d_integ(tilt, gcr) / (0.5 * (1 - slope))
    return np.clip(sky, 0.0, 1.0), np.clip(ground, 0.0, 1.0)


def _above_skyline(hour: Any, skyline: Floats) -> Floats:
    """Say for each hour and plane whether the sun stands above the nearest direction's obstacle."""
    directions = skyline.shape[1]
    nearest = np.rint(hour.azimuth[:, 0] / 360.0 * directions).astype(int) % directions
    return np.asarray(90.0 - hour.apparent_zenith > skyline[:, nearest].T, dtype=float)


def skyline_view(skyline: Floats, planes: Planes) -> Floats:
    r"""
    Calculate what a skyline leaves of a tilted plane's view of the sky.

    Parameters
    ----------
    skyline
        Elevations, one row per plane, one column per direction from north. [°]
    planes
        As many as rows.

    Returns
    -------
    view
        Relative to the same plane under an open sky. [-]

    Notes
    -----
    .. math:: F = \frac{1}{2\pi} \int \left[ \cos\beta \cos^2 h + \sin\beta \cos(\varphi - \gamma)
              \left(\frac{\pi}{2} - h - \sin h \cos h\right) \right] d\varphi

    with the horizon h not below the plane itself [1]_.

    References
    ----------
    .. [1] J. Dozier and J. Frew, IEEE Trans. Geosci. Remote Sens. 28(5), 963-969, 1990,
       :doi:`10.1109/36.58986`.
    """
    step = 360.0 / skyline.shape[1]
    around = np.deg2rad(np.arange(skyline.shape[1]) * step)
    tilt = np.deg2rad(planes.tilt)[:, None]
    ahead = np.cos(around[None, :] - np.deg2rad(planes.azimuth)[:, None])

    def seen(elevation: Floats) -> Floats:
        own = np.arctan2(
            -np.sin(tilt) * ahead, np.cos(tilt)
        )  # where the plane itself hides the sky
        h = np.maximum(elevation, np.maximum(own, 0.0))
        flat = np.cos(tilt) * np.cos(h) ** 2
        turned = np.sin(tilt) * ahead * (np.pi / 2 - h - np.sin(h) * np.cos(h))
        return np.asarray((flat + turned).mean(axis=1))

    return np.clip(seen(np.deg2rad(skyline)) / seen(np.zeros_like(skyline)), 0.0, 1.0)


def incidence_factors(hour: Any, planes: Planes, coating: float) -> dict[str, Floats]:
    """Calculate what the glass lets in of each kind of light."""
    tilt, azimuth = planes.tilt[None, :], planes.azimuth[None, :]
    aoi = pvlib.irradiance.aoi(tilt, azimuth, hour.apparent_zenith, hour.azimuth)
    beam = pvlib.iam.physical(aoi, n_ar=coating)
    diffuse = {
        "sky": np.ones(len(planes)),
        "horizon": np.ones(len(planes)),
        "ground": np.ones(len(planes)),
    }
    for value in np.unique(planes.tilt):
        factors = pvlib.iam.marion_diffuse("physical", value, n_ar=coating)
        for region, factor in factors.items():
            diffuse[region][planes.tilt == value] = factor
    return {
        "beam": beam,
        "circumsolar": beam,
        "isotropic": diffuse["sky"][None, :],
        "horizon": diffuse["horizon"][None, :],
        "ground": np.nan_to_num(diffuse["ground"])[None, :],
    }
