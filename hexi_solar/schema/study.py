"""Tables of a study, from footprints to coverage rates."""

from __future__ import annotations

from hexi_solar.schema.columns import Table
from hexi_solar.schema.columns import column as _c
from hexi_solar.schema.columns import months as _months
from hexi_solar.schema.columns import shape as _shape
from hexi_solar.schema.words import (
    LOAD_EVIDENCE,
    MODES,
    OWNER_TYPES,
    ROOF_KINDS,
    SOURCES,
    STAGES,
    STATUSES,
    YES_NO,
)

BUILDINGS = Table("buildings", ("building_id",), "建筑", "Buildings", (
    _c("name", "text", "名称", "Name"),
    _c("address", "text", "地址", "Address"),
    _c("owner", "text", "权属单位（原文）", "Owner as written in the layer"),
    _c("use", "text", "用途（原文）", "Use as written in the layer"),
    _c("land_use", "text", "用地性质（原文）", "Land use as written in the layer"),
    _c("industry_code", "text", "行业代码（GB/T 4754）", "Industry code (GB/T 4754)"),
    _c("owner_text", "text", "权属与用途（原文）", "Owner and use as written in the layer"),
    _c("owner_type_given", "text", "权属类型（图层所给）", "Owner type that the layer gives"),
    _c("owner_type", "text", "权属类型", "Owner type", words=OWNER_TYPES, required=True),
    _c("owner_type_source", "text", "权属类型来源", "Source of the owner type", words=SOURCES),
    _c("owner_rule", "text", "匹配规则", "Rule that matched the owner type"),
    _c("public_institution_given", "text", "公共机构（图层所给）", "Public institution or not, as the layer gives it"),
    _c("public_institution", "text", "公共机构", "Public institution", words=YES_NO, required=True),
    _c("department_given", "text", "主管部门（图层所给）", "Department that the layer gives"),
    _c("department", "text", "主管部门", "Department in charge"),
    _c("subdistrict", "text", "街道", "Subdistrict"),
    _c("subdistrict_code", "text", "街道代码", "Code of the subdistrict"),
    _c("zone", "text", "园区", "Zone"),
    _c("height_m", "float", "高度", "Height above ground", "m", low=0.0, high=1000.0),
    _c("height_source", "text", "高度来源", "Source of the height", words=SOURCES),
    _c("floors", "float", "层数", "Floors", low=0, high=200),
    _c("floor_area_m2", "float", "建筑面积", "Floor area", "m²", low=0.0),
    _c("floor_area_source", "text", "建筑面积来源", "Source of the floor area", words=SOURCES),
    _c("footprint_area_m2", "float", "基底面积", "Footprint", "m²", low=0.0, required=True),
    _c("status", "text", "建设状态", "Status", words=STATUSES, required=True),
    _c("status_source", "text", "建设状态来源", "Source of the status", words=SOURCES),
    _c("approved_on", "date", "审批日期", "Approved on"),
    _c("expected_on", "date", "预计竣工日期", "Completion expected on"),
    _c("completed_on", "date", "竣工日期", "Completed on"),
    _c("completed_on_source", "text", "竣工日期来源", "Source of the completion date; derived: only the year is known, taken as its last day", words=SOURCES),
    _c("pv_reserved", "text", "预留光伏", "PV reserved in the design", words=YES_NO),
    _c("roof_kind", "text", "屋面类型", "Roof kind", words=ROOF_KINDS, required=True),
    _c("roof_kind_source", "text", "屋面类型来源", "Source of the roof kind", words=SOURCES),
    _c("load_evidence", "text", "荷载依据", "Evidence of load-bearing", words=LOAD_EVIDENCE, required=True),
    _c("load_reserve_kn_m2", "float", "荷载裕度", "Load reserve", "kN/m²", low=0.0, high=50.0),
    _c("load_state", "text", "荷载是否足够", "Load shown to suffice for the mounting", words=YES_NO, required=True),
    _c("longitude", "float", "经度", "Longitude of a point on the footprint (WGS84)", "°", low=-180.0, high=180.0),
    _c("latitude", "float", "纬度", "Latitude of a point on the footprint (WGS84)", "°", low=-90.0, high=90.0),
    _c("source_row", "int", "原图层行号", "Row in the building layer, counted from 1"),
), _shape("建筑基底面", "Footprint"))  # fmt: skip


