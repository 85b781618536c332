"""The register of PV projects (建档立卡), read event by event from a workbook or CSV."""

from __future__ import annotations

import pandas as pd

from hexi_solar import schema
from hexi_solar.config import Plan
from hexi_solar.errors import Notices


def read_register(plan: Plan, notices: Notices) -> pd.DataFrame:
    """Stub."""
    return pd.DataFrame({c.name: pd.Series(dtype=object) for c in schema.REGISTER})
