"""Generated towns whose roof planes are known exactly, burnt into surface models.

A roof is a body: the lowest of several planes over a convex outline. A building is the
highest of its bodies, so wings make valleys and dormers stand on slopes. The visible part
of every plane follows by cutting with half planes, without a raster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio.transform import Affine
from scipy import ndimage
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

KINDS = (
    "gable", "hip", "half_hip", "mansard", "shed", "pyramid", "flat", "parapet", "plant",
    "l_shape", "t_shape", "dormers", "stepped", "saw_tooth", "narrow",
)  # fmt: skip
FAR = 1e4


@dataclass
class Body:
    """The lowest of some planes z = a x + b y + c over a convex outline."""

    outline: shapely.Polygon
    planes: list[tuple[float, float, float]]


@dataclass
class House:
    """Bodies, and what stands on them that is no roof plane."""

    kind: str
    bodies: list[Body]
    extras: list[tuple[BaseGeometry, float]] = field(default_factory=list)


@dataclass
class Town:
    """Truth and the surface it is burnt from."""

    houses: list[House]
    truth: gpd.GeoDataFrame
    footprints: gpd.GeoDataFrame


def _half_plane(a: float, b: float, c: float) -> shapely.Polygon:
    """Where a x + b y + c > 0."""
    size = np.hypot(a, b)
    if size < 1e-12:
        return shapely.box(-FAR, -FAR, FAR, FAR) if c > 0 else shapely.Polygon()
    a, b, c = a / size, b / size, c / size
    x, y = -c * a, -c * b
    return shapely.Polygon(
        [
            (x - b * FAR, y + a * FAR),
            (x + b * FAR, y - a * FAR),
            (x + b * FAR + a * FAR, y - a * FAR + b * FAR),
            (x - b * FAR + a * FAR, y + a * FAR + b * FAR),
        ]
    )


def _above(one: Sequence[float], two: Sequence[float]) -> shapely.Polygon:
    """Where plane one lies above plane two."""
    return _half_plane(*(p - q for p, q in zip(one, two, strict=True)))


def _regions(body: Body) -> list[BaseGeometry]:
    """Part of the outline where each plane is the lowest."""
    regions = []
    for i, plane in enumerate(body.planes):
        region = body.outline
        for j, other in enumerate(body.planes):
            if i != j:
                region = region.intersection(_above(other, plane))
        regions.append(region)
    return regions


def _visible(house: House) -> list[tuple[BaseGeometry, tuple[float, float, float]]]:
    """What is seen of every plane from above."""
    parts = [
        (body, region, plane)
        for body in house.bodies
        for region, plane in zip(_regions(body), body.planes, strict=True)
        if region.area > 1e-6
    ]
    seen = []
    for body, region, plane in parts:
        left = region
        for other, hiding, above in parts:
            if other is not body and hiding.intersects(left):
                left = left.difference(hiding.intersection(_above(above, plane)))
        seen += [(p, plane) for p in shapely.get_parts(left) if p.geom_type == "Polygon"]
    return [(p, plane) for p, plane in seen if p.area > 0.01]


def _gable(
    x0: float, y0: float, x1: float, y1: float, slope: float, eaves: float, *, along: str = "x"
) -> Body:
    """Two planes that meet above the middle of a rectangle."""
    box = shapely.box(x0, y0, x1, y1)
    if along == "x":
        return Body(box, [(0.0, slope, eaves - slope * y0), (0.0, -slope, eaves + slope * y1)])
    return Body(box, [(slope, 0.0, eaves - slope * x0), (-slope, 0.0, eaves + slope * x1)])


def _ends(body: Body, length: float, slope: float, lift: float, eaves: float) -> Body:
    """Add planes that fall to both ends of a gable, from `lift` above the eaves."""
    ends = [(slope, 0.0, eaves + lift), (-slope, 0.0, eaves + lift + slope * length)]
    return Body(body.outline, [*body.planes, *ends])


def _house(kind: str, rng: np.random.Generator) -> House:
    """Draw one house in its own frame, its length along x."""
    eaves = float(rng.uniform(3.0, 12.0))
    length, width = float(rng.uniform(9, 18)), float(rng.uniform(7, 11))
    slope = float(np.tan(np.deg2rad(rng.uniform(22, 50))))
    gable = _gable(0, 0, length, width, slope, eaves)
    rise = slope * width / 2
    if kind == "gable":
        return House(kind, [gable])
    if kind == "hip":
        return House(kind, [_ends(gable, length, slope * rng.uniform(1.0, 1.5), 0.0, eaves)])
    if kind == "half_hip":
        return House(kind, [_ends(gable, length, slope * 1.2, 0.5 * rise, eaves)])
    if kind == "mansard":
        steep, flat = np.tan(np.deg2rad(65)), np.tan(np.deg2rad(rng.uniform(15, 25)))
        band = float(rng.uniform(1.0, 1.8))
        upper = _gable(0, 0, length, width, flat, eaves + band * (steep - flat))
        lower = _gable(0, 0, length, width, steep, eaves)
        return House(kind, [Body(gable.outline, [*lower.planes, *upper.planes])])
    if kind == "shed":
        return House(kind, [Body(gable.outline, [(0.0, 0.4 * slope, eaves)])])
    if kind == "pyramid":
        square = _gable(0, 0, width, width, slope, eaves)
        return House(kind, [_ends(square, width, slope, 0.0, eaves)])
    if kind in ("flat", "parapet", "plant"):
        return _flat(kind, eaves, rng)
    if kind == "l_shape":
        wing = _gable(0, 0, width * 0.9, length * 1.1, slope, eaves, along="y")
        return House(kind, [gable, wing])
    if kind == "t_shape":
        wide = 0.6 * width
        wing = _gable(length / 2 - wide / 2, width / 2, length / 2 + wide / 2, width + 6.0,
                      slope, eaves, along="y")  # fmt: skip
        return House(kind, [gable, wing])
    if kind == "dormers":
        return _dormers(gable, length, width, slope, eaves, rng)
    if kind == "stepped":
        lifts = np.cumsum(rng.uniform(0.3, 1.5, int(rng.integers(2, 5))))
        steps = [
            _gable(7.0 * i, 0, 7.0 * i + 7.0, width, slope, eaves + float(lift))
            for i, lift in enumerate(lifts)
        ]
        return House(kind, steps)
    if kind == "saw_tooth":
        box = [shapely.box(6.0 * i, 0, 6.0 * i + 6.0, 24.0) for i in range(4)]
        return House(kind, [Body(b, [(0.5, 0.0, eaves - 3.0 * i)]) for i, b in enumerate(box)])
    narrow = float(rng.uniform(3.0, 4.5))
    return House(kind, [_gable(0, 0, float(rng.uniform(6, 9)), narrow, slope, eaves)])


def _flat(kind: str, eaves: float, rng: np.random.Generator) -> House:
    """A flat roof, bare, with a parapet, or with plant and a stair head as well."""
    length, width = float(rng.uniform(18, 45)), float(rng.uniform(12, 22))
    outline = shapely.box(0, 0, length, width)
    house = House(kind, [Body(outline, [(0.0, 0.0, eaves)])])
    if kind != "flat":
        rim = outline.difference(outline.buffer(-0.4, join_style="mitre"))
        house.extras.append((rim, eaves + float(rng.uniform(0.5, 1.2))))
    if kind == "plant":
        house.bodies.append(
            Body(shapely.box(3, 3, 3 + rng.uniform(4, 6), 8), [(0.0, 0.0, eaves + 2.8)])
        )
        for x in np.arange(12.0, length - 4.0, 5.0):
            box = shapely.box(x, 6, x + rng.uniform(1, 2.5), 6 + rng.uniform(1, 2.5))
            house.extras.append((box, eaves + float(rng.uniform(0.8, 2.0))))
    return house


def _dormers(
    gable: Body, length: float, width: float, slope: float, eaves: float, rng: np.random.Generator
) -> House:
    """A gable with dormers: one wide and low, one with a gable of its own; and a chimney."""
    house = House("dormers", [gable])
    top = eaves + slope * width / 2 - 0.4
    reach = 0.8
    fall = 0.15
    x = 1.0
    wide = float(rng.uniform(2.5, 0.45 * length))
    house.bodies.append(
        Body(shapely.box(x, reach, x + wide, width / 2), [(0.0, fall, top - fall * width / 2)])
    )
    x0, x1 = 0.6 * length, 0.6 * length + 3.0
    house.bodies.append(_gable(x0, reach, x1, width / 2, 0.7, top - 0.7 * 1.5 - 0.2, along="y"))
    chimney = shapely.box(0.5 * length, width / 2 + 1, 0.5 * length + 0.9, width / 2 + 1.9)
    house.extras.append((chimney, eaves + slope * width / 2 + 0.8))
    return house


def _placed(house: House, angle: float, x: float, y: float) -> House:
    """Turn a house and move its middle to x, y."""
    cos, sin = np.cos(angle), np.sin(angle)
    west, south, east, north = shapely.union_all([b.outline for b in house.bodies]).bounds
    u, v = 0.5 * (west + east), 0.5 * (south + north)
    x, y = x - cos * u + sin * v, y - sin * u - cos * v

    def shape(geometry: BaseGeometry) -> BaseGeometry:
        return affine_transform(geometry, [cos, -sin, sin, cos, x, y])

    def plane(p: Sequence[float]) -> tuple[float, float, float]:
        a, b = cos * p[0] - sin * p[1], sin * p[0] + cos * p[1]
        return float(a), float(b), float(p[2] - a * x - b * y)

    bodies = [Body(shape(b.outline), [plane(p) for p in b.planes]) for b in house.bodies]
    return House(house.kind, bodies, [(shape(g), z) for g, z in house.extras])


def make_town(count: int, seed: int, kinds: Sequence[str] = KINDS, turned: bool = True) -> Town:
    """Build a town of `count` houses, every kind in turn, each at a random direction."""
    rng = np.random.default_rng(seed)
    across = int(np.ceil(np.sqrt(count)))
    houses, truth, footprints = [], [], []
    for i in range(count):
        angle = float(rng.uniform(0, 2 * np.pi)) if turned else 0.0
        drawn = _house(kinds[i % len(kinds)], rng)
        house = _placed(drawn, angle, 70.0 * (i % across) + 60.0, 70.0 * (i // across) + 60.0)
        houses.append(house)
        outline = shapely.union_all([b.outline for b in house.bodies], grid_size=1e-6)
        footprints.append({"building_id": f"{i:04d}", "kind": house.kind, "geometry": outline})
        for shape, (a, b, _) in _visible(house):
            slope = np.hypot(a, b)
            truth.append(
                {
                    "building_id": f"{i:04d}",
                    "kind": house.kind,
                    "surface_tilt": np.rad2deg(np.arctan(slope)),
                    "surface_azimuth": np.rad2deg(np.arctan2(-a, -b)) % 360.0
                    if slope > 1e-6
                    else np.nan,
                    "area_m2": shape.area * np.hypot(1.0, slope),
                    "geometry": shape,
                }
            )
    frame = gpd.GeoDataFrame(truth, crs="EPSG:4548")
    return Town(houses, frame, gpd.GeoDataFrame(footprints, crs="EPSG:4548"))


def burn(
    town: Town, resolution: float, noise: float, seed: int = 0, real: bool = False
) -> tuple[np.ndarray, Affine]:
    """
    Burn a town into a surface model.

    With `real`, cells are means over 4x4 points, so edges mix, and half of the noise is
    correlated over some metres.
    """
    size = float(np.ceil(town.footprints.total_bounds[2:].max())) + 20.0
    step = resolution / 4 if real else resolution
    n = round(size / resolution) * (4 if real else 1)
    z = np.zeros((n, n))
    for house in town.houses:
        for body in house.bodies:
            _raise(z, step, size, body.outline, body.planes)
        for shape, top in house.extras:
            _raise(z, step, size, shape, [(0.0, 0.0, top)])
    rng = np.random.default_rng(seed)
    if real:
        z = z.reshape(n // 4, 4, n // 4, 4).mean((1, 3))
        smooth = ndimage.gaussian_filter(rng.normal(0, 1, z.shape), 1.5 / resolution)
        z = z + noise * np.sqrt(0.5) * (smooth / smooth.std() + rng.normal(0, 1, z.shape))
    else:
        z = z + rng.normal(0, noise, z.shape) if noise else z
    return z, Affine(resolution, 0.0, 0.0, 0.0, -resolution, size)


def _raise(
    z: np.ndarray,
    step: float,
    size: float,
    outline: BaseGeometry,
    planes: Sequence[tuple[float, float, float]],
) -> None:
    """Lift the cells below one body."""
    west, south, east, north = outline.bounds
    left, right = int(west / step), int(east / step) + 1
    top, bottom = int((size - north) / step), int((size - south) / step) + 1
    x, y = np.meshgrid(
        (np.arange(left, right) + 0.5) * step, size - (np.arange(top, bottom) + 0.5) * step
    )
    inside = shapely.intersects_xy(outline, x, y)
    height = np.min([a * x + b * y + c for a, b, c in planes], axis=0)
    part = z[top:bottom, left:right]
    part[inside] = np.maximum(part[inside], height[inside])


def compare(found: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, least: float = 10.0) -> pd.Series:
    """
    Compare planes found with the true ones.

    Pairs are formed one to one, those that overlap most first, while their overlap is at
    least half of their union. True planes above `least` m² count.
    """
    here, there = truth.geometry.to_numpy(), found.geometry.to_numpy()
    i, j = shapely.STRtree(there).query(here, predicate="intersects")
    common = shapely.area(shapely.intersection(here[i], there[j]))
    share = common / (shapely.area(here[i]) + shapely.area(there[j]) - common)
    pair = np.full(len(here), -1)
    back = np.full(len(there), -1)
    assigned = 0.0
    for k in np.argsort(-share, kind="stable"):
        if share[k] < 0.5:
            break
        if pair[i[k]] < 0 and back[j[k]] < 0:
            pair[i[k]], back[j[k]] = j[k], i[k]
            assigned += common[k]
    big = (truth["area_m2"] > least).to_numpy()
    hit = big & (pair >= 0)
    tilt = truth["surface_tilt"].to_numpy()[hit]
    match = found.iloc[pair[hit]]
    off_tilt = np.abs(match["surface_tilt"].to_numpy() - tilt)
    turn = match["surface_azimuth"].to_numpy() - truth["surface_azimuth"].to_numpy()[hit]
    off_azimuth = np.nan_to_num(np.abs((turn + 180.0) % 360.0 - 180.0), nan=180.0)
    sloped = tilt > 5.0
    off_area = np.abs(match["area_m2"].to_numpy() / truth["area_m2"].to_numpy()[hit] - 1.0)
    right = (off_tilt <= 5.0) & (~sloped | (off_azimuth <= 10.0))
    large = (found["area_m2"] > least).to_numpy()
    return pd.Series(
        {
            "planes": big.sum(),
            "matched": hit.sum() / big.sum(),
            "correct": right.sum() / big.sum(),
            "precision": (back[large] >= 0).mean(),
            "tilt_p90": np.quantile(off_tilt, 0.9),
            "azimuth_p90": np.quantile(off_azimuth[sloped], 0.9) if sloped.any() else np.nan,
            "area_p90": np.quantile(off_area, 0.9),
            "assigned": assigned / shapely.area(here).sum(),
        }
    )
