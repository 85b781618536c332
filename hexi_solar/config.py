"""What a study can be told, and what it does when it is not told.

A plan is a tree of frozen dataclasses. Each field carries its default, most of them
numbers of `facts/`, and a string below it with meaning and unit. `planfile.py` reads a
`plan.toml` into this tree, `template.py` writes one that explains itself with those
strings; their Chinese is in `labels/settings.toml`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hexi_solar.facts import fact

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]


@dataclass(frozen=True)
class Column:
    """Where a column of ours stands in a file: `"名称"`, or `{ column = "面积", unit = "亩" }`."""

    column: str = ""
    """Name in the file."""
    unit: str = ""
    """Unit in the file; empty for the unit of our table."""


@dataclass(frozen=True)
class Layer:
    """One file with shapes."""

    path: Path | None = None
    """File, relative to the plan. Any vector format that GDAL reads, or GeoParquet; zipped or not."""
    layer: str = ""
    """Layer within the file; empty for the only one."""
    datum: Datum = "wgs84"
    """wgs84, cgcs2000, gcj02 (Gaode, Tencent) or bd09 (Baidu); files never say it."""
    crs: str = ""
    """Coordinate reference system, only if the file does not say it, e.g. EPSG:4548."""
    encoding: str = ""
    """Text encoding; empty to find it out."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """Our column = theirs. Common Chinese and English names are found without it."""


@dataclass(frozen=True)
class AttributeTable:
    """One workbook or CSV with more about the buildings."""

    path: Path | None = None
    """File, relative to the plan: .xlsx or .csv."""
    sheet: str = ""
    """Sheet; empty for the first one."""
    join: Literal["building_id", "name_address"] = "building_id"
    """How its rows find their building."""
    encoding: str = ""
    """Text encoding of a CSV; empty to find it out."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """Our column = theirs."""


@dataclass(frozen=True)
class SurfaceModel:
    """Heights of everything that stands, as a raster."""

    path: Path | None = None
    """File, relative to the plan: GeoTIFF or ASCII grid, heights in its first band. [m]"""
    crs: str = ""
    """Coordinate reference system, only if the file does not say it."""


@dataclass(frozen=True)
class Detected:
    """PV seen on roofs from above: one row per building with its area, or the outlines of what was seen."""

    path: Path | None = None
    """File, relative to the plan: .xlsx or .csv with building and area, or a layer of polygons."""
    sheet: str = ""
    """Sheet of a workbook, or layer within a file; empty for the first one."""
    datum: Datum = "wgs84"
    """For polygons: wgs84, cgcs2000, gcj02 (Gaode, Tencent) or bd09 (Baidu)."""
    crs: str = ""
    """For polygons: coordinate reference system, only if the file does not say it."""
    encoding: str = ""
    """Text encoding; empty to find it out."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """For a table: our column (building_id, detected_m2) = theirs."""


@dataclass(frozen=True)
class Layers:
    """What is read, all paths relative to the plan."""

    buildings: Layer = field(default_factory=Layer)
    """Footprints: the only layer a study cannot do without."""
    attributes: tuple[AttributeTable, ...] = ()
    """Tables joined to the buildings, in this order; a later one fills what is still unknown."""
    points: tuple[Layer, ...] = ()
    """Point layers (places of interest, addresses) whose columns go to the footprint below them."""
    boundary: Layer = field(default_factory=Layer)
    """Outline of the district; buildings outside are left out and counted."""
    subdistricts: Layer = field(default_factory=Layer)
    """Subdistricts (街道) with `name` and `code`."""
    zones: Layer = field(default_factory=Layer)
    """Zones (园区) with `name`."""
    surface_model: SurfaceModel = field(default_factory=SurfaceModel)
    """Surface model (DSM): roofs that it knows are shaded by what stands in it, trees too."""
    far_terrain: SurfaceModel = field(default_factory=SurfaceModel)
    """Coarse terrain model (DEM) of the country around: hills beyond the reach of buildings."""
    register: AttributeTable = field(default_factory=AttributeTable)
    """Events of PV projects (建档立卡), see `hexi-solar columns register`."""
    feeders: AttributeTable = field(default_factory=AttributeTable)
    """Which transformer feeds which building: one row per building, with the transformer's capacity."""
    detected: Detected = field(default_factory=Detected)
    """PV seen on roofs, on an aerial image for instance; what is on file is held against it."""
    meters: AttributeTable = field(default_factory=AttributeTable)
    """Metered energy use of buildings, by year or month: one row per period, or one column per month."""


