"""Tables of supervision: what does not agree, what is metered, what is coming, what to ask."""

from __future__ import annotations

from hexi_solar.schema.columns import Table
from hexi_solar.schema.columns import column as _c
from hexi_solar.schema.words import OWNER_TYPES, STAGES, STATUSES, YES_NO

CHECKS = (
    "duplicate", "several_projects", "unknown_building", "date_order", "before_completion", "not_filed",
    "stalled", "filed_installed", "installed_metered", "installed_detected", "detected_unfiled",
    "not_detected", "capacity_beyond_roof", "area_beyond_roof", "odd_density", "area_missing",
    "capacity_missing",
)  # fmt: skip
SEVERITIES = ("wrong", "doubtful", "missing", "note")
METER_STATES = ("ok", "low", "zero", "above", "missing", "unknown")
ALARMS = ("low", "zero", "above", "missing", "balance")
NEXT_STEPS = (
    "state_roof", "confirm_load", "strengthen_load", "reserve_pv", "find_builder", "file_project",
    "build_together", "state_expected", "connect", "none",
)  # fmt: skip
WHO = ("department", "owner", "builder", "design", "approval", "operator", "grid", "office")
COURSES = ("as_before", "with_action")
MISSING_FACTS = (
    "completed_on", "public_institution", "load", "module_area", "capacity", "readings", "area", "height",
    "tilt", "roof_area", "pv_reserved", "load_in_design", "expected_on", "builder_found",
)  # fmt: skip

CAPACITIES = Table("capacities", ("entity",), "容量四方对照", "Capacity filed, installed, detected and metered", (
    _c("building_id", "text", "建筑编号", "Building"),
    _c("stage", "text", "所处阶段", "Stage reached", words=STAGES),
    _c("filed_kwp", "float", "备案容量", "Capacity as filed or reserved", "kWp", low=0.0),
    _c("installed_kwp", "float", "装机容量", "Capacity as connected, corrections included", "kWp", low=0.0),
    _c("detected_kwp", "float", "检出容量", "Capacity by the PV area detected on the roof", "kWp", low=0.0),
    _c("metered_kwp", "float", "计量反推容量", "Capacity that the best month's generation implies", "kWp", low=0.0),
    _c("installed_m2", "float", "登记组件面积", "Module area on file", "m²", low=0.0),
    _c("detected_m2", "float", "检出面积", "PV area detected on the roof, this project's share, horizontal", "m²", low=0.0),
))  # fmt: skip

RECONCILIATION = Table("reconciliation", ("item_id",), "核对清单", "Worklist of what does not agree", (
    _c("rank", "int", "次序", "Order by how much it moves the reported rate", low=1, required=True),
    _c("check", "text", "核对项", "What was checked", words=CHECKS, required=True),
    _c("severity", "text", "程度", "How bad it is", words=SEVERITIES, required=True),
    _c("building_id", "text", "建筑编号", "Building"),
    _c("name", "text", "名称", "Name of the building"),
    _c("entities", "list", "涉及项目", "Projects concerned"),
    _c("found", "float", "现值", "What is on file", low=0.0),
    _c("expected", "float", "对照值", "What it is held against", low=0.0),
    _c("unit", "text", "单位", "Unit of both"),
    _c("numerator_delta", "float", "分子变化", "What the reported numerator changes by if the other side is right", required=True),
    _c("denominator_delta", "float", "分母变化", "What the reported denominator changes by", required=True),
    _c("rate_delta", "float", "覆盖率变化", "What the reported rate changes by", required=True),
))  # fmt: skip

METERED = Table("metered", ("entity", "month"), "计量与预期对照", "Metered against expected generation", (
    _c("building_id", "text", "建筑编号", "Building"),
    _c("capacity_kwp", "float", "装机容量", "Capacity", "kWp", low=0.0),
    _c("connected_share", "float", "并网天数占比", "Part of the month in which it was connected", low=0.0, high=1.0, required=True),
    _c("generation_kwh", "float", "计量发电量", "Metered generation; empty where no reading is on file", "kWh", low=0.0),
    _c("expected_kwh", "float", "预期发电量", "Expected generation: the model's month, capacity, ageing and light", "kWh", low=0.0),
    _c("light_factor", "float", "光照修正", "In-plane irradiation of the month over that of the model's weather; 1 where not given", low=0.0, required=True),
    _c("corrected", "bool", "已作气象修正", "The month's own weather is taken into account", required=True),
    _c("ratio", "float", "实发比", "Metered over expected", low=0.0),
    _c("final_yield_h", "float", "等效利用小时", "Final yield: generation per capacity (IEC 61724-1)", "h", low=0.0),
    _c("reference_yield_h", "float", "参考小时", "Reference yield: in-plane irradiation over 1 kW/m² (IEC 61724-1)", "h", low=0.0),
    _c("performance_ratio", "float", "系统效率 PR", "Performance ratio (IEC 61724-1); only where irradiation of the month is given", low=0.0),
    _c("balance", "float", "电量不平衡", "Self-use and feed-in less generation, over generation", low=-1.0),
    _c("meter_state", "text", "状态", "What the month looks like", words=METER_STATES, required=True),
))  # fmt: skip