def _areas(name: str, zh: str, en: str) -> Table:
    columns = (_c("name", "text", "名称", "Name", required=True),)
    return Table(name, ("code",), zh, en, columns, _shape("范围", "Area"))


BOUNDARY = _areas("boundary", "城区边界", "Boundary of the district")
SUBDISTRICTS = _areas("subdistricts", "街道", "Subdistricts")
ZONES = _areas("zones", "园区", "Zones")

ROOFS = Table("roofs", ("roof_id",), "屋顶", "Roofs", (
    _c("building_id", "text", "建筑编号", "Building", required=True),
    _c("surface_tilt", "float", "坡度", "Tilt of the plane", "°", low=0.0, high=90.0, required=True),
    _c("surface_azimuth", "float", "朝向", "Azimuth of the plane, clockwise from north", "°", low=0.0, high=360.0, required=True),
    _c("area_m2", "float", "斜面面积", "Area along the slope", "m²", low=0.0, required=True),
    _c("horizontal_area_m2", "float", "水平投影面积", "Horizontal area", "m²", low=0.0, required=True),
    _c("installable_area_m2", "float", "可安装面积", "Installable horizontal area: after permanent exclusions, before row gaps", "m²", low=0.0, required=True),
    _c("usable_area_m2", "float", "可布置面积", "Usable horizontal area: installable less parapet shadow and slopes turned away", "m²", low=0.0, required=True),
    _c("roof_kind", "text", "屋面类型", "Roof kind", words=ROOF_KINDS, required=True),
    _c("mounting", "text", "安装方式", "Mounting", words=("ballast", "anchored", "clamped")),
    _c("tilt_source", "text", "坡度来源", "Source of the tilt", words=SOURCES),
    _c("source", "text", "数据等级", "Tier of the data behind the plane", words=("footprint", "surface_model")),
), _shape("可布置组件的范围", "Part of the plane that modules may stand on"))  # fmt: skip

EXCLUSION_LEDGER = Table("exclusions", ("roof_id", "reason"), "面积扣减台账", "Exclusion ledger", (
    _c("area_m2", "float", "扣减面积", "Horizontal area taken out", "m²", low=0.0, required=True),
    _c("evidence", "text", "依据", "Evidence", words=SOURCES),
    _c("basis", "text", "说明", "What the figure rests on"),
))  # fmt: skip

LAYOUTS = Table("layouts", ("roof_id",), "组件布置", "Layouts", (
    _c("building_id", "text", "建筑编号", "Building", required=True),
    _c("module_tilt", "float", "组件倾角", "Tilt of the modules", "°", low=0.0, high=90.0, required=True),
    _c("module_azimuth", "float", "组件方位角", "Azimuth of the modules, clockwise from north", "°", low=0.0, high=360.0, required=True),
    _c("modules", "int", "组件数", "Modules", low=0, required=True),
    _c("rows", "int", "排数", "Rows", low=0),
    _c("pitch_m", "float", "排距", "Row pitch, horizontal; along the slope where flush", "m", low=0.0),
    _c("gcr", "float", "地面覆盖率", "Ground coverage ratio", low=0.0, high=1.0),
    _c("capacity_kwp", "float", "装机容量", "Capacity", "kWp", low=0.0, required=True),
    _c("module_area_m2", "float", "组件面积", "Module area", "m²", low=0.0, required=True),
    _c("module_horizontal_area_m2", "float", "组件水平投影面积", "Horizontal projection of the modules", "m²", low=0.0, required=True),
    _c("array_area_m2", "float", "阵列面积", "Array field with its row gaps, horizontal", "m²", low=0.0, required=True),
    _c("arrangement", "text", "布置方式", "Arrangement", words=("rows", "east_west", "flush"), required=True),
), _shape("阵列范围", "Array fields"))  # fmt: skip