@dataclass(frozen=True)
class Buildings:
    """What is taken where a layer is silent."""

    storey_height_m: float = 3.0
    """Height of one storey where only floors are known. [m]"""
    repair: bool = True
    """Repair broken shapes (and log it) instead of leaving them out."""
    overlap_share: float = 0.05
    """Overlaps above this share of the smaller footprint are reported. [-]"""


@dataclass(frozen=True)
class Weather:
    """The year that is simulated."""

    paths: tuple[Path, ...] = ()
    """EPW, TMY3, PVGIS (CSV, JSON), NSRDB or CSV files; none for the built-in climate year."""
    period_paths: tuple[Path, ...] = ()
    """Measured hours of actual years, in the same formats: what meters show is corrected for their light."""
    format: Literal["", "epw", "tmy3", "pvgis", "nsrdb", "csv"] = ""
    """Format; empty to find it out."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """For CSV: our column (time, ghi, dni, dhi, temp_air, wind_speed) = theirs."""
    latitude: float | None = None
    """For CSV: latitude of the station. [°]"""
    longitude: float | None = None
    """For CSV: longitude of the station. [°]"""
    tz: str = ""
    """For CSV: time zone of the station, e.g. Asia/Shanghai."""
    sun_offset_minutes: float | None = None
    """Where in the row's hour the sun stands, from its start; empty to find it by closure. [min]"""
    far_km: float = 100.0
    """Weather from further away than this is warned of. [km]"""


@dataclass(frozen=True)
class Site:
    """Where the district lies; found from the footprints where not given."""

    latitude: float | None = None
    """[°]"""
    longitude: float | None = None
    """[°]"""
    altitude: float = 3.0
    """Above sea level. [m]"""
    tz: str = "Asia/Shanghai"
    """Time zone of the office."""
    albedo: float = fact("pv.site.albedo")
    """Reflectance of the surroundings. [-]"""


@dataclass(frozen=True)
class Roofs:
    """From the footprint to the area that modules may stand on."""

    threshold_m2: float = fact("roofs.threshold_m2")
    """Roofs of a building together at or above this are candidates. [m²]"""
    threshold_on: Literal["gross", "usable"] = "gross"
    """Area that the threshold is held against."""
    setback_m: float = fact("roofs.setback_m")
    """Kept free along the edge. [m]"""
    parapet_height_m: float = fact("roofs.parapet_height_m")
    """Parapet above the roof, on flat roofs. [m]"""
    module_clearance_m: float = fact("roofs.module_clearance_m")
    """Lower edge of the modules above the roof. [m]"""
    lane_width_m: float = fact("roofs.lane_width_m")
    """Access lanes across the rows. [m]"""
    lane_spacing_m: float = fact("roofs.lane_spacing_m")
    """Distance between access lanes. [m]"""
    mounting: Literal["ballast", "anchored"] = "anchored"
    """How rows stand on a flat roof; it decides the added load."""
    obstruction_margin_m: float = fact("roofs.obstruction_margin_m")
    """Kept free around what a surface model shows above a roof. [m]"""
    north_slope_from: float = 100.0
    """Slopes this far or further from the equator face away from it; east and west, within a measurement's error, do
    not. [°]"""
    north_slope_tilt: float = 10.0
    """Slopes that face away from the equator are used up to this tilt only. [°]"""


@dataclass(frozen=True)
class Planes:
    """Roof planes that a surface model shows."""

    tier: Literal["best", "footprint"] = "best"
    """best: planes of the surface model where it knows a building, else its footprint; footprint: footprints alone."""
    flat_tilt: float = fact("planes.flat_tilt")
    """Up to this tilt a plane is flat: rows stand on it, and it may have a parapet. [°]"""
    raised_m: float = fact("planes.raised_m")
    """What stands this much above a plane is an obstruction. [m]"""
    obstruction_area_m2: float = fact("planes.obstruction_area_m2")
    """Raised level pieces up to this area are obstructions, larger ones roofs of their own. [m²]"""
    smallest_area_m2: float = fact("planes.smallest_area_m2")
    """Planes of less horizontal area are not told apart from noise. [m²]"""
    noise_m: float | None = None
    """Standard deviation of the surface's heights; empty to estimate it from the roofs. [m]"""
    coarsest_cell_m: float = fact("planes.coarsest_cell_m")
    """A surface model with larger cells shades, yet its roofs are not believed. [m]"""
    unknown_share: float = fact("planes.unknown_share")
    """Share of a roof without heights from which on its footprint is used. [-]"""
    explained_share: float = fact("planes.explained_share")
    """Share of a roof on planes below which its footprint is used. [-]"""
    shift_warning_m: float = fact("planes.shift_warning_m")
    """A shift of the footprints against the surface is reported and allowed for from here on. [m]"""


