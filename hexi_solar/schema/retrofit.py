"""Tables of energy use and retrofit."""

from __future__ import annotations

from hexi_solar.schema.columns import Table
from hexi_solar.schema.columns import column as _c
from hexi_solar.schema.words import YES_NO

USE_SOURCES = ("measured", "assumed", "unknown")
RATINGS = ("guide", "between", "above", "not_covered", "unknown")
PACKAGES = ("all", "payback", "bar", "budget")
HOT_WATER_USERS = ("ward", "dormitory", "kindergarten", "guest", "meal", "office", "athlete")

ENERGY_METERS = Table("energy_meters", ("building_id", "period"), "用能计量", "Metered energy use", (
    _c("electricity_kwh", "float", "用电量", "Electricity", "kWh", low=0.0),
    _c("heat_gj", "float", "用热量", "Heat", "GJ", low=0.0),
    _c("gas_m3", "float", "用气量", "Gas", "m³", low=0.0),
    _c("water_m3", "float", "用水量", "Water", "m³", low=0.0),
))  # fmt: skip

DEMAND = Table("demand", ("building_id",), "用能", "Energy use", (
    _c("year", "int", "计量年份", "Year of the meter; unknown where assumed"),
    _c("floor_area_m2", "float", "建筑面积", "Floor area", "m²", low=0.0),
    _c("electricity_kwh", "float", "年用电量", "Electricity per year", "kWh", low=0.0),
    _c("electricity_low_kwh", "float", "年用电量下限", "Low end of electricity", "kWh", low=0.0),
    _c("electricity_high_kwh", "float", "年用电量上限", "High end of electricity", "kWh", low=0.0),
    _c("electricity_source", "text", "用电来源", "Source of the electricity", words=USE_SOURCES, required=True),
    _c("heat_gj", "float", "年用热量", "Heat per year", "GJ", low=0.0),
    _c("heat_low_gj", "float", "年用热量下限", "Low end of heat", "GJ", low=0.0),
    _c("heat_high_gj", "float", "年用热量上限", "High end of heat", "GJ", low=0.0),
    _c("heat_source", "text", "用热来源", "Source of the heat", words=USE_SOURCES, required=True),
    _c("gas_m3", "float", "年用气量", "Gas per year", "m³", low=0.0),
    _c("water_m3", "float", "年用水量", "Water per year", "m³", low=0.0),
    _c("electricity_kwh_m2", "float", "单位面积用电", "Electricity per floor area, without heating", "kWh/m²", low=0.0),
    _c("heat_gj_m2", "float", "单位面积用热", "Heat per floor area", "GJ/m²", low=0.0),
    _c("constraint_kwh_m2", "float", "约束值", "Constraint value of GB/T 51161", "kWh/m²", low=0.0),
    _c("guide_kwh_m2", "float", "引导值", "Guide value of GB/T 51161", "kWh/m²", low=0.0),
    _c("electricity_rating", "text", "用电对标", "Metered electricity against GB/T 51161", words=RATINGS, required=True),
    _c("heat_rating", "text", "用热对标", "Metered heat against the local values", words=RATINGS, required=True),
    _c("normal_heat_gj", "float", "常年用热量", "Heat in a year of usual weather", "GJ", low=0.0),
    _c("normal_electricity_kwh", "float", "常年用电量", "Electricity in a year of usual weather", "kWh", low=0.0),
    _c("energy_kgce", "float", "综合能耗（当量）", "Electricity, heat and gas as standard coal", "kgce", low=0.0),
    _c("energy_co2_t", "float", "用能排放", "Emissions of the energy used", "tCO₂", low=0.0),
))  # fmt: skip

MEASURES = Table("measures", ("building_id", "measure"), "改造措施", "Retrofit measures", (
    _c("applies", "text", "是否适用", "Whether it applies; unknown where a fact is missing", words=YES_NO, required=True),
    _c("saving_ratio", "float", "分项节能率", "Saving of its end use", low=0.0, high=1.0),
    _c("electricity_kwh", "float", "年节电量", "Electricity saved, alone", "kWh", low=0.0),
    _c("electricity_low_kwh", "float", "年节电量下限", "Low end", "kWh", low=0.0),
    _c("electricity_high_kwh", "float", "年节电量上限", "High end", "kWh", low=0.0),
    _c("heat_gj", "float", "年节热量", "Heat saved, alone", "GJ", low=0.0),
    _c("heat_low_gj", "float", "年节热量下限", "Low end", "GJ", low=0.0),
    _c("heat_high_gj", "float", "年节热量上限", "High end", "GJ", low=0.0),
    _c("cost_cny", "float", "投资", "Cost", "CNY", low=0.0),
    _c("cost_low_cny", "float", "投资下限", "Low end", "CNY", low=0.0),
    _c("cost_high_cny", "float", "投资上限", "High end", "CNY", low=0.0),
    _c("value_cny_a", "float", "年节约费用", "Saved per year", "CNY", low=0.0),
    _c("simple_payback_a", "float", "静态回收期", "Simple payback", "a", low=0.0),
    _c("npv_cny", "float", "净现值", "Net present value over the years valued, renewed at the end of its life", "CNY"),
    _c("life_a", "float", "寿命", "Life", "a", low=0.0),
    _c("co2_t", "float", "年减排量", "Emissions avoided per year", "tCO₂", low=0.0),
))  # fmt: skip