WEATHER = Table("weather", ("time",), "气象年", "Weather", (
    _c("ghi", "float", "水平面总辐照度", "Global horizontal irradiance", "W/m²", low=0.0, high=1600.0, required=True),
    _c("dni", "float", "法向直射辐照度", "Direct normal irradiance", "W/m²", low=0.0, high=1500.0, required=True),
    _c("dhi", "float", "水平面散射辐照度", "Diffuse horizontal irradiance", "W/m²", low=0.0, high=1200.0, required=True),
    _c("temp_air", "float", "气温", "Air temperature", "°C", low=-90.0, high=70.0, required=True),
    _c("wind_speed", "float", "风速", "Wind speed", "m/s", low=0.0, high=110.0, required=True),
))  # fmt: skip

YIELDS = Table("yields", ("roof_id",), "发电量", "Yields", (
    _c("building_id", "text", "建筑编号", "Building", required=True),
    _c("poa_global_kwh_m2", "float", "倾斜面年辐照量", "In-plane irradiation per year, unshaded", "kWh/m²", low=0.0, high=4000.0),
    _c("effective_irradiance_kwh_m2", "float", "有效年辐照量", "In-plane irradiation after shading and reflection", "kWh/m²", low=0.0, high=4000.0),
    _c("energy_dc_kwh", "float", "直流年发电量", "DC energy per year", "kWh", low=0.0),
    _c("energy_ac_kwh", "float", "首年发电量", "AC energy in the first year", "kWh", low=0.0),
    *_months("energy_ac_{:02d}_kwh", "发电量", "AC energy", "kWh"),
    _c("specific_yield_kwh_kwp", "float", "单位容量发电量", "Specific yield", "kWh/kWp", low=0.0, high=3500.0),
    _c("performance_ratio", "float", "系统效率 PR", "Performance ratio (IEC 61724-1)", low=0.0, high=1.2),
    _c("shading_loss", "float", "遮挡损失", "Irradiation lost to rows and surroundings", low=-1e-9, high=1.0),
    _c("shading_loss_low", "float", "遮挡损失下限", "Shading loss if neighbours of unknown height were not there", low=-1e-9, high=1.0),
    _c("shading_loss_high", "float", "遮挡损失上限", "Shading loss if they were high", low=-1e-9, high=1.0),
    _c("shading_tier", "text", "遮挡数据等级", "Tier of the data behind the skyline", words=("open", "footprint", "surface_model")),
    _c("sigma", "float", "相对标准不确定度", "Relative standard uncertainty of a single year", low=0.0, high=1.0),
    _c("p50_energy_ac_kwh", "float", "P50 发电量", "Energy exceeded in 50 of 100 years", "kWh", low=0.0),
    _c("p75_energy_ac_kwh", "float", "P75 发电量", "Energy exceeded in 75 of 100 years", "kWh", low=0.0),
    _c("p90_energy_ac_kwh", "float", "P90 发电量", "Energy exceeded in 90 of 100 years", "kWh", low=0.0),
))  # fmt: skip

TRADEOFFS = Table("tradeoffs", ("building_id", "variant"), "布置方案比较", "Ways to fill each roof", (
    _c("modules", "int", "组件数", "Modules", low=0, required=True),
    _c("capacity_kwp", "float", "装机容量", "Capacity", "kWp", low=0.0, required=True),
    _c("energy_ac_kwh", "float", "首年发电量", "AC energy in the first year", "kWh", low=0.0, required=True),
    _c("specific_yield_kwh_kwp", "float", "单位容量发电量", "Specific yield", "kWh/kWp", low=0.0),
    _c("npv_cny", "float", "净现值", "Net present value with the defaults of facts/layouts.toml", "CNY"),
    _c("installable_module_area_rate", "float", "可安装口径·组件面积", "Module area over installable area", low=0.0),
    _c("total_roof_module_area_rate", "float", "总面积口径·组件面积", "Module area over total area", low=0.0),
    _c("installable_module_horizontal_area_rate", "float", "可安装口径·水平投影", "Projection over installable area", low=0.0),
    _c("total_roof_module_horizontal_area_rate", "float", "总面积口径·水平投影", "Projection over total area", low=0.0),
    _c("installable_array_area_rate", "float", "可安装口径·阵列面积", "Array field over installable area", low=0.0),
    _c("total_roof_array_area_rate", "float", "总面积口径·阵列面积", "Array field over total area", low=0.0),
))  # fmt: skip