@dataclass(frozen=True)
class Layout:
    """How modules stand."""

    layout: Literal[
        "south",
        "east_west",
        "aligned",
        "flush",
        "max_energy_per_kwp",
        "max_energy_per_roof",
        "max_npv",
        "coverage_target",
    ] = "south"
    """south: rows towards the equator; east_west: pairs back to back; aligned: along the building; flush: lying on
    the roof; max_energy_per_kwp, max_energy_per_roof, max_npv: the best of facts/layouts.toml for each roof;
    coverage_target: the highest yield per kW that reaches the target on the roof."""
    flat_tilt: float = 10.0
    """Tilt of rows on flat roofs. [°]"""
    shade_free_from: float = 9.0
    """No row shades another from this true solar time on the day of winter solstice. [h]"""
    shade_free_until: float = 15.0
    """... until this one (GB 50797 7.2.2). [h]"""
    pitch_m: float | None = None
    """Row pitch (east_west: of a pair of rows); empty for the shade-free one. [m]"""
    pair_gap_m: float = fact("pv.layout.pair_gap_m")
    """east_west: free width between one pair of rows and the next. [m]"""
    module_length_m: float = fact("pv.module.length_m")
    """[m]"""
    module_width_m: float = fact("pv.module.width_m")
    """[m]"""
    module_power_w: float = fact("pv.module.power_w")
    """Rated power of one module. [W]"""
    module_gap_m: float = 0.02
    """Gap between modules of a row. [m]"""


@dataclass(frozen=True)
class PV:
    """The chain from irradiance to alternating current."""

    preset: Literal["", "pvwatts"] = ""
    """pvwatts: models, module, inverter and losses of PVWatts 8 instead of those below; empty for those below."""
    transposition: Literal["perez", "haydavies"] = "perez"
    """Model of the sky's brightness (Perez 1990 or Hay-Davies 1980)."""
    gamma_pdc: float = fact("pv.module.gamma_pdc")
    """Temperature coefficient of power. [1/K]"""
    coating_index: float = fact("pv.module.coating_index")
    """Refractive index of the glass' anti-reflective coating; 1.526, that of glass, for bare glass. [-]"""
    temperature: Literal["sapm", "pvsyst"] = "sapm"
    """Cell temperature model (SAPM, or PVsyst's form of Faiman); open rack for rows, close mount where flush."""
    soiling_loss: tuple[float, ...] = tuple(fact("pv.losses.soiling"))
    """Per month. [-]"""
    snow_loss: tuple[float, ...] = tuple(fact("pv.losses.snow"))
    """Per month. [-]"""
    mismatch_loss: float = fact("pv.losses.mismatch")
    """Modules of one string that differ from each other. [-]"""
    wiring_loss: float = fact("pv.losses.wiring")
    """[-]"""
    connections_loss: float = fact("pv.losses.connections")
    """[-]"""
    light_induced_loss: float = fact("pv.losses.light_induced")
    """Degradation of the first hours of light. [-]"""
    availability_loss: float = fact("pv.losses.availability")
    """[-]"""
    measured_factor: float = 1.0
    """What the meters of the district's own systems show over the model, as `hexi-solar supervise --suggest`
    estimates it; one more item among the losses, above 1 where systems generate more. [-]"""
    eta_inv_nom: float = fact("pv.inverter.eta_inv_nom")
    """Nominal efficiency of the inverter. [-]"""
    dc_ac_ratio: float = fact("pv.inverter.dc_ac_ratio")
    """Module power over inverter power. [-]"""
    kernel: Literal["fast", "exact", "float32", "numpy"] = "fast"
    """Adds the hours up: fast (to 1e-6 of the energy), exact (to rounding), float32 (to 1e-5), numpy (pvlib itself)."""


