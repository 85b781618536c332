"""Write `cashflow.xlsx`: one roof over 25 years as an accountant would lay it out, in live formulas.

It knows nothing of the package: every rule stands in a cell. `tests/test_economics_sheet.py`
works the cells out and holds the package to them. Run it again only to change the example;
LibreOffice then opens the file and saves the values beside the formulas.
"""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

LAST = 25
FIRST_ROW = 4  # of year 0
INPUTS = {
    "capacity_kwp": (200.0, "kWp", "装机容量 Capacity"),
    "capex_cny": (664_000.0, "CNY", "总投资 Cost of building"),
    "energy_kwh": (250_000.0, "kWh", "首年发电量 Energy, first year"),
    "self_use_kwh": (150_000.0, "kWh", "首年自用 Self-use, first year"),
    "self_use_cny": (103_000.0, "CNY", "首年自用价值 Its value"),
    "self_use_kwh_last": (141_500.0, "kWh", "末年自用 Self-use, last year"),
    "self_use_cny_last": (97_200.0, "CNY", "末年自用价值 Its value, at the first year's prices"),
    "flat_array_area_m2": (1400.0, "m²", "平屋面阵列面积 Array field on flat roofs"),
    "degradation": (0.004, "1/a", "逐年衰减 Degradation"),
    "tariff_growth": (0.01, "1/a", "电价增长 Growth of tariffs"),
    "cost_growth": (0.02, "1/a", "费用增长 Growth of costs"),
    "opex_cny_kwp_a": (46.0, "CNY/kWp a", "运维费 Running"),
    "insurance_rate": (0.0025, "1/a", "保险费率 Insurance"),
    "inverter_cny_kwp": (200.0, "CNY/kWp", "更换逆变器 Inverters"),
    "inverter_year": (13, "a", "更换年份 Their year"),
    "roof_repair_cny_m2": (50.0, "CNY/m²", "屋面修缮 Roof repair"),
    "roof_repair_year": (15, "a", "修缮年份 Its year"),
    "surplus_bid": (0.30, "CNY/kWh", "中标电价 Winning bid"),
    "surplus_cap": (0.32, "CNY/kWh", "竞价上限 Cap of bids"),
    "surplus_years": (10, "a", "机制电价年限 Years of the bid"),
    "surplus_market": (0.28, "CNY/kWh", "余电市场价 Market price"),
    "discount_rate": (0.06, "-", "折现率 Discount rate"),
    "vat": (0.13, "-", "增值税 VAT on power"),
    "capex_vat": (0.13, "-", "进项税率 VAT within purchases"),
    "surcharge": (0.12, "-", "附加税费 Surcharges of VAT"),
    "income_tax": (0.25, "-", "企业所得税 Income tax"),
    "free_years": (3, "a", "免征年数 Years free"),
    "half_years": (3, "a", "减半年数 Years at half"),
    "depreciation_years": (20, "a", "折旧年限 Depreciation"),
    "residual": (0.05, "-", "残值率 Residual"),
    "contract_years": (20, "a", "合同年限 Contract"),
    "price_ratio": (0.85, "-", "合同电价比 Contractor's part"),
    "required_irr": (0.08, "-", "要求收益率 Return asked for"),
}
TAX = [
    ("vat_sold", "销项税 VAT sold", "{revenue}{r}*{vat}/(1+{vat})"),
    ("vat_bought", "进项税 VAT bought", "({capex}{r}+{renewal}{r})*{capex_vat}/(1+{capex_vat})"),
    ("vat_paid", "缴增值税 VAT paid", "MAX(0,{vat_sold}{r}-{vat_bought}{r}-{credit_before})"),
    ("credit", "留抵 Credit", "MAX(0,{vat_bought}{r}+{credit_before}-{vat_sold}{r})"),
    ("surcharge_paid", "附加税费 Surcharges", "{vat_paid}{r}*{surcharge}"),
    ("depreciation", "折旧 Depreciation",
     "IF(AND(A{r}>=1,A{r}<={depreciation_years}),{capex}$4/(1+{capex_vat})*(1-{residual})/{depreciation_years},0)"),
    ("profit", "利润 Profit",
     "{revenue}{r}/(1+{vat})-{running}{r}-{renewal}{r}/(1+{capex_vat})-{depreciation}{r}-{surcharge_paid}{r}"),
    ("taxable", "应税 Taxable", "MAX(0,{profit}{r}-{loss_before})"),
    ("loss", "待弥补亏损 Loss carried", "MAX(0,{loss_before}-{profit}{r})"),
    ("tax_part", "税率比例 Part of tax", "IF(A{r}<={free_years},0,IF(A{r}<={free_years}+{half_years},0.5,1))"),
    ("tax_paid", "所得税 Income tax", "{taxable}{r}*{income_tax}*{tax_part}{r}"),
]  # fmt: skip
PROJECT = [
    ("age", "衰减 Ageing", "IF(A{r}=0,0,(1-{degradation})^(A{r}-1))"),
    ("energy", "发电量 Energy", "{energy_kwh}*{age}{r}"),
    ("used", "自用 Self-use",
     "IF(A{r}=0,0,{self_use_kwh}+({self_use_kwh_last}-{self_use_kwh})*(1-{age}{r})/(1-{age}$29))"),
    ("used_value", "自用价值 Its value",
     "IF(A{r}=0,0,{self_use_cny}+({self_use_cny_last}-{self_use_cny})*(1-{age}{r})/(1-{age}$29))"),
    ("savings", "节省电费 Savings", "IF(A{r}=0,0,{used_value}{r}*(1+{tariff_growth})^(A{r}-1))"),
    ("price", "余电电价 Surplus price",
     "IF(A{r}<={surplus_years},MIN({surplus_bid},{surplus_cap}),{surplus_market})"),
    ("sales", "余电收入 Sales", "({energy}{r}-{used}{r})*{price}{r}"),
    ("opex", "运维费 Running",
     "IF(A{r}=0,0,{capacity_kwp}*{opex_cny_kwp_a}*(1+{cost_growth})^(A{r}-1))"),
    ("insurance", "保险费 Insurance", "IF(A{r}=0,0,{capex_cny}*{insurance_rate})"),
    ("repair", "屋面修缮 Roof repair",
     "IF(A{r}={roof_repair_year},{flat_array_area_m2}*{roof_repair_cny_m2}*(1+{cost_growth})^(A{r}-1),0)"),
    ("renewal", "设备更换 Inverters",
     "IF(A{r}={inverter_year},{capacity_kwp}*{inverter_cny_kwp}*(1+{cost_growth})^(A{r}-1),0)"),
    ("capex", "投资 Capex", "IF(A{r}=0,{capex_cny},0)"),
    ("running", "运行合计 All running", "{opex}{r}+{insurance}{r}+{repair}{r}"),
    ("revenue", "收入 Revenue", "{savings}{r}+{sales}{r}"),
    ("before_tax", "税前净额 Before tax", "{revenue}{r}-{running}{r}-{renewal}{r}-{capex}{r}"),
    *TAX,
    ("net", "税后净额 After tax", "{before_tax}{r}-{vat_paid}{r}-{surcharge_paid}{r}-{tax_paid}{r}"),
    ("factor", "折现系数 Factor", "(1+{discount_rate})^-A{r}"),
    ("sum", "累计现值 Sum", "{sum_before}+{net}{r}*{factor}{r}"),
    ("payback", "回收期 Payback",
     "IF(AND({sum_before}<0,{sum}{r}>=0),A{r}-1-{sum_before}/({sum}{r}-{sum_before}),0)"),
]  # fmt: skip
SHARED = [
    ("during", "合同期 During", "IF(A{r}<={contract_years},1,0)"),
    ("payment", "合同付款 Payment", "{p.savings}{r}*{price_ratio}*{during}{r}"),
    ("revenue", "收入 Revenue", "{payment}{r}+{p.sales}{r}*{during}{r}"),
    ("running", "运行 Running", "{p.running}{r}*{during}{r}"),
    ("renewal", "更换 Inverters", "{p.renewal}{r}*{during}{r}"),
    ("capex", "投资 Capex", "{p.capex}{r}"),
    *TAX,
    ("contractor", "承包方净额 Contractor",
     "{revenue}{r}-{running}{r}-{renewal}{r}-{capex}{r}-{vat_paid}{r}-{surcharge_paid}{r}-{tax_paid}{r}"),
    ("owner", "业主净额 Owner",
     "{p.savings}{r}-{payment}{r}+(1-{during}{r})*({p.sales}{r}-{p.running}{r}-{p.renewal}{r})"),
    ("state", "税费 State", "{vat_paid}{r}+{surcharge_paid}{r}+{tax_paid}{r}"),
    ("check", "核对 Check", "{contractor}{r}+{owner}{r}+{state}{r}-{p.before_tax}{r}"),
]  # fmt: skip
RESULTS = {
    "npv_cny": ("净现值 Net present value", "=Project!{net}4+NPV({discount_rate},Project!{net}5:{net}29)"),
    "irr": ("内部收益率 Rate of return", "=IRR(Project!{net}4:{net}29)"),
    "payback_years": ("动态回收期 Discounted payback", "=SUM(Project!{payback}4:{payback}29)"),
    "lcoe_cny_kwh": (
        "平准化度电成本 Levelised cost",
        "=(SUMPRODUCT(Project!{capex}4:{capex}29,Project!{factor}4:{factor}29)"
        "+SUMPRODUCT(Project!{running}4:{running}29,Project!{factor}4:{factor}29)"
        "+SUMPRODUCT(Project!{renewal}4:{renewal}29,Project!{factor}4:{factor}29))"
        "/SUMPRODUCT(Project!{energy}4:{energy}29,Project!{factor}4:{factor}29)",
    ),
    "contractor_npv_cny": (
        "承包方净现值 Contractor's value",
        "=Shared!{s.contractor}4+NPV({required_irr},Shared!{s.contractor}5:{s.contractor}29)",
    ),
    "contractor_irr": ("承包方收益率 Contractor's return", "=IRR(Shared!{s.contractor}4:{s.contractor}29)"),
    "owner_npv_cny": (
        "业主净现值 Owner's value",
        "=Shared!{s.owner}4+NPV({discount_rate},Shared!{s.owner}5:{s.owner}29)",
    ),
}  # fmt: skip