CANDIDATES = Table("candidates", ("building_id",), "候选屋顶", "Candidates", (
    _c("rank", "int", "总排名", "Rank", low=1, required=True),
    _c("rank_in_owner_type", "int", "同类排名", "Rank within the owner type", low=1, required=True),
    _c("name", "text", "名称", "Name"),
    _c("owner_type", "text", "权属类型", "Owner type", words=OWNER_TYPES, required=True),
    _c("owner_type_source", "text", "权属类型来源", "Source of the owner type", words=SOURCES),
    _c("public_institution", "text", "公共机构", "Public institution", words=YES_NO, required=True),
    _c("department", "text", "主管部门", "Department in charge"),
    _c("subdistrict", "text", "街道", "Subdistrict"),
    _c("address", "text", "地址", "Address"),
    _c("status", "text", "建设状态", "Status", words=STATUSES),
    _c("status_source", "text", "建设状态来源", "Source of the status", words=SOURCES),
    _c("eligible", "text", "是否可装", "Eligible", words=YES_NO, required=True),
    _c("reasons", "list", "原因", "Reasons"),
    _c("roof_area_m2", "float", "屋顶面积", "Roof area", "m²", low=0.0, required=True),
    _c("installable_area_m2", "float", "可安装面积", "Installable area", "m²", low=0.0),
    _c("usable_area_m2", "float", "可布置面积", "Usable area", "m²", low=0.0),
    _c("modules", "int", "组件数", "Modules", low=0),
    _c("capacity_kwp", "float", "可装容量", "Capacity", "kWp", low=0.0, required=True),
    _c("module_area_m2", "float", "组件面积", "Module area", "m²", low=0.0),
    _c("array_area_m2", "float", "阵列面积", "Array field", "m²", low=0.0),
    _c("energy_ac_kwh", "float", "首年发电量", "AC energy in the first year", "kWh", low=0.0),
    _c("specific_yield_kwh_kwp", "float", "单位容量发电量", "Specific yield", "kWh/kWp", low=0.0),
    _c("performance_ratio", "float", "系统效率 PR", "Performance ratio", low=0.0, high=1.2),
    _c("weather_source", "text", "气象来源", "Weather behind the energy; assumed: the built-in climate year", words=("file", "assumed")),
    _c("co2_t", "float", "年减排量", "Emissions avoided in the first year", "tCO₂", low=0.0),
    _c("existing_kwp", "float", "已装容量", "Capacity already on the roof", "kWp", low=0.0),
    _c("roof_kind", "text", "屋面类型", "Roof kind", words=ROOF_KINDS),
    _c("roof_kind_source", "text", "屋面类型来源", "Source of the roof kind", words=SOURCES),
    _c("tilt_source", "text", "坡度来源", "Source of the slope; assumed: taken from the roof kind", words=SOURCES),
    _c("height_source", "text", "高度来源", "Source of the height", words=SOURCES),
    _c("load_evidence", "text", "荷载依据", "Evidence of load-bearing", words=LOAD_EVIDENCE),
    _c("load_reserve_kn_m2", "float", "荷载裕度", "Load reserve", "kN/m²", low=0.0),
    _c("longitude", "float", "经度", "Longitude (WGS84)", "°", low=-180.0, high=180.0),
    _c("latitude", "float", "纬度", "Latitude (WGS84)", "°", low=-90.0, high=90.0),
    _c("p90_energy_ac_kwh", "float", "P90 发电量", "Energy exceeded in 90 of 100 years", "kWh", low=0.0),
    _c("shading_loss_low", "float", "遮挡损失下限", "Light lost if neighbours of unknown height were not there; the energy rests on the middle", low=-1e-9, high=1.0),
    _c("shading_loss_high", "float", "遮挡损失上限", "Light lost if they were high", low=-1e-9, high=1.0),
    _c("review", "list", "待核", "What someone should look at"),
    _c("in_totals", "bool", "计入合计", "Counts in the totals", required=True),
    _c("score", "float", "得分", "Score the ranking follows", required=True),
))  # fmt: skip