@dataclass(frozen=True)
class Shading:
    """What stands around a roof."""

    tier: Literal["best", "footprint", "open"] = "best"
    """best: the surface model where it is known, else neighbours by footprint and height;
    footprint: these alone; open: nothing around any roof."""
    directions: int = 64
    """In which the surroundings are looked at, equally spaced."""
    bands: int = 32
    """Into which the sun's elevation is cut."""
    reach_m: float = 800.0
    """Buildings further away do not shade. [m]"""
    far_reach_m: float = 30_000.0
    """Hills of the far terrain further away than this do not shade. [m]"""
    points_at_least: int = 64
    """Points that each roof is looked at from, small roofs."""
    points_at_most: int = 128
    """Points that each roof is looked at from, large roofs."""
    surface_known_m: float = 60.0
    """The surface model is used for a building where it is known this far around. [m]"""
    unknown_height_quantile: float = 0.9
    """Neighbours of unknown height are taken as absent, and as high as this quantile of the known ones. [-]"""


@dataclass(frozen=True)
class Ranking:
    """In which order roofs are shown."""

    by: Literal["capacity", "energy", "co2", "weighted"] = "capacity"
    """What decides."""
    weights: Mapping[str, float] = field(default_factory=lambda: {"capacity": 1.0})
    """For weighted: capacity, energy, specific_yield, co2 = weight; each scaled to 0..1. [-]"""
    emission_factor: str = "tianjin"
    """Entry of facts/carbon.toml."""


START = dt.date.fromisoformat(fact("coverage.start"))


@dataclass(frozen=True)
class Review:
    """What someone has looked at."""

    looked_at: tuple[str, ...] = ()
    """Buildings whose unusual result was checked and may count in the totals."""


@dataclass(frozen=True)
class Coverage:
    """Which rate is reported, and for which buildings."""

    start: dt.date = START
    """Buildings completed from this day are new."""
    definition: str = "installable"
    """Reported definition, an entry of facts/coverage.toml or of `definitions` below."""
    reading: Literal["module_area", "module_horizontal_area", "array_area"] = "module_area"
    """What counts as PV area."""
    scope: Literal["all", "eligible"] = "all"
    """All new public institutions, or only roofs at or above the threshold whose load is shown to suffice."""
    cohort: Literal["cumulative", "in_year"] = "cumulative"
    """All completed since the start, or those of the year."""
    target: float = fact("coverage.target")
    """Target of the reported definition. [-]"""
    target_year: int = fact("coverage.target_year")
    """Year by whose end it should be met."""
    targets: Mapping[str, float] = field(default_factory=dict)
    """Further years = target."""
    definitions: Mapping[str, Any] = field(default_factory=dict)
    """Further definitions, written like those of facts/coverage.toml."""


@dataclass(frozen=True)
class Office:
    """Where the register (建档立卡) is kept."""

    register: Path | None = None
    """SQLite file, relative to the plan; empty for register.sqlite3 beside it. If DATABASE_URL is set in the
    environment, that PostgreSQL database instead."""


@dataclass(frozen=True)
class Pathway:
    """In which order roofs are built to reach the target, and what limits it."""

    roofs: Literal["new", "existing"] = "new"
    """new: those of the coverage cohort; existing: public buildings that stand already, a potential of their own."""
    years: int = 5
    """Years that are planned, from the one after today's; at least up to the target's year."""
    budget_cny: float | None = None
    """Budget of every year; empty for no limit. [CNY]"""
    budgets: Mapping[str, float] = field(default_factory=dict)
    """Years with another budget = budget. [CNY]"""
    installer_kwp: float | None = None
    """Capacity that installers can build in a year; empty for no limit. [kWp]"""
    holiday_kwp: float | None = None
    """Capacity that can be built on schools in the holidays of a year; empty for no limit. [kWp]"""
    feeder_share: float = fact("pathway.feeder_share")
    """PV on a transformer, share of its capacity at most. [-]"""
    check_cost_cny: float = fact("pathway.check_cost_cny")
    """Structural check of a building whose load-bearing is not shown. [CNY]"""
    check_years: int = fact("pathway.check_years")
    """Years that the check takes before building can start. [a]"""
    p_load: float = fact("pathway.p_load")
    """Probability that a check passes. [-]"""
    p_approval: float = fact("pathway.p_approval")
    """Probability that a project is approved. [-]"""
    discount_rate: float = fact("layouts.money.discount_rate")
    """Real rate per year that later costs are discounted with. [-]"""
    gap: float = 0.005
    """The search stops when the cost is proven to be within this share of the least. [-]"""
    seconds: float = 60.0
    """... or after this time for each question that is solved, and says how far it got. [s]"""
    step: float = 0.1
    """Share that a limit is eased by to see what it costs. [-]"""
    probability: float = fact("pathway.probability")
    """Probability of the target that the safer path is planned for. [-]"""
    draws: int = 10000
    """Draws behind the probability of reaching the target."""
    seed: int = 1
    """Of those draws."""