RETROFIT_PACKAGES = Table("packages", ("building_id", "package"), "改造方案", "Packages of measures", (
    _c("measures", "list", "措施", "Measures in it"),
    _c("electricity_kwh", "float", "年节电量", "Electricity saved together", "kWh", low=0.0),
    _c("heat_gj", "float", "年节热量", "Heat saved together", "GJ", low=0.0),
    _c("saving_rate", "float", "综合节能率", "Part of the standard coal saved", low=0.0, high=1.0),
    _c("cost_cny", "float", "投资", "Cost", "CNY", low=0.0),
    _c("value_cny_a", "float", "年节约费用", "Saved per year", "CNY", low=0.0),
    _c("simple_payback_a", "float", "静态回收期", "Simple payback", "a", low=0.0),
    _c("npv_cny", "float", "净现值", "Net present value over the years valued, each measure renewed at the end of its life", "CNY"),
    _c("co2_t", "float", "年减排量", "Emissions avoided per year", "tCO₂", low=0.0),
    _c("reaches_bar", "text", "达到节能率门槛", "Reaches the bar of a retrofit project", words=YES_NO, required=True),
))  # fmt: skip

ROOF_CLAIMS = Table("roof_claims", ("building_id",), "屋面分配", "Who gets which part of the roof", (
    _c("usable_area_m2", "float", "可布置面积", "Usable area", "m²", low=0.0, required=True),
    _c("hot_water_l_d", "float", "日均热水用量", "Hot water per day, 60 °C", "L/d", low=0.0),
    _c("hot_water_unit", "text", "热水用水单位", "Who uses the hot water", words=HOT_WATER_USERS),
    _c("collector_area_m2", "float", "集热面积", "Collector area", "m²", low=0.0),
    _c("hot_water_area_m2", "float", "热水占用屋面", "Roof taken by hot water", "m²", low=0.0),
    _c("plant_area_m2", "float", "新增设备占用屋面", "Roof taken by new plant", "m²", low=0.0),
    _c("pv_area_m2", "float", "光伏占用屋面", "Roof left to PV", "m²", low=0.0),
    _c("hot_water_gj", "float", "太阳能热水年供热量", "Heat from the sun per year", "GJ", low=0.0),
    _c("hot_water_cost_cny", "float", "太阳能热水投资", "Cost of solar hot water", "CNY", low=0.0),
    _c("hot_water_value_cny_m2", "float", "热水单位屋面净现值", "Net present value of hot water per roof area", "CNY/m²"),
    _c("pv_value_cny_m2", "float", "光伏单位屋面净现值", "Net present value of PV per roof area", "CNY/m²"),
))  # fmt: skip

READINESS = Table("readiness", ("building_id",), "光储直柔适宜度", "Readiness for PV, storage, direct current and flexible use", (
    _c("pv_share", "float", "光伏供电占比", "PV energy over electricity used", low=0.0, high=1.0),
    _c("daytime", "float", "日间用电占比", "Electricity used by day", low=0.0, high=1.0),
    _c("dc_load", "float", "可直流化负荷占比", "Load that could be direct current", low=0.0, high=1.0),
    _c("storage_room", "float", "储能空间", "Room for storage", low=0.0, high=1.0),
    _c("feeder", "float", "配电余量", "Room on the feeder", low=0.0, high=1.0),
    _c("control", "float", "可控程度", "Building automation", low=0.0, high=1.0),
    _c("known_share", "float", "已知权重", "Weight of the parts that are known", low=0.0, high=1.0, required=True),
    _c("readiness", "float", "适宜度（已知部分）", "Score of the parts that are known", low=0.0, high=1.0),
))  # fmt: skip

