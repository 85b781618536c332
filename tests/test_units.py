"""Units that offices write."""

from __future__ import annotations

import pytest

from hexi_solar.units import FACTORS, factor


@pytest.mark.parametrize(
    ("unit", "quantity", "expected"),
    [
        ("亩", "m2", 2000 / 3),  # fifteen to the hectare
        ("万m²", "m2", 10_000),
        ("万㎡", "m2", 10_000),
        ("ＭＷ", "kWp", 1000),  # full-width letters
        ("公顷", "m2", 10_000),
        ("万千瓦时", "kWh", 10_000),
        ("cm", "m", 0.01),
    ],
)
def test_factor(unit, quantity, expected):
    """A value times its factor is in the table's unit."""
    assert factor(unit, quantity) == pytest.approx(expected)


@pytest.mark.parametrize("quantity", sorted(FACTORS))
def test_every_quantity_knows_its_own_unit(quantity):
    """The table's unit has factor one."""
    assert factor(quantity, quantity) == 1.0


def test_a_unit_of_another_quantity():
    """Kilowatts are no area."""
    with pytest.raises(KeyError):
        factor("kW", "m2")