PERFORMANCE = Table("performance", ("entity",), "各系统运行情况", "What each metered system generated, over all its months", (
    _c("months", "int", "有读数月数", "Months with a reading", low=0, required=True),
    _c("generation_kwh", "float", "计量发电量", "Metered generation of these months", "kWh", low=0.0, required=True),
    _c("expected_kwh", "float", "预期发电量", "Expected generation of the same months", "kWh", low=0.0, required=True),
    _c("ratio", "float", "实发比", "Metered over expected", low=0.0),
    _c("performance_ratio", "float", "系统效率 PR", "Performance ratio (IEC 61724-1) over the months whose irradiation is known", low=0.0),
    _c("missing", "int", "缺读数月数", "Months without a reading", low=0, required=True),
))  # fmt: skip

METER_ALARMS = Table("meter_alarms", ("entity", "alarm", "from_month"), "发电告警", "Alarms on metered generation", (
    _c("building_id", "text", "建筑编号", "Building"),
    _c("to_month", "text", "止", "Last month", required=True),
    _c("months", "int", "月数", "Months", low=1, required=True),
    _c("ratio", "float", "实发比", "Metered over expected in these months", low=0.0),
    _c("lost_kwh", "float", "少发电量", "Expected less metered in these months", "kWh", low=0.0),
    _c("still", "bool", "仍在持续", "Lasts up to the latest month", required=True),
))  # fmt: skip

SYSTEM_FACTORS = Table("system_factors", ("entity",), "各系统实发系数", "Measured factor of each system", (
    _c("months", "int", "有效月数", "Months used", low=1, required=True),
    _c("factor", "float", "实测系数", "Metered over expected, geometric mean", low=0.0, required=True),
    _c("weight", "float", "权重", "Weight in the district's factor", low=0.0, high=1.0, required=True),
    _c("shrinkage", "float", "收缩系数", "Part of its own deviation that is kept", low=0.0, high=1.0, required=True),
    _c("shrunk_factor", "float", "收缩后系数", "Factor after shrinking towards the district's", low=0.0, required=True),
))  # fmt: skip

APPROVALS = Table("approvals", ("building_id",), "审批阶段清单", "Buildings at the approval stage", (
    _c("rank", "int", "次序", "Order by expected completion", low=1, required=True),
    _c("name", "text", "名称", "Name"),
    _c("owner_type", "text", "权属类型", "Owner type", words=OWNER_TYPES, required=True),
    _c("public_institution", "text", "公共机构", "Public institution", words=YES_NO, required=True),
    _c("department", "text", "主管部门", "Department in charge"),
    _c("subdistrict", "text", "街道", "Subdistrict"),
    _c("status", "text", "建设状态", "Status", words=STATUSES, required=True),
    _c("approved_on", "date", "审批日期", "Approved on"),
    _c("expected_on", "date", "预计竣工日期", "Completion expected on; assumed from the status where not stated", required=True),
    _c("expected_source", "text", "预计竣工日期来源", "Source of that day", words=("surveyed", "assumed"), required=True),
    _c("days_left", "int", "距竣工天数", "Days until completion; below zero where it is overdue", "d", required=True),
    _c("roof_area_m2", "float", "屋顶面积", "Roof area", "m²", low=0.0),
    _c("roof_area_source", "text", "屋顶面积来源", "Source of the roof area; surveyed: the design", words=("surveyed", "derived", "unknown"), required=True),
    _c("installable_area_m2", "float", "可安装面积", "Installable area, along the slope", "m²", low=0.0),
    _c("module_area_m2", "float", "可布置组件面积", "Module area of the study's layout", "m²", low=0.0),
    _c("module_horizontal_area_m2", "float", "组件水平投影面积", "Horizontal projection of these modules", "m²", low=0.0),
    _c("array_area_m2", "float", "阵列面积", "Array field of the study's layout", "m²", low=0.0),
    _c("capacity_kwp", "float", "可装容量", "Capacity of the study's layout", "kWp", low=0.0),
    _c("floor_area_m2", "float", "建筑面积", "Floor area", "m²", low=0.0),
    _c("roof_large", "text", "屋顶不小于门槛", "Roof at or above the threshold", words=YES_NO, required=True),
    _c("load_in_design", "text", "设计荷载已预留", "Load reserve in the design", words=YES_NO, required=True),
    _c("pv_reserved", "text", "预留光伏", "PV reserved in the design", words=YES_NO, required=True),
    _c("builder_found", "text", "已落实建设运营方", "Builder and operator found", words=YES_NO, required=True),
    _c("pv_filed", "text", "已备案", "PV project filed", words=YES_NO, required=True),
    _c("pv_together", "text", "同步建设", "PV built at the same time", words=YES_NO, required=True),
    _c("open_items", "list", "未完成事项", "Items of the checklist that are not yes"),
    _c("next_step", "text", "下一步", "Next step", words=NEXT_STEPS, required=True),
    _c("who", "text", "责任方", "Who takes it", words=WHO, required=True),
    _c("entities", "list", "光伏项目", "PV projects on file"),
))  # fmt: skip

