"""Tables behind coverage rates: what they are made of, their parts, and what was published."""

from __future__ import annotations

from hexi_solar.schema.columns import Table
from hexi_solar.schema.columns import column as _c
from hexi_solar.schema.study import BUILDINGS, COVERAGE
from hexi_solar.schema.words import ENTITY_TYPES

COVERAGE_ROWS = Table("coverage_rows", ("building_id",), "覆盖率计算底表", "What coverage rates are made of: buildings that are new or could be", (
    *(BUILDINGS[name] for name in (
        "name", "owner_type", "public_institution", "department", "subdistrict", "zone", "status",
        "completed_on", "completed_on_source", "load_state", "footprint_area_m2", "floor_area_m2",
    )),
    _c("roof_area_m2", "float", "屋顶水平面积", "Roof, horizontal", "m²", low=0.0),
    _c("roof_slope_area_m2", "float", "屋顶斜面面积", "Roof along its slopes", "m²", low=0.0),
    _c("installable_area_m2", "float", "可安装面积（水平）", "Installable area, horizontal", "m²", low=0.0),
    _c("installable_slope_area_m2", "float", "可安装面积（斜面）", "Installable area along the slopes", "m²", low=0.0),
    _c("area_sigma", "float", "面积相对标准不确定度", "Relative standard uncertainty of the installable area", low=0.0, high=1.0),
    _c("whole_roof_kwp", "float", "满铺容量上限", "Capacity if modules lay on the whole roof; bounds what is not known", "kWp", low=0.0),
    _c("achievable_kwp", "float", "可装容量", "Capacity that the layout places", "kWp", low=0.0),
    _c("module_area_m2", "float", "可装组件面积", "Module area that the layout places", "m²", low=0.0),
    _c("module_horizontal_area_m2", "float", "可装组件水平投影", "Horizontal projection of these modules", "m²", low=0.0),
    _c("array_area_m2", "float", "可装阵列面积", "Array field of these modules", "m²", low=0.0),
))  # fmt: skip

COVERAGE_PARTS = Table("coverage_parts", (*COVERAGE.index, "by", "part"), "覆盖率分解", "Coverage split over owner types, subdistricts, zones and departments", (
    COVERAGE["numerator"],
    COVERAGE["denominator"],
    _c("rate", "float", "覆盖率", "Rate; unknown where the denominator is zero", low=0.0),
    COVERAGE["buildings"],
    COVERAGE["buildings_with_pv"],
))  # fmt: skip

PUBLICATIONS = Table("publications", ("publication",), "覆盖率发布记录", "Publications of yearly coverage rates", (
    _c("year", "int", "年度", "Year", required=True),
    _c("kind", "text", "类别", "Published or restated", words=("published", "restated"), required=True),
    _c("at", "date", "统计截止日", "Day on which the PV is counted", required=True),
    _c("recorded_at", "text", "发布时间", "Time of publication (UTC, ISO 8601)", required=True),
    _c("recorded_by", "text", "发布人", "Who published it", required=True),
    _c("reason", "text", "事由", "Why it was restated"),
    _c("definition", "text", "上报口径", "Reported definition", required=True),
    _c("numerator", "float", "分子", "Numerator", low=0.0),
    _c("denominator", "float", "分母", "Denominator", low=0.0),
    _c("unit", "text", "单位", "Unit of numerator and denominator"),
    _c("rate", "float", "覆盖率", "Rate", low=0.0),
    _c("rate_low", "float", "覆盖率下限", "Lowest rate that unknown facts leave open", low=0.0),
    _c("rate_high", "float", "覆盖率上限", "Highest rate that unknown facts leave open", low=0.0),
    _c("head_seq", "int", "登记簿末事件序号", "Last event of the register that it rests on", low=0, required=True),
    _c("head_hash", "text", "登记簿末事件校验值", "Hash of that event", required=True),
))  # fmt: skip

COVERAGE_CHANGES = Table("coverage_changes", ("change",), "发布差异", "What differs between two publications", (
    _c("subject", "text", "差异类别", "What differs", words=("rate", "cohort", "pv", "fact", "setting", "layer"), required=True),
    _c("name", "text", "对象", "Rate, building, setting or layer that differs", required=True),
    _c("column", "text", "项目", "What of it"),
    _c("before", "text", "原值", "Before"),
    _c("after", "text", "新值", "After"),
    _c("event_ids", "list", "相关登记事件", "Events between the two that it is about"),
    _c("entity_type", "text", "事件对象", "What these events are about", words=ENTITY_TYPES),
))  # fmt: skip