class Letters(dict):
    """Columns of a sheet by name; `{p.savings}` names one of another sheet."""

    def __getattr__(self, name: str) -> str:
        return self[name]


def letters(columns: list[tuple[str, str, str]], prefix: str = "") -> Letters:
    """Give each column its letter, after the year's."""
    return Letters(
        {name: prefix + get_column_letter(i) for i, (name, _, _) in enumerate(columns, 2)}
    )


def fill(sheet: Worksheet, title: str, columns: list[tuple[str, str, str]], known: dict) -> None:
    """Write one sheet: a row per year, a formula per cell."""
    own = letters(columns)
    sheet["A1"] = title
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.freeze_panes = "B4"
    sheet["A3"] = "年 Year"
    sheet.row_dimensions[3].height = 32
    for i, (_, meaning, formula) in enumerate(columns, 2):
        head = sheet.cell(3, i, meaning)
        head.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(i)].width = 14
        for year in range(LAST + 1):
            r = FIRST_ROW + year
            before = {
                f"{name}_before": f"{own[name]}{r - 1}" if year else "0"
                for name in ("credit", "loss", "sum")
                if name in own
            }
            cell = sheet.cell(r, i, "=" + formula.format(r=r, **known, **own, **before))
            small = ("age", "price", "factor", "tax_part", "payback", "during")
            cell.number_format = "0.0000" if columns[i - 2][0] in small else "#,##0.00"
    for year in range(LAST + 1):
        sheet.cell(FIRST_ROW + year, 1, year)
    for cell in sheet[3]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6EE")


