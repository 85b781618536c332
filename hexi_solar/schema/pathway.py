"""Tables of the pathway: what it is asked, which roof is built when, and what stands in the way."""

from __future__ import annotations

from hexi_solar.schema.columns import Table
from hexi_solar.schema.columns import column as _c
from hexi_solar.schema.words import YES_NO

CONSTRAINTS = (
    "budget", "installer", "holiday", "feeder", "evidence", "commitment", "dates", "target",
)  # fmt: skip

PATHWAY_OPTIONS = Table("pathway_options", ("building_id", "variant"), "路径选项", "Ways to build on each roof; at most one is taken", (
    _c("cost_cny", "float", "建设费用", "Cost of building, at the prices of the first year", "CNY", low=0.0, required=True),
    _c("capacity_kwp", "float", "容量", "Capacity", "kWp", low=0.0, required=True),
    _c("energy_kwh", "float", "首年发电量", "AC energy in the first year", "kWh", low=0.0),
    _c("co2_t", "float", "年减排量", "Emissions avoided in the first year", "tCO₂", low=0.0),
    _c("check_cost_cny", "float", "结构检测费用", "Cost of the structural check that is still to be made", "CNY", low=0.0, required=True),
    _c("earliest_year", "int", "最早年份", "First year in which it can be built", required=True),
    _c("earliest_proven_year", "float", "荷载已证实时的最早年份", "First year in which it could be built if its load-bearing were shown; empty for the first"),
    _c("latest_year", "int", "最晚年份", "Last year in which it can be built", required=True),
    _c("committed_year", "float", "承诺年份", "Year to which one is bound; empty for none"),
    _c("school", "bool", "学校", "Is built in the school holidays only", required=True),
    _c("feeder", "text", "馈线或台区", "Feeder or transformer that it connects to; empty where not known"),
    _c("load_state", "text", "荷载是否足够", "Load shown to suffice for the mounting", words=YES_NO, required=True),
    _c("p_approval", "float", "获批概率", "Probability that it is approved", low=0.0, high=1.0, required=True),
    _c("p_load", "float", "检测通过概率", "Probability that the structural check passes; 1 where load is shown to suffice", low=0.0, high=1.0, required=True),
    _c("sigma", "float", "面积相对不确定度", "Relative standard uncertainty of its area", low=0.0, high=1.0, required=True),
    _c("own_denominator", "float", "分母中的自身部分", "Its own part of the reported denominator, which errs with its area", low=0.0, required=True),
    _c("leaves_denominator", "bool", "检测不通过则退出分母", "Leaves the denominator if its structural check fails", required=True),
))  # fmt: skip

PATHWAY_LIMITS = Table("pathway_limits", ("year",), "年度限制", "What each year allows; empty for no limit", (
    _c("budget_cny", "float", "预算", "Budget", "CNY", low=0.0),
    _c("installer_kwp", "float", "施工能力", "Capacity that installers can build", "kWp", low=0.0),
    _c("holiday_kwp", "float", "假期施工能力", "Capacity that can be built on schools in their holidays", "kWp", low=0.0),
    _c("price_factor", "float", "价格水平", "Prices over those of the first year", low=0.0),
))  # fmt: skip

PATHWAY_FEEDERS = Table("pathway_feeders", ("feeder",), "馈线与台区", "Feeders and transformers", (
    _c("capacity_kva", "float", "变压器容量", "Capacity of the feeding transformer", "kVA", low=0.0, required=True),
    _c("standing_kwp", "float", "已接入容量", "PV already connected to it", "kWp", low=0.0, required=True),
))  # fmt: skip

PATHWAY = Table("pathway", ("building_id",), "达标路径", "Roofs to build, and when", (
    _c("variant", "text", "布置方案", "Way to fill the roof"),
    _c("year", "int", "建设年份", "Year of building", required=True),
    _c("cost_cny", "float", "费用", "Cost in that year, structural check included", "CNY", low=0.0, required=True),
    _c("check_cost_cny", "float", "其中结构检测", "Of which structural check", "CNY", low=0.0, required=True),
    _c("discounted_cny", "float", "折现费用", "Cost discounted to the first year", "CNY", low=0.0, required=True),
    _c("capacity_kwp", "float", "容量", "Capacity", "kWp", low=0.0, required=True),
    _c("energy_kwh", "float", "首年发电量", "AC energy in the first year", "kWh", low=0.0),
    _c("co2_t", "float", "年减排量", "Emissions avoided in the first year", "tCO₂", low=0.0),
    _c("added", "float", "分子增量", "What it adds to the numerator of the reported definition", low=0.0, required=True),
    _c("school", "bool", "学校", "Is built in the school holidays", required=True),
    _c("feeder", "text", "馈线或台区", "Feeder or transformer"),
    _c("load_state", "text", "荷载是否足够", "Load shown to suffice for the mounting", words=YES_NO, required=True),
    _c("committed", "bool", "已承诺", "Bound to this year", required=True),
))  # fmt: skip