FORECAST = Table("forecast", ("year", "cohort", "course"), "覆盖率预测", "Forecast of the coverage rate", (
    _c("completions", "int", "竣工栋数", "Buildings expected to be completed that count by then", low=0, required=True),
    _c("with_pv", "float", "其中装光伏栋数", "Of which with PV, expected", low=0.0, required=True),
    _c("numerator", "float", "分子", "Numerator", low=0.0, required=True),
    _c("denominator", "float", "分母", "Denominator", low=0.0, required=True),
    _c("rate", "float", "覆盖率", "Rate at the end of the year; unknown where the denominator is zero", low=0.0),
    _c("rate_low", "float", "下限", "Lower end of its 80 % interval", low=0.0),
    _c("rate_high", "float", "上限", "Upper end of its 80 % interval", low=0.0),
    _c("target", "float", "目标", "Target", low=0.0, high=1.0),
    _c("assumed_dates", "int", "竣工日期为假定的栋数", "Of the completions, those whose day is assumed", low=0, required=True),
))  # fmt: skip

REQUESTS = Table("requests", ("request_id",), "数据征询", "Missing facts, those that matter most first", (
    _c("rank", "int", "次序", "Order", low=1, required=True),
    _c("missing_fact", "text", "所缺事项", "What is missing", words=MISSING_FACTS, required=True),
    _c("building_id", "text", "建筑编号", "Building"),
    _c("name", "text", "名称", "Name of the building"),
    _c("entity", "text", "项目编号", "Project"),
    _c("department", "text", "主管部门", "Department that answers for the building", required=True),
    _c("who", "text", "询问对象", "Who is likely to know", words=WHO, required=True),
    _c("rate_low", "float", "覆盖率最多降低", "What the answer could change the rate by, downwards", high=0.0, required=True),
    _c("rate_high", "float", "覆盖率最多升高", "What the answer could change the rate by, upwards", low=0.0, required=True),
    _c("forecast_delta", "float", "预测覆盖率影响", "What the answer decides of the forecast rate", low=0.0, required=True),
    _c("p90_gain_kwh", "float", "P90 提高", "What P90 gains once it is known", "kWh", low=0.0, required=True),
    _c("at_stake_kwp", "float", "所涉容量", "Capacity that hangs on it", "kWp", low=0.0, required=True),
))  # fmt: skip

REQUEST_COUNTS = Table("request_counts", ("department",), "各部门征询汇总", "Requests per department", (
    _c("requests", "int", "征询项数", "Requests", low=1, required=True),
    _c("buildings", "int", "涉及建筑数", "Buildings concerned", low=0, required=True),
    _c("rate_width", "float", "覆盖率影响合计", "Width that they leave open in the rate, summed", low=0.0, required=True),
    _c("forecast_delta", "float", "预测影响合计", "What they decide of the forecast rate, summed", low=0.0, required=True),
    _c("p90_gain_kwh", "float", "P90 提高合计", "What P90 gains, summed", "kWh", low=0.0, required=True),
    _c("first", "text", "最要紧的事项", "The request that matters most", required=True),
))  # fmt: skip
