"""Tables of the register: its ledger, and what is seen in it."""

from __future__ import annotations

from hexi_solar.schema.columns import Table
from hexi_solar.schema.columns import column as _c
from hexi_solar.schema.words import ENTITY_TYPES, YES_NO

LEDGER = Table("ledger", ("event_id",), "登记簿事件", "Ledger of the register", (
    _c("seq", "int", "序号", "Place in the chain, from 1", low=1, required=True),
    _c("entity_type", "text", "对象类别", "Kind of thing that the event is about", words=ENTITY_TYPES, required=True),
    _c("entity", "text", "对象编号", "The thing it is about: project, building, ...", required=True),
    _c("kind", "text", "事件类别", "Stage of a project, stated, reading, correction, withdrawn, ...", required=True),
    _c("valid_on", "date", "发生日期", "Day from which it is true", required=True),
    _c("recorded_at", "text", "登记时间", "Time from which the office knew it (UTC, ISO 8601); from the older register where one was taken over", required=True),
    _c("entered_at", "text", "录入时间", "Time by the machine's clock at which it came into this ledger (UTC, ISO 8601)", required=True),
    _c("recorded_by", "text", "登记人", "Who recorded it", required=True),
    _c("reason", "text", "事由", "Why"),
    _c("payload", "text", "内容", "What it says, as JSON", required=True),
    _c("source", "text", "来源文件", "File that it came from"),
    _c("source_sha256", "text", "来源文件校验和", "SHA-256 of that file"),
    _c("source_row", "int", "来源行号", "Row of that file", low=1),
    _c("previous", "text", "上一事件校验值", "Hash of the event before it", required=True),
    _c("hash", "text", "校验值", "SHA-256 over everything above", required=True),
))  # fmt: skip

READINGS = Table("readings", ("entity", "month"), "抄表", "Meter readings of PV projects", (
    _c("generation_kwh", "float", "发电量", "Generation in the month", "kWh", low=0.0),
    _c("self_use_kwh", "float", "自用电量", "Used on the spot", "kWh", low=0.0),
    _c("feed_in_kwh", "float", "上网电量", "Fed into the grid", "kWh", low=0.0),
))  # fmt: skip

BUILDING_FACTS = Table("building_facts", ("building_id",), "建筑登记事项", "What the register says of buildings", (
    _c("name", "text", "名称", "Name"),
    _c("address", "text", "地址", "Address"),
    _c("owner", "text", "权属单位", "Owner"),
    _c("owner_type", "text", "权属类型", "Owner type"),
    _c("public_institution", "text", "公共机构", "Public institution", words=YES_NO),
    _c("department", "text", "主管部门", "Department in charge"),
    _c("status", "text", "建设状态", "Status"),
    _c("approved_on", "date", "审批日期", "Approved on"),
    _c("expected_on", "date", "预计竣工日期", "Completion expected on"),
    _c("completed_on", "date", "竣工日期", "Completed on"),
    _c("floor_area_m2", "float", "建筑面积", "Floor area", "m²", low=0.0),
    _c("roof_area_m2", "float", "设计屋顶面积", "Roof area by the design", "m²", low=0.0),
    _c("pv_reserved", "text", "预留光伏", "PV reserved in the design", words=YES_NO),
    _c("pv_together", "text", "同步建设", "PV built at the same time", words=YES_NO),
    _c("builder_found", "text", "已落实建设运营方", "Builder and operator found", words=YES_NO),
    _c("load_in_design", "text", "设计荷载已预留", "Load reserve in the design", words=YES_NO),
    _c("load_evidence", "text", "荷载依据", "Evidence of load-bearing"),
    _c("load_reserve_kn_m2", "float", "荷载裕度", "Load reserve", "kN/m²", low=0.0, high=50.0),
    _c("roof_repaired_on", "date", "屋面翻修日期", "Roof repaired on"),
    _c("electricity_kwh", "float", "年用电量", "Electricity used per year", "kWh", low=0.0),
    _c("heat_gj", "float", "年用热量", "Heat used per year", "GJ", low=0.0),
    _c("gas_m3", "float", "年用气量", "Gas used per year", "m³", low=0.0),
    _c("water_m3", "float", "年用水量", "Water used per year", "m³", low=0.0),
    _c("people", "float", "用能人数", "People who use it", low=0.0),
    _c("beds", "float", "床位数", "Beds", low=0.0),
    _c("boarders", "float", "住宿人数", "Boarders", low=0.0),
    _c("meals", "float", "日供餐数", "Meals served per day", low=0.0),
))  # fmt: skip

DIAGNOSES = Table("diagnoses", ("building_id",), "节能诊断", "Energy diagnoses", (
    _c("provider", "text", "诊断单位", "Who made it"),
    _c("report", "text", "报告编号", "Number of the report"),
    _c("measures", "text", "诊断建议", "Measures that it advises"),
    _c("saving_kwh", "float", "可节电量", "Electricity that they would save per year", "kWh", low=0.0),
))  # fmt: skip

TRACKERS = Table("trackers", ("tracker",), "目标跟踪", "Trackers of other targets", (
    _c("value", "float", "完成数", "What is reached", low=0.0),
    _c("total", "float", "总数", "What it is counted against", low=0.0),
    _c("unit", "text", "单位", "Unit of both"),
    _c("year", "int", "年份", "Year that it is counted for", low=1990, high=2100),
))  # fmt: skip

EQUIPMENT = Table("equipment", ("equipment_id",), "重点用能设备", "Key energy-using equipment", (
    _c("building_id", "text", "建筑编号", "Building"),
    _c("name", "text", "设备名称", "Name"),
    _c("category", "text", "设备类别", "Category"),
    _c("model", "text", "规格型号", "Make and model"),
    _c("power_kw", "float", "额定功率", "Rated power of one", "kW", low=0.0),
    _c("count", "float", "台数", "How many", low=0.0),
    _c("efficiency_grade", "float", "能效等级", "Efficiency grade", low=1.0, high=5.0),
    _c("installed_on", "date", "投用日期", "In use since"),
))  # fmt: skip
