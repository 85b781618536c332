"""What kind of roof a measured slope shows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hexi_solar.facts import fact

PITCHED = ("metal", "tile", "curved")
GUESSED = ("metal", "tile")  # kinds that a slope alone may stand for


def plane_kind(tilt: float, flat_tilt: float, given: str) -> str:
    """
    Name the kind of one plane: flat by its tilt, pitched as given or by the usual tilt.

    Parameters
    ----------
    tilt
        As measured. [°]
    flat_tilt
        Up to this a plane is flat. [°]
    given
        Kind of roof that the layer gives the building, kept where it is a pitched one.

    Examples
    --------
    >>> plane_kind(2.0, 5.0, "tile"), plane_kind(7.0, 5.0, "flat"), plane_kind(30.0, 5.0, "flat")
    ('flat', 'metal', 'tile')
    """
    if tilt <= flat_tilt:
        return "flat"
    if given in PITCHED:
        return given
    return min(GUESSED, key=lambda kind: abs(tilt - float(fact(f"roofs.assumed_tilt.{kind}"))))


def measured_kinds(planes: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """
    Name the kind that most of each building's roof has.

    Parameters
    ----------
    planes
        With `building_id`, `roof_kind` and `horizontal_area_m2`.
    given
        `roof_kind` and `roof_kind_source` of the buildings as the layer gives them.

    Returns
    -------
    kinds
        `roof_kind`, `roof_kind_source` (measured where the slope says all; derived where the
        slope says only that a roof is pitched) and `contradicts`: the layer's word is a
        surveyed one and the slope shows another; one row for each building with planes.
    """
    area = planes.pivot_table(
        index="building_id", columns="roof_kind", values="horizontal_area_m2", aggfunc="sum"
    )
    kind = area.fillna(0.0).idxmax(axis=1) if len(area) else pd.Series(dtype=object)
    given = given.loc[kind.index]
    agrees = kind == given["roof_kind"]
    surveyed = ~given["roof_kind_source"].isin(["assumed", "unknown"])
    source = np.where(kind == "flat", "measured", "derived")
    # a surveyor who names the same kind also knows what it is made of
    source = np.where(agrees & surveyed, given["roof_kind_source"], source)
    facts = {"roof_kind": kind, "roof_kind_source": source, "contradicts": surveyed & ~agrees}
    return pd.DataFrame(facts, index=kind.index)