@dataclass(frozen=True)
class Economics:
    """What PV on a building costs and earns. All money is nominal CNY with value-added tax."""

    taxpayer: Literal["company", "institution"] = "company"
    """Who builds: a company pays value-added tax, surcharges and income tax; an institution none on what it saves."""
    mode: Literal["surplus", "self_use"] = "surplus"
    """surplus: what the building does not take is sold; self_use: it earns nothing."""
    connected_on: dt.date | None = None
    """Day of connection, which decides the rules for surplus energy; empty for today's."""
    years: int = fact("economics.cost.years")
    """Years that are valued. [a]"""
    discount_rate_nominal: float = fact("economics.cost.discount_rate")
    """Discount rate, nominal. [-]"""
    tariff_growth_nominal: float = fact("economics.cost.growth")
    """Growth of tariffs per year, nominal. [1/a]"""
    cost_growth_nominal: float = fact("economics.cost.growth")
    """Growth of running costs per year, nominal. [1/a]"""
    capex_cny_kwp: float = fact("economics.cost.capex_cny_kwp")
    """Cost of building a large lot; smaller ones cost more, see facts/economics.toml. [CNY/kWp]"""
    opex_cny_kwp_a: float = fact("economics.cost.opex_cny_kwp_a")
    """Cost of running in the first year. [CNY/kWp a]"""
    insurance_rate: float = fact("economics.cost.insurance_rate")
    """Insurance per year, of the cost of building. [1/a]"""
    inverter_cny_kwp: float = fact("economics.cost.inverter_cny_kwp")
    """Cost of replacing the inverters, at the first year's prices. [CNY/kWp]"""
    inverter_year: int = fact("economics.cost.inverter_year")
    """Year in which they are replaced; 0 for never."""
    roof_repair_cny_m2: float = fact("economics.cost.roof_repair_cny_m2")
    """Cost of repairing flat roofs below the modules, per array field, at the first year's prices. [CNY/m²]"""
    roof_repair_year: int = fact("economics.cost.roof_repair_year")
    """Year in which they are repaired; 0 for never."""
    degradation: float = fact("pv.degradation.per_year")
    """Of the modules, per year after the first. [1/a]"""
    tariffs: Mapping[str, str] = field(default_factory=dict)
    """Owner type = tariff, where it is not the one of facts/tariffs.toml."""
    tariff_files: tuple[Path, ...] = ()
    """TOML files with more tariffs, each named after its file; keys as in facts/tariffs.toml."""
    surplus_cny_kwh_nominal: float = fact("tariffs.surplus.market")
    """Price of surplus energy outside any guarantee. [CNY/kWh]"""
    surplus_bid_cny_kwh: float | None = None
    """Winning bid of new projects; empty if they are not in the pool. [CNY/kWh]"""
    self_use_least: float | None = None
    """Least yearly share of self-use that the province asks of projects that sell surplus; empty if not known. [-]"""
    calendar_year: int = 2025
    """Year whose weekends and public holidays are used."""


@dataclass(frozen=True)
class Contract:
    """Terms between owner and contractor, for PV and measures alike. Money is nominal CNY."""

    kind: Literal["own", "shared", "guaranteed", "trusteeship", "lease"] = "shared"
    """own: the owner builds; shared: shared savings; guaranteed: guaranteed savings; trusteeship: a fixed fee for
    all energy; lease: the roof is rented out."""
    years: int = fact("economics.contract.years")
    """Years of the contract; then all is the owner's. [a]"""
    price_ratio: float = fact("economics.contract.price_ratio")
    """shared: the contractor's part of the savings, which is its price over the tariff. [-]"""
    rent_cny_m2_a: float = fact("economics.contract.rent_cny_m2_a")
    """lease: rent of the array field. [CNY/m² a]"""
    guarantee_ratio: float = fact("economics.contract.guarantee_ratio")
    """guaranteed: saving that is guaranteed, of that expected. [-]"""
    shortfall_ratio: float = fact("economics.contract.shortfall_ratio")
    """guaranteed: part of a shortfall that the contractor makes good. [-]"""
    service_ratio: float = fact("economics.contract.service_ratio")
    """guaranteed: the contractor's fee, of the guaranteed saving. [-]"""
    trusteeship_fee_ratio: float = fact("economics.contract.trusteeship_fee_ratio")
    """trusteeship: fee over the bill before. [-]"""
    required_irr_nominal: float = fact("economics.contract.required_irr")
    """Rate of return that a contractor asks for, after tax. [-]"""