DIAGNOSIS_CHOICE = Table("diagnosis_choice", ("building_id",), "免费诊断名单", "Who gets a free diagnosis", (
    _c("place", "int", "名额序号", "Place", low=1, required=True),
    _c("expected_kgce", "float", "预期年节能量", "Expected saving per year", "kgce", low=0.0),
    _c("spread_kgce", "float", "节能量不确定范围", "What is not known of the saving", "kgce", low=0.0),
    _c("saving_points", "float", "节能得分", "Points for the saving", low=0.0),
    _c("learned_points", "float", "信息得分", "Points for what is learned", low=0.0),
    _c("fairness_points", "float", "均衡得分", "Points for types and subdistricts without a place", low=0.0),
    _c("points", "float", "得分", "Points together", low=0.0),
))  # fmt: skip

UNIT_PLANS = Table("unit_plans", ("building_id",), "一企一策汇总", "One plan per unit", (
    _c("owner_type", "text", "权属类型", "Owner type"),
    _c("floor_area_m2", "float", "建筑面积", "Floor area", "m²", low=0.0),
    _c("package", "text", "采用的方案", "Package that is carried into money", words=PACKAGES, required=True),
    _c("measures", "list", "措施", "Measures in it"),
    _c("electricity_saved_kwh", "float", "措施年节电量", "Electricity that measures save per year", "kWh", low=0.0),
    _c("heat_saved_gj", "float", "措施年节热量", "Heat that measures save per year", "GJ", low=0.0),
    _c("saving_rate", "float", "综合节能率", "Part of the standard coal saved", low=0.0, high=1.0),
    _c("measures_cny", "float", "措施投资", "Cost of the measures", "CNY", low=0.0),
    _c("collector_area_m2", "float", "集热面积", "Collector area", "m²", low=0.0),
    _c("hot_water_cny", "float", "太阳能热水投资", "Cost of solar hot water", "CNY", low=0.0),
    _c("capacity_kwp", "float", "光伏装机", "PV beside the hot water", "kWp", low=0.0),
    _c("energy_ac_kwh", "float", "光伏首年发电量", "PV energy in the first year", "kWh", low=0.0),
    _c("pv_cny", "float", "光伏投资", "Cost of the PV", "CNY", low=0.0),
    _c("storage_kwh", "float", "储能容量", "Storage that pays", "kWh", low=0.0),
    _c("cost_cny", "float", "合计投资", "Cost of measures, hot water and PV", "CNY", low=0.0),
    _c("value_cny_a", "float", "首年收益", "Saved and earned in the first year, less running costs", "CNY/a"),
    _c("simple_payback_a", "float", "静态回收期", "Simple payback; unknown where never", "a", low=0.0),
    _c("npv_cny", "float", "合计净现值（税前）", "Net present value of all together before tax", "CNY"),
    _c("co2_t", "float", "年减排量", "Emissions avoided per year", "tCO₂", low=0.0),
))  # fmt: skip

STORAGE = Table("storage", ("building_id",), "储能筛选", "Storage that brings PV's surplus back", (
    _c("capacity_kwh", "float", "最优容量", "Size of the highest value; 0 where none pays", "kWh", low=0.0, required=True),
    _c("brought_back_kwh", "float", "年回用电量", "Surplus brought back per year", "kWh", low=0.0),
    _c("value_cny_a", "float", "年收益", "Worth per year", "CNY/a"),
    _c("cost_cny", "float", "投资", "Cost", "CNY", low=0.0),
    _c("npv_cny", "float", "净现值", "Net present value", "CNY"),
    _c("tried_npv_cny", "float", "试算容量中的最高净现值", "Highest net present value of the sizes that were tried, none apart", "CNY"),
))  # fmt: skip

ENERGY_LIMITS = Table("energy_limits", ("building_id",), "大型楼宇能耗限额", "Energy limits and labels of large offices", (
    _c("owner_type", "text", "权属类型", "Owner type"),
    _c("floor_area_m2", "float", "建筑面积", "Floor area", "m²", low=0.0),
    _c("electricity_kwh_m2", "float", "单位面积用电", "Electricity per floor area, without heating", "kWh/m²", low=0.0),
    _c("electricity_source", "text", "用电来源", "Source of the electricity", words=USE_SOURCES, required=True),
    _c("guide_kwh_m2", "float", "引导值", "Guide value", "kWh/m²", low=0.0),
    _c("constraint_kwh_m2", "float", "约束值", "Constraint value", "kWh/m²", low=0.0),
    _c("label", "text", "能耗标识", "Label", words=RATINGS, required=True),
    _c("above_kwh", "float", "超限电量", "Used above the constraint value", "kWh", low=0.0),
))  # fmt: skip

