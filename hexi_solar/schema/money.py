"""Tables of what projects cost and bring, and of who pays and receives."""

from __future__ import annotations

from hexi_solar.schema.columns import Table
from hexi_solar.schema.columns import column as _c
from hexi_solar.schema.words import OWNER_TYPES, SOURCES, YES_NO

CONTRACTS_KNOWN = ("own", "shared", "guaranteed", "trusteeship", "lease")

ECONOMICS = Table("economics", ("building_id",), "经济性", "Economics of PV, nominal CNY with VAT", (
    _c("owner_type", "text", "权属类型", "Owner type", words=OWNER_TYPES, required=True),
    _c("capacity_kwp", "float", "装机容量", "Capacity", "kWp", low=0.0, required=True),
    _c("energy_ac_kwh", "float", "首年发电量", "AC energy in the first year", "kWh", low=0.0, required=True),
    _c("electricity_kwh", "float", "年用电量", "Electricity use per year", "kWh", low=0.0),
    _c("electricity_low_kwh", "float", "年用电量下限", "Electricity use, low end of the benchmark", "kWh", low=0.0),
    _c("electricity_high_kwh", "float", "年用电量上限", "Electricity use, high end of the benchmark", "kWh", low=0.0),
    _c("electricity_source", "text", "用电量来源", "Source of the electricity use; assumed: benchmark of the owner type", words=SOURCES),
    _c("tariff", "text", "电价", "Tariff, an entry of facts/tariffs.toml or a file", required=True),
    _c("tariff_source", "text", "电价来源", "Source of the tariff; assumed: that of the owner type", words=SOURCES),
    _c("capex_cny", "float", "总投资", "Cost of building", "CNY", low=0.0, required=True),
    _c("opex_cny_a", "float", "首年运行费用", "Cost of running in the first year, insurance included", "CNY/a", low=0.0, required=True),
    _c("self_use_kwh", "float", "首年自用电量", "Energy used in the building, first year", "kWh", low=0.0),
    _c("surplus_kwh", "float", "首年余电量", "Surplus energy, first year", "kWh", low=0.0),
    _c("self_use_share", "float", "自用比例", "Share of the energy used in the building", low=0.0, high=1.0),
    _c("self_use_enough", "text", "自用比例是否达标", "Self-use reaches the least share that is asked for", words=YES_NO, required=True),
    _c("self_sufficiency", "float", "用电自给率", "Share of the electricity use that the roof covers", low=0.0, high=1.0),
    _c("self_use_cny_kwh", "float", "自用电价值", "What a kWh used in the building saves", "CNY/kWh", low=0.0),
    _c("surplus_cny_kwh", "float", "余电电价", "What a surplus kWh earns", "CNY/kWh", low=0.0),
    _c("savings_cny_a", "float", "首年节省电费", "Bill saved in the first year", "CNY/a", low=0.0),
    _c("sales_cny_a", "float", "首年余电收入", "Earned by surplus energy in the first year", "CNY/a", low=0.0),
    _c("npv_cny", "float", "净现值", "Net present value for who builds, after tax where a company does", "CNY"),
    _c("irr", "float", "内部收益率", "Internal rate of return, nominal; unknown where there is none", low=-1.0, high=10.0),
    _c("lcoe_cny_kwh", "float", "平准化度电成本", "Levelised cost of energy, before tax", "CNY/kWh", low=0.0),
    _c("payback_years", "float", "动态投资回收期", "Discounted payback; unknown where never", "a", low=0.0),
    _c("simple_payback_years", "float", "静态投资回收期", "Payback without discounting; unknown where never", "a", low=0.0),
    _c("co2_t", "float", "首年减排量", "Emissions avoided in the first year", "tCO₂", low=0.0),
    _c("co2_life_t", "float", "评价期减排量", "Emissions avoided in all years, at the same factor", "tCO₂", low=0.0),
    _c("co2_region", "text", "排放因子地区", "Region of the emission factor", words=("tianjin", "north_china", "national")),
    _c("co2_year", "int", "排放因子年份", "Year of the emission factor", low=2000),
    _c("co2_kg_kwh", "float", "排放因子", "Emission factor", "kgCO2/kWh", low=0.0),
))  # fmt: skip

SENSITIVITY = Table("sensitivity", ("building_id", "parameter"), "敏感性", "Sensitivity of the value", (
    _c("low", "float", "低值", "Low value of the assumption: factor of the base, or the value itself", required=True),
    _c("high", "float", "高值", "High value of the assumption", required=True),
    _c("npv_cny", "float", "净现值", "Net present value", "CNY"),
    _c("npv_low_cny", "float", "低值时净现值", "Net present value at the low value", "CNY"),
    _c("npv_high_cny", "float", "高值时净现值", "Net present value at the high value", "CNY"),
    _c("swing_cny", "float", "变动幅度", "Distance between the two", "CNY", low=0.0),
))  # fmt: skip

CASHFLOWS = Table("cashflows", ("building_id", "year", "party", "item"), "现金流", "Cash flows, nominal CNY; 0 is today", (
    _c("contract", "text", "合同方式", "Kind of contract", words=CONTRACTS_KNOWN, required=True),
    _c("amount_cny", "float", "金额", "Received (positive) or paid (negative)", "CNY", required=True),
))  # fmt: skip

CONTRACTS = Table("contracts", ("building_id", "contract"), "合同方案比较", "Kinds of contract side by side", (
    _c("chosen", "bool", "所选方案", "The one that the plan names", required=True),
    _c("owner_npv_cny", "float", "业主净现值", "Net present value of the owner", "CNY"),
    _c("owner_irr", "float", "业主内部收益率", "Rate of return of the owner; unknown where it invests nothing", low=-1.0, high=10.0),
    _c("owner_capex_cny", "float", "业主投资", "Paid by the owner at the start", "CNY", low=0.0),
    _c("contractor_npv_cny", "float", "承包方净现值", "Net present value of the contractor at the return it asks for, after tax", "CNY"),
    _c("contractor_irr", "float", "承包方内部收益率", "Rate of return of the contractor; unknown where it invests nothing", low=-1.0, high=10.0),
    _c("state_npv_cny", "float", "税费净现值", "Net present value of taxes", "CNY"),
    _c("grant_cny", "float", "所需补助", "Least grant with which the contractor reaches the return it asks for; unknown where none suffices", "CNY", low=0.0),
    _c("share_needed", "float", "所需分享比例", "Least part of the savings with which it does; unknown where all do not suffice", low=0.0, high=1.0),
))  # fmt: skip