REGISTER = Table("register", ("event_id",), "建档立卡事件", "Register of PV projects: events", (
    _c("entity", "text", "项目编号", "Project", required=True),
    _c("building_id", "text", "建筑编号", "Building"),
    _c("kind", "text", "阶段", "Stage that the event reports, or correction", words=(*STAGES, "correction"), required=True),
    _c("valid_on", "date", "发生日期", "Day from which it is true", required=True),
    _c("recorded_at", "date", "登记时间", "Time at which it was recorded"),
    _c("recorded_by", "text", "登记人", "Who recorded it"),
    _c("reason", "text", "事由", "Reason"),
    _c("capacity_kwp", "float", "容量", "Capacity", "kWp", low=0.0),
    _c("modules", "float", "组件数", "Modules", low=0.0),
    _c("module_area_m2", "float", "组件面积", "Module area", "m²", low=0.0),
    _c("array_area_m2", "float", "阵列面积", "Array field", "m²", low=0.0),
    _c("module_tilt", "float", "组件倾角", "Tilt of the modules", "°", low=0.0, high=90.0),
    _c("mode", "text", "消纳模式", "Mode", words=MODES),
    _c("contract", "text", "合同方式", "Contract (EMC, lease, own)"),
    _c("investor", "text", "投资方", "Investor"),
    _c("operator", "text", "运营方", "Operator"),
    _c("installer", "text", "安装方", "Installer"),
))  # fmt: skip

PROJECTS = Table("projects", ("entity",), "光伏项目现状", "State of PV projects", (
    *(REGISTER[name] for name in (
        "building_id", "capacity_kwp", "modules", "module_area_m2", "array_area_m2", "module_tilt",
        "mode", "contract", "investor", "operator", "installer",
    )),
    _c("stage", "text", "所处阶段", "Stage reached", words=STAGES),
    _c("stage_on", "date", "进入该阶段日期", "Day from which the stage is true"),
    _c("connected_on", "date", "首次并网日期", "Day of its first connection"),
))  # fmt: skip

COVERAGE = Table("coverage", ("year", "cohort", "at", "definition", "reading", "scope"), "覆盖率", "Coverage", (
    _c("numerator", "float", "分子", "Numerator", low=0.0),
    _c("denominator", "float", "分母", "Denominator", low=0.0),
    _c("unit", "text", "单位", "Unit of numerator and denominator"),
    _c("rate", "float", "覆盖率", "Rate; unknown where the denominator is zero; above 1 the data need correction", low=0.0),
    _c("rate_low", "float", "覆盖率下限", "Lowest rate that unknown facts leave open", low=0.0),
    _c("rate_high", "float", "覆盖率上限", "Highest rate that unknown facts leave open", low=0.0),
    _c("target", "float", "目标", "Target", low=0.0, high=1.0),
    _c("kind", "text", "性质", "Progress or potential", words=("progress", "potential"), required=True),
    _c("reported", "bool", "上报口径", "The one that is reported", required=True),
    _c("buildings", "int", "分母建筑数", "Buildings in the denominator", low=0),
    _c("buildings_with_pv", "int", "分子建筑数", "Buildings in the numerator", low=0),
    _c("numerator_ids", "list", "分子建筑", "Buildings in the numerator"),
    _c("denominator_ids", "list", "分母建筑", "Buildings in the denominator"),
    _c("flagged_ids", "list", "待核建筑", "Buildings whose PV exceeds their roof, or whose PV area is derived"),
))  # fmt: skip