DEMAND_RESPONSE = Table("demand_response", ("building_id",), "需求响应潜力", "Demand response of large buildings", (
    _c("owner_type", "text", "权属类型", "Owner type"),
    _c("electricity_kwh", "float", "年用电量", "Electricity per year", "kWh", low=0.0),
    _c("electricity_source", "text", "用电来源", "Source of the electricity", words=USE_SOURCES, required=True),
    _c("peak_kw", "float", "估计尖峰负荷", "Highest hour of the usual shape", "kW", low=0.0),
    _c("response_kw", "float", "可响应负荷", "Load that could respond", "kW", low=0.0),
))  # fmt: skip

SOLAR_HEATING = Table("solar_heating", ("building_id",), "太阳能供暖筛选", "Screening for solar heating", (
    _c("heat_gj", "float", "年用热量", "Heat per year", "GJ", low=0.0),
    _c("heat_source", "text", "用热来源", "Source of the heat", words=USE_SOURCES, required=True),
    _c("collector_area_m2", "float", "所需集热面积", "Collectors for the solar fraction", "m²", low=0.0),
    _c("roof_needed_m2", "float", "所需屋面", "Roof that they take", "m²", low=0.0),
    _c("usable_area_m2", "float", "可布置面积", "Usable area", "m²", low=0.0),
    _c("fits", "text", "屋面是否够用", "Whether the roof has room", words=YES_NO, required=True),
    _c("cost_cny", "float", "投资", "Cost", "CNY", low=0.0),
    _c("value_cny_a", "float", "年节约费用", "Heat bought less per year", "CNY/a", low=0.0),
    _c("simple_payback_a", "float", "静态回收期", "Simple payback", "a", low=0.0),
    _c("pays", "text", "寿命内能否回收", "Paid back within its life", words=YES_NO, required=True),
))  # fmt: skip

EQUIPMENT_ACTIONS = ("keep", "plan", "replace", "check")
EQUIPMENT_ROADMAP = Table("equipment_roadmap", ("equipment_id",), "重点用能设备更新路线", "Roadmap of energy-using equipment", (
    _c("building_id", "text", "建筑编号", "Building"),
    _c("name", "text", "设备名称", "Name"),
    _c("equipment_kind", "text", "设备类别", "Kind"),
    _c("power_kw", "float", "额定功率", "Rated power of one", "kW", low=0.0),
    _c("count", "float", "台数", "How many", low=0.0),
    _c("efficiency_grade", "float", "能效等级", "Efficiency grade", low=1.0, high=5.0),
    _c("entry_grade", "float", "准入等级", "Least grade of today", low=1.0, high=5.0),
    _c("installed_on", "date", "投用日期", "In use since"),
    _c("life_end", "int", "寿命到期年", "Year in which its life ends", low=1900),
    _c("replace_year", "int", "更新年份", "Year in which it is to be replaced", low=1900),
    _c("action", "text", "处置", "What to do", words=EQUIPMENT_ACTIONS, required=True),
))  # fmt: skip

TRACKER_STATES = ("reached", "on_course", "behind", "unknown")
TRACKER_STATUS = Table("tracker_status", ("tracker",), "方案指标进展", "Where the plan's other targets stand", (
    _c("value", "float", "完成数", "What is reached", low=0.0),
    _c("total", "float", "总数", "What it is counted against", low=0.0),
    _c("unit", "text", "单位", "Unit"),
    _c("share", "float", "完成率", "Reached of the target", low=0.0),
    _c("target", "float", "目标", "Target in that unit", low=0.0),
    _c("target_year", "int", "目标年", "Year of the target", low=2000),
    _c("on", "date", "统计日期", "Counted on"),
    _c("tracker_state", "text", "进展", "Where it stands", words=TRACKER_STATES, required=True),
))  # fmt: skip

TASK_STATES = ("done", "under_way", "open", "unknown")
TASKS = Table("tasks", ("department", "task"), "年度任务清单", "Tasks of a year by department", (
    _c("year", "int", "年度", "Year", low=2000, required=True),
    _c("plan_item", "text", "方案条目", "Item of the plan"),
    _c("target", "float", "应完成", "To be done", low=0.0),
    _c("done", "float", "已完成", "Done", low=0.0),
    _c("unit", "text", "单位", "Unit"),
    _c("task_state", "text", "状态", "Status", words=TASK_STATES, required=True),
    _c("buildings", "list", "涉及建筑", "Buildings that are still to be done"),
))  # fmt: skip
