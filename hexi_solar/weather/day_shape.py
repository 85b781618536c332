"""Whether the hours of a day fit together.

Some typical years were made from reports of cloud every third hour, with the hours
between taken for clear: their sums are too high, and a mean day looks like a comb. In
the mean over a year clearness passes smoothly from one hour of the day to the next.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib

from hexi_solar.weather.closure import Array
from hexi_solar.weather.year import labels_of

# files that are not combs stay below 0.02, the one public file that is reaches 0.17. [-]
WORST_JUMP = 0.05
# sine of the sun's elevation, and days, from which an hour of the day is looked at
HIGH_SUN, ENOUGH_DAYS = 0.3, 100


def clearness_jump(table: pd.DataFrame, zenith: Array) -> float:
    r"""
    Calculate how far an hour of the day is from its neighbours, in the mean of the year.

    Parameters
    ----------
    table
        Column ghi. [W/m²]
    zenith
        Of the sun of each row. [°]

    Returns
    -------
    jump
        Greatest over the hours of the day with high sun; 0 where fewer than three have it. [-]

    Notes
    -----
    .. math:: J = \max_h \left| k_h - \tfrac{1}{2} (k_{h-1} + k_{h+1}) \right|

    with :math:`k_h` the clearness index of all light that falls in hour h of the day.
    """
    hours = labels_of(table)
    up = np.cos(np.radians(zenith))
    high = up > HIGH_SUN
    above = pvlib.irradiance.get_extra_radiation(hours).to_numpy() * up
    hour = hours.hour.to_numpy()[high]
    days = np.bincount(hour, minlength=24)
    light = np.bincount(hour, table["ghi"].to_numpy(float)[high], minlength=24)
    seen = days >= ENOUGH_DAYS
    clearness = light[seen] / np.bincount(hour, above[high], minlength=24)[seen]
    jumps = np.abs(clearness[1:-1] - (clearness[:-2] + clearness[2:]) / 2)
    return float(jumps.max(initial=0.0))
