"""What the search for roof planes can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hexi_solar.facts import fact


def _fact(name: str) -> Any:
    return fact(f"planes.{name}")


@dataclass(frozen=True)
class PlaneSettings:
    """One set for every surface model: resolution and noise are found from the surface."""

    noise_m: float | None = None
    """Standard deviation of the heights; empty to estimate it from the roofs. [m]"""
    most_noise_m: float = _fact("most_noise_m")
    """An estimate above this is scatter of trees, not of a roof's heights. [m]"""
    least_noise_m: float = _fact("least_noise_m")
    """An estimate below this comes from cells that were resampled; it is warned of. [m]"""
    roughness_m: float = _fact("roughness_m")
    """What a real roof departs from a plane beside the noise: tiles, seams, sag. [m]"""
    reach_sigma: float = _fact("reach_sigma")
    """A cell may join a growing plane within this many standard deviations. [-]"""
    border_price: float = _fact("border_price")
    """Price of a cell whose neighbour lies on another plane. [-]"""
    stray_price: float = _fact("stray_price")
    """Price of a cell that lies on no plane. [-]"""
    plane_price: float = _fact("plane_price")
    """Price of one more plane. [-]"""
    same_angle: float = _fact("same_angle")
    """Neighbours whose normals differ by less, and whose heights agree, are one plane. [°]"""
    same_step_m: float = _fact("same_step_m")
    """Step between neighbours up to which they are one plane. [m]"""
    steepest_tilt: float = _fact("steepest_tilt")
    """What is steeper is a wall. [°]"""
    smallest_area_m2: float = _fact("smallest_area_m2")
    """Planes of less horizontal area are not told apart from noise. [m²]"""
    smallest_cells: int = _fact("smallest_cells")
    """Planes of fewer cells are not told apart from noise."""
    flat_tilt: float = _fact("flat_tilt")
    """Up to this tilt a plane is flat: it may have a parapet. [°]"""
    raised_m: float = _fact("raised_m")
    """What stands this much above a plane is an obstruction. [m]"""
    obstruction_area_m2: float = _fact("obstruction_area_m2")
    """Raised level pieces up to this area are obstructions, larger ones roofs of their own. [m²]"""
    rim_width_m: float = _fact("rim_width_m")
    """A parapet is looked for within this distance of the edge. [m]"""
    rim_height_m: float = _fact("rim_height_m")
    """What stands higher along the edge is no parapet. [m]"""
    rim_share: float = _fact("rim_share")
    """Share of a flat roof's edge that must be raised to be called a parapet. [-]"""
    gap_m: float = _fact("gap_m")
    """Cells further than this from a cell of the plane are not taken to belong to it. [m]"""
    straighten_cells: float = _fact("straighten_cells")
    """Edges are straightened within this many cells. [-]"""
    shift_reach_m: float = _fact("shift_reach_m")
    """Steps of the surface are looked for within this distance of a footprint's edge. [m]"""
    shift_warning_m: float = _fact("shift_warning_m")
    """A shift of the footprints from here on is reported and allowed for. [m]"""
    unknown_share: float = _fact("unknown_share")
    """Share of a roof without heights from which on it is not believed. [-]"""
    explained_share: float = _fact("explained_share")
    """Share of a roof on planes below which they are not believed. [-]"""
    standing_m: float = _fact("standing_m")
    """A building stands in the surface if its roof is this much above the ground around. [m]"""