def write(path: Path) -> None:
    """Write the workbook."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Inputs"
    sheet["A1"] = (
        "算例：一个屋顶 25 年现金流（名义人民币，含税） One roof, 25 years, nominal CNY with VAT"
    )
    sheet["A1"].font = Font(bold=True, size=14)
    known: dict = {}
    for row, (name, (value, unit, meaning)) in enumerate(INPUTS.items(), 3):
        for column, content in enumerate((name, value, unit, meaning), 1):
            sheet.cell(row, column, content)
        known[name] = f"Inputs!$B${row}"
    columns = letters(PROJECT)
    fill(
        book.create_sheet("Project"), "项目整体 The project as a whole, a company's", PROJECT, known
    )
    there = {"p": letters(PROJECT, "Project!")}
    fill(
        book.create_sheet("Shared"),
        "节能效益分享 Shared savings, both sides",
        SHARED,
        known | there,
    )
    results = book.create_sheet("Results")
    results["A1"] = "结果 Results"
    results["A1"].font = Font(bold=True, size=14)
    for row, (name, (meaning, formula)) in enumerate(RESULTS.items(), 3):
        results.cell(row, 1, name)
        filled = formula.format(**known, **columns, s=letters(SHARED))
        results.cell(row, 2, filled).number_format = "#,##0.0000"
        results.cell(row, 3, meaning)
    for part in (sheet, results):
        for letter, width in zip("ABCD", (24, 16, 30, 40), strict=True):
            part.column_dimensions[letter].width = width
    for part in book:
        part.page_setup.orientation = "landscape"
        part.sheet_properties.pageSetUpPr.fitToPage = True
        part.page_setup.fitToHeight = 0
    book.save(path)


if __name__ == "__main__":
    write(Path(__file__).with_name("cashflow.xlsx"))