@dataclass(frozen=True)
class Retrofit:
    """Which buildings get a retrofit plan, and how their measures are chosen. Money is nominal CNY."""

    owner_types: tuple[str, ...] = (
        "government",
        "school",
        "university",
        "hospital",
        "culture",
        "sport",
    )
    """Owner types that are always looked at."""
    floor_area_m2: float = fact("retrofit.large_floor_area_m2")
    """Other buildings from this floor area on, dwellings apart. [m²]"""
    package: Literal["all", "payback", "bar", "budget"] = "payback"
    """What is carried into money and contracts: all measures that apply, those that pay back, the cheapest that reach
    the bar of a retrofit project, or what the budget allows."""
    budget_cny: float | None = None
    """What may be spent on measures in all; empty for no limit. [CNY]"""
    payback_years: float = fact("retrofit.payback_years")
    """Simple payback up to which a package is taken. [a]"""
    places: int = fact("retrofit.places")
    """Free diagnoses that are given away, less those done or promised already."""
    hot_water: bool = True
    """Whether solar hot water may claim part of a roof."""
    hot_water_cny_gj: float | None = None
    """What heat for hot water costs today; empty for the price of purchased heat. [CNY/GJ]"""
    meter_weather: Path | None = None
    """Weather of the year of the meters (EPW, TMY3, PVGIS or CSV); brings their use to the weather of the study."""
    equipment_grades: Path | None = None
    """TOML file with grades and lives of equipment instead of those of facts/retrofit.toml."""
    zone: str = ""
    """Only buildings of this zone; empty for the whole district."""


@dataclass(frozen=True)
class Map:
    """What the map shows besides results."""

    stamp: str = "内部使用，未经审图不得公开"
    """Printed on the map."""
    others: bool = True
    """Draw the buildings that are not candidates, in grey."""


@dataclass(frozen=True)
class Engine:
    """Who works the roofs out."""

    workers: int = 1
    """Processes on this machine; one is enough for a district."""
    scheduler: str = ""
    """Address of a running Dask scheduler instead (extra dask)."""
    chunk: int = 5000
    """Buildings per piece of work."""


@dataclass(frozen=True)
class Plan:
    """One study."""

    name: str = "demo"
    """Folder of the results below outputs/."""
    title: str = ""
    """Heading of map, workbook and reports."""
    crs: str = "EPSG:4548"
    """Projected system in metres that everything is measured in (Hexi: CGCS2000 / 3-degree GK CM 117E)."""
    language: Literal["zh", "en"] = "zh"
    """Language of everything that is shown."""
    as_of: dt.date | None = None
    """Day that counts as today; empty for the day of the run."""
    synthetic: bool = False
    """True if the layers are generated; said wherever results show."""
    layers: Layers = field(default_factory=Layers)
    buildings: Buildings = field(default_factory=Buildings)
    weather: Weather = field(default_factory=Weather)
    site: Site = field(default_factory=Site)
    roofs: Roofs = field(default_factory=Roofs)
    planes: Planes = field(default_factory=Planes)
    layout: Layout = field(default_factory=Layout)
    pv: PV = field(default_factory=PV)
    shading: Shading = field(default_factory=Shading)
    ranking: Ranking = field(default_factory=Ranking)
    review: Review = field(default_factory=Review)
    coverage: Coverage = field(default_factory=Coverage)
    office: Office = field(default_factory=Office)
    pathway: Pathway = field(default_factory=Pathway)
    economics: Economics = field(default_factory=Economics)
    contract: Contract = field(default_factory=Contract)
    retrofit: Retrofit = field(default_factory=Retrofit)
    map: Map = field(default_factory=Map)
    engine: Engine = field(default_factory=Engine)
    path: Path | None = field(default=None, metadata={"internal": True})

    @property
    def today(self) -> dt.date:
        """The day that coverage is shown at."""
        return self.as_of or dt.date.today()
