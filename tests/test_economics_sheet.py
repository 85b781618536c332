"""One roof, 25 years: the package agrees with a spreadsheet to the fen.

`tests/data/cashflow.xlsx` holds the example in live formulas, written by its own script. The
cells are worked out twice: by a small evaluator below, which needs nothing, and by
LibreOffice where it is installed.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy_financial as npf
import openpyxl
import pandas as pd
import pytest

from hexi_solar.config import Contract, Economics
from hexi_solar.contracts import split
from hexi_solar.economics import after_tax, ageing
from hexi_solar.economics.cashflow import project_flows
from hexi_solar.money import internal_rate, levelised_cost, net_present_value, payback_years
from hexi_solar.taxes import TaxRules

BOOK = Path(__file__).parent / "data" / "cashflow.xlsx"
FEN = 0.005  # half of the smallest coin
REFERENCE = re.compile(r"(?:(\w+)!)?\$?([A-Z]{1,2})\$?(\d+)(?::\$?([A-Z]{1,2})\$?(\d+))?(?![\w(])")


FUNCTIONS = {
    "MAX": max,
    "MIN": min,
    "AND": lambda *a: all(a),
    "IF": lambda test, yes, no: yes if test else no,
    "SUM": lambda values: float(np.sum(values)),
    "SUMPRODUCT": lambda a, b: float(np.dot(a, b)),
    # a spreadsheet's NPV counts its first value as a year away
    "NPV": lambda rate, values: float(npf.npv(rate, [0.0, *values])),
    "IRR": npf.irr,
}


class Evaluator:
    """Works out the formulas of a workbook that uses a dozen functions."""

    def __init__(self, path: Path) -> None:
        self.book = openpyxl.load_workbook(path)
        self.known: dict[tuple[str, str], float] = {}

    def cell(self, sheet: str, name: str) -> float:
        """Work one cell out."""
        if (sheet, name) not in self.known:
            value = self.book[sheet][name].value
            if isinstance(value, str) and value.startswith("="):
                value = self.formula(value[1:], sheet)
            self.known[sheet, name] = value
        return self.known[sheet, name]

    def formula(self, text: str, sheet: str) -> float:
        """Write a formula as Python, references as their values, and work it out."""
        values: list[object] = []

        def held(match: re.Match[str]) -> str:
            where, letter, row, _, last = match.groups()
            rows = range(int(row), int(last or row) + 1)
            found = [self.cell(where or sheet, f"{letter}{r}") for r in rows]
            values.append(found if last else found[0])
            return f"v[{len(values) - 1}]"

        python = REFERENCE.sub(held, text).replace("^-", "**-").replace("^", "**")
        python = re.sub(r"(?<![<>=])=(?!=)", "==", python)
        return eval(python, {"v": values, "__builtins__": {}, **FUNCTIONS})


@pytest.fixture(scope="module")
def sheet() -> Evaluator:
    return Evaluator(BOOK)


def table(of: Evaluator, name: str) -> pd.DataFrame:
    """Read a sheet of years; columns by the English half of their heads."""
    page = of.book[name]
    heads = {c.column_letter: str(c.value).split(" ", 1)[1] for c in page[3]}
    columns = {
        head: [of.cell(name, f"{letter}{row}") for row in range(4, 30)]
        for letter, head in heads.items()
    }
    return pd.DataFrame(columns)


def pairs(of: Evaluator, name: str) -> dict[str, float]:
    """Read a sheet of names and values."""
    page = of.book[name]
    return {str(r[0].value): of.cell(name, f"B{r[0].row}") for r in page.iter_rows(min_row=3)}


@pytest.fixture(scope="module")
def ours(sheet):
    """Give the same roof to the package."""
    given = pairs(sheet, "Inputs")
    settings = Economics(
        years=25,
        discount_rate_nominal=given["discount_rate"],
        tariff_growth_nominal=given["tariff_growth"],
        cost_growth_nominal=given["cost_growth"],
        opex_cny_kwp_a=given["opex_cny_kwp_a"],
        insurance_rate=given["insurance_rate"],
        inverter_cny_kwp=given["inverter_cny_kwp"],
        inverter_year=int(given["inverter_year"]),
        roof_repair_cny_m2=given["roof_repair_cny_m2"],
        roof_repair_year=int(given["roof_repair_year"]),
        degradation=given["degradation"],
        surplus_cny_kwh_nominal=given["surplus_market"],
        surplus_bid_cny_kwh=given["surplus_bid"],
    )
    names = [
        "capacity_kwp", "capex_cny", "energy_kwh", "self_use_kwh", "self_use_cny",
        "self_use_kwh_last", "self_use_cny_last", "flat_array_area_m2",
    ]  # fmt: skip
    first = pd.DataFrame([{n: given[n] for n in names}], index=pd.Index(["hall"]))
    first["array_area_m2"], first["bill_cny"] = 1400.0, 300_000.0
    flows = project_flows(first, settings, dt.date(2026, 1, 1))
    return given, settings, flows


def test_the_rules_of_tax_are_those_of_the_sheet(ours):
    """The example uses the rates that the package uses by default."""
    given, rules = ours[0], TaxRules()
    assert (given["vat"], given["capex_vat"]) == (rules.vat_rate, rules.capex_vat_rate)
    assert (given["surcharge"], given["income_tax"]) == (
        rules.surcharge_rate,
        rules.income_tax_rate,
    )
    assert (given["free_years"], given["half_years"]) == (rules.free_years, rules.half_years)
    assert given["depreciation_years"] == rules.depreciation_years
    assert given["residual"] == rules.residual_ratio


def test_every_year_agrees_to_the_fen(sheet, ours):
    """Savings, sales, costs and what is left after tax, in each of 25 years."""
    _, settings, flows = ours
    years = table(sheet, "Project")
    expected = {
        "Savings": flows.savings, "Sales": flows.sales, "Running": flows.running["opex"],
        "Insurance": flows.running["insurance"], "Roof repair": flows.running["roof_repair"],
        "Inverters": flows.renewal, "Before tax": flows.net, "After tax": after_tax(flows, settings),
    }  # fmt: skip
    for name, values in expected.items():
        np.testing.assert_allclose(values[0], years[name], atol=FEN, rtol=0, err_msg=name)
    assert years["VAT paid"].sum() > 0
    assert years["Income tax"].sum() > 0


def test_results_agree(sheet, ours):
    """Value to the fen; return, levelised cost and payback to nine figures."""
    _, settings, flows = ours
    said = pairs(sheet, "Results")
    net, rate = after_tax(flows, settings), settings.discount_rate_nominal
    assert net_present_value(net, rate)[0] == pytest.approx(said["npv_cny"], abs=FEN)
    assert internal_rate(net)[0] == pytest.approx(said["irr"], abs=1e-9)
    assert payback_years(net, rate)[0] == pytest.approx(said["payback_years"], abs=1e-9)
    costs = flows.running_total + flows.renewal
    costs[:, 0] += flows.capex
    energy = 250_000.0 * ageing(settings)
    assert levelised_cost(costs, energy, rate)[0] == pytest.approx(said["lcoe_cny_kwh"], abs=1e-9)


def test_both_sides_of_a_shared_contract_agree_to_the_fen(sheet, ours):
    """Contractor, owner and state in every year; value and return of the contractor."""
    given, settings, flows = ours
    terms = Contract(
        kind="shared",
        years=int(given["contract_years"]),
        price_ratio=given["price_ratio"],
        required_irr_nominal=given["required_irr"],
    )
    sides = split(flows, terms)
    years = table(sheet, "Shared")
    for party, name in (("contractor", "Contractor"), ("owner", "Owner"), ("state", "State")):
        np.testing.assert_allclose(sides.net(party)[0], years[name], atol=FEN, rtol=0, err_msg=name)
    assert years["Check"].abs().max() < 1e-6
    said = pairs(sheet, "Results")
    net = sides.net("contractor")
    value = net_present_value(net, given["required_irr"])[0]
    assert value == pytest.approx(said["contractor_npv_cny"], abs=FEN)
    assert internal_rate(net)[0] == pytest.approx(said["contractor_irr"], abs=1e-9)
    owner = net_present_value(sides.net("owner"), settings.discount_rate_nominal)[0]
    assert owner == pytest.approx(said["owner_npv_cny"], abs=FEN)


def test_libreoffice_works_the_sheet_out_alike(sheet, tmp_path):
    """Another program finds the same numbers in the same formulas."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not here; the cells are worked out by the evaluator above")
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [program, profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    command += ["--outdir", str(tmp_path / "out"), str(BOOK)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    book = openpyxl.load_workbook(tmp_path / "out" / BOOK.name, data_only=True)
    compared = 0
    for name in ("Project", "Shared", "Results"):
        for row in sheet.book[name].iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith("="):
                    found = book[name][cell.coordinate].value
                    expected = sheet.cell(name, cell.coordinate)
                    assert found == pytest.approx(expected, rel=1e-9, abs=1e-6), cell.coordinate
                    compared += 1
    assert compared > 1000