PATHWAY_YEARS = Table("pathway_years", ("year",), "逐年路径", "The pathway year by year", (
    _c("buildings", "int", "建设栋数", "Buildings built", low=0, required=True),
    _c("checks", "int", "其中需检测", "Of which need a structural check first", low=0, required=True),
    _c("cost_cny", "float", "费用", "Cost", "CNY", low=0.0, required=True),
    _c("discounted_cny", "float", "折现费用", "Cost discounted to the first year", "CNY", low=0.0, required=True),
    _c("budget_cny", "float", "预算", "Budget; empty for no limit", "CNY", low=0.0),
    _c("capacity_kwp", "float", "容量", "Capacity built", "kWp", low=0.0, required=True),
    _c("installer_kwp", "float", "施工能力", "Capacity that installers can build; empty for no limit", "kWp", low=0.0),
    _c("school_kwp", "float", "学校容量", "Capacity built on schools", "kWp", low=0.0, required=True),
    _c("holiday_kwp", "float", "假期施工能力", "Capacity that can be built in holidays; empty for no limit", "kWp", low=0.0),
    _c("energy_kwh", "float", "新增年发电量", "AC energy of a first year, of what is built", "kWh", low=0.0),
    _c("co2_t", "float", "新增年减排量", "Emissions avoided in a first year, by what is built", "tCO₂", low=0.0),
    _c("total_capacity_kwp", "float", "累计容量", "Capacity built so far", "kWp", low=0.0, required=True),
    _c("total_energy_kwh", "float", "累计年发电量", "AC energy per year of what is built so far, ageing left out", "kWh", low=0.0),
    _c("total_co2_t", "float", "累计年减排量", "Emissions avoided per year by what is built so far", "tCO₂", low=0.0),
))  # fmt: skip

PATHWAY_COVERAGE = Table("pathway_coverage", ("year", "definition", "reading", "scope"), "路径覆盖率", "Coverage along the pathway", (
    _c("standing", "float", "已有分子", "Numerator of what stands today", low=0.0, required=True),
    _c("added", "float", "分子增量", "What the pathway has added by then", low=0.0, required=True),
    _c("denominator", "float", "分母", "Denominator", low=0.0, required=True),
    _c("rate", "float", "覆盖率", "Rate at the end of the year; unknown where the denominator is zero", low=0.0),
    _c("reported", "bool", "上报口径", "The one that the pathway is held against", required=True),
    _c("target", "float", "目标", "Target, in its year", low=0.0),
))  # fmt: skip

PATHWAY_BINDING = Table("pathway_binding", ("constraint", "key"), "约束的影子价格", "What each constraint costs, found by solving again with it eased", (
    _c("limit", "float", "限值", "Limit as given", low=0.0),
    _c("eased", "float", "放宽后", "Limit as eased", low=0.0),
    _c("unit", "text", "单位", "Unit of the limit"),
    _c("cost_cny", "float", "最小费用变化", "Least discounted cost that it saves; empty where the target is not reached", "CNY", low=0.0),
    _c("cost_at_most_cny", "float", "变化上限", "Proven upper bound of that", "CNY", low=0.0),
    _c("rate", "float", "最大覆盖率变化", "What the greatest reachable rate rises by; empty where the target is reached", low=0.0),
    _c("rate_at_most", "float", "变化上限（覆盖率）", "Proven upper bound of that", low=0.0),
    _c("reaches", "bool", "放宽后可达标", "The target is reached with it eased", required=True),
))  # fmt: skip

PATHWAY_SURVEYS = Table("pathway_surveys", ("building_id",), "优先检测", "Structural checks worth making at once", (
    _c("rank", "int", "次序", "Order by what a check brings for its cost", low=1, required=True),
    _c("check_cost_cny", "float", "检测费用", "Cost of the check", "CNY", low=0.0, required=True),
    _c("p_load", "float", "检测通过概率", "Probability that it passes", low=0.0, high=1.0, required=True),
    _c("probability", "float", "达标概率", "Probability of the target with the check made at once, and its substitutes built if it fails", low=0.0, high=1.0, required=True),
    _c("gain", "float", "概率提高", "What that is above the probability without it", low=0.0, high=1.0, required=True),
    _c("gain_per_mcny", "float", "每百万元提高", "Gain per million CNY of the check", "1/MCNY", low=0.0),
    _c("substitutes", "list", "替补建筑", "Roofs that would be built in its place"),
))  # fmt: skip
