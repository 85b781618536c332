"""What reaches a plane in an hour: five kinds of light, and what keeps each of them out.

Beam, circumsolar, isotropic, horizon and ground light are kept apart, because shade and
glass treat each in its own way.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pvlib
from pvlib.bifacial.utils import vf_row_sky_2d_integ

from hexi_solar.config import PV
from hexi_solar.yields.compiled import compiled
from hexi_solar.yields.shade import Shade, sky_cell
from hexi_solar.yields.sky import Floats, Planes, Sky

LOW_SUN = 87.5  # zenith beyond which PVWatts leaves Perez' model [°]


def as_columns(sky: Sky) -> Any:
    """Stand the hours upright, so that planes lie across them."""
    fields = ["zenith", "apparent_zenith", "azimuth", "ghi", "dni", "dhi", "dni_extra", "airmass"]
    fields += ["temp_air", "wind_speed"]
    columns = {name: getattr(sky, name)[:, None] for name in fields}
    return type("HourColumns", (), columns | {"altitude": sky.altitude})


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
    # where there is no diffuse light Perez divides by it; what comes of it is nothing
    parts = {name: np.nan_to_num(part) for name, part in parts.items()}
    if settings.preset == "pvwatts":
        parts = _even_at_the_horizon(parts, hour, tilt)
    return {
        "beam": beam,
        "circumsolar": parts["poa_circumsolar"],
        "isotropic": parts["poa_isotropic"],
        # Hay and Davies know no bright horizon
        "horizon": parts.get("poa_horizon", np.zeros_like(beam)),
        "ground": np.broadcast_to(ground, beam.shape),
    }


def _even_at_the_horizon(parts: dict[str, Floats], hour: Any, tilt: Floats) -> dict[str, Floats]:
    """Take the sky as even where the sun stands below 2.5°, as PVWatts does."""
    low = hour.apparent_zenith > LOW_SUN
    even = pvlib.irradiance.isotropic(tilt, hour.dhi)
    bright = ("poa_circumsolar", "poa_horizon")
    return {"poa_isotropic": np.where(low, even, parts["poa_isotropic"])} | {
        name: np.where(low, 0.0, parts[name]) for name in bright
    }


def free_of_shade(
    hour: Any, planes: Planes, skyline: Floats | None, shade: Shade | None = None
) -> dict[str, Floats]:
    """Say which part of each kind of light the rows and what stands around let through."""
    lit = lit_fraction(hour, planes)
    sky_view, ground_view = row_views(planes)
    horizon_view = sky_view
    if shade is not None:
        lit = lit * _lit_by_sun(hour, shade)
        sky_view, horizon_view = sky_view * shade.sky_view, sky_view * shade.bright_view
    elif skyline is not None:
        lit = lit * _above_skyline(hour, skyline)
        sky_view = horizon_view = sky_view * skyline_view(skyline, planes)
    return {
        "beam": lit,
        "circumsolar": lit,
        "isotropic": sky_view[None, :],
        "horizon": horizon_view[None, :],
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
    # so flat a plane looks past all others, and its view of the ground is nothing by nothing
    behind = (planes.shade_gcr > 0) & (planes.tilt > 1e-4)
    if behind.any():
        tilt, gcr = planes.tilt[behind], planes.shade_gcr[behind]
        slope = np.cos(np.deg2rad(tilt))
        sky[behind] = vf_row_sky_2d_integ(tilt, gcr) / (0.5 * (1 + slope))
        ground[behind] = _view_of_ground(tilt, gcr) / (0.5 * (1 - slope))
    return np.clip(sky, 0.0, 1.0), np.clip(ground, 0.0, 1.0)


def _view_of_ground(tilt: Floats, gcr: Floats) -> Floats:
    """
    Calculate the view factor from rows to the ground by crossed strings.

    It is that of `pvlib.bifacial.utils.vf_row_ground_2d_integ`, whose twenty pitches of
    ground on either side are taken as one piece here: strings to the bounds between them
    cancel.
    """
    across, up, pitch = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt)), 1.0 / gcr
    low, high = (-0.5 * across, 1.0 - 0.5 * up), (0.5 * across, 1.0 + 0.5 * up)
    # light passes between the lower edge of the row in front and this row's own
    front = (-pitch - 0.5001 * across, 1.0 - 0.5001 * up)
    own = (front[0] + pitch, front[1])
    far, near = (-20.0 * pitch, 0.0), (20.0 * pitch, 0.0)
    crossed = _string(low, far, own, front) + _string(high, near, own, front)
    straight = _string(high, far, own, front) + _string(low, near, own, front)
    return np.asarray(0.5 * (crossed - straight))


def _string(start: Any, end: Any, own: Any, front: Any) -> Floats:
    """Pull a string from a row to the ground, around the edge that stands in its way."""

    def length(a: Any, b: Any) -> Floats:
        return np.asarray(np.hypot(b[0] - a[0], b[1] - a[1]))

    def angle(b: Any) -> Floats:
        return np.asarray(np.arctan2(b[1] - start[1], b[0] - start[0]))

    free = angle(end)
    around = np.where(free - angle(own) > 1e-8, length(start, own) + length(own, end), np.nan)
    over = length(start, front) + length(front, end)
    around = np.where(angle(front) - free > 1e-8, over, around)
    return np.asarray(np.where(np.isnan(around), length(start, end), around))


def _above_skyline(hour: Any, skyline: Floats) -> Floats:
    """Say for each hour and plane whether the sun stands above the nearest direction's obstacle."""
    directions = skyline.shape[1]
    nearest = np.rint(hour.azimuth[:, 0] / 360.0 * directions).astype(int) % directions
    return np.asarray(90.0 - hour.apparent_zenith > skyline[:, nearest].T, dtype=float)


def _lit_by_sun(hour: Any, shade: Shade) -> Floats:
    """Look up for each hour and plane which part the sun reaches past what stands around."""
    elevation = 90.0 - hour.apparent_zenith[:, 0]
    cell = sky_cell(hour.azimuth[:, 0], elevation, *shade.lit.shape[1:])
    return np.asarray(shade.lit.reshape(len(shade), -1)[:, cell].T, dtype=float)


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
    around = np.deg2rad(np.arange(skyline.shape[1]) * (360.0 / skyline.shape[1]))
    view = np.empty(len(planes))
    tilt, azimuth = np.deg2rad(planes.tilt), np.deg2rad(planes.azimuth)
    _see_sky(skyline, tilt, azimuth, np.sin(around), np.cos(around), view)
    return view


@compiled
def _see_sky(
    skyline: Floats, tilt: Floats, azimuth: Floats, east: Floats, north: Floats, view: Floats
) -> None:
    """Add up the sky over each skyline, direction by direction."""
    for i in range(len(view)):
        slope, flat = math.sin(tilt[i]), math.cos(tilt[i])
        to_east, to_north = math.sin(azimuth[i]), math.cos(azimuth[i])
        seen, whole = 0.0, 0.0
        for k in range(len(east)):
            turned = slope * (east[k] * to_east + north[k] * to_north)
            own = 0.0  # where the plane itself hides the sky
            if turned < 0.0:
                own = math.atan2(-turned, flat)
            h = math.radians(skyline[i, k])
            sine, cosine = math.sin(own), math.cos(own)
            part = flat * cosine * cosine + turned * (0.5 * math.pi - own - sine * cosine)
            whole += part
            if h > own:
                sine, cosine = math.sin(h), math.cos(h)
                part = flat * cosine * cosine + turned * (0.5 * math.pi - h - sine * cosine)
            seen += part
        view[i] = min(max(seen / whole, 0.0), 1.0)


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
