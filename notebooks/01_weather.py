# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 气象年 · Weather years
#
# 同一座城市，三个公开的“典型年”，水平面总辐照量相差近三成。本页把它们与内置气候年并排比较：
# 辐照量、太阳在一小时里的位置、散射比例、发电量。
#
# Three public typical years of Tianjin differ by 29 % in global irradiation, and no ground
# measurement decides between them. They stand here beside the built-in climate year, which is
# what a study takes while nobody has given it a file.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from hexi_solar import config
from hexi_solar.errors import Notices
from hexi_solar.weather import climate_year, read_weather
from hexi_solar.weather.closure import OFFSETS, closure_rmse, sun_zenith
from hexi_solar.yields import Planes, hourly_chain, sky_of

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", "DejaVu Sans"]
plt.rcParams["axes.unicode_minus"] = False
plt.rcParams["axes.spines.top"] = plt.rcParams["axes.spines.right"] = False

# %% [markdown]
# ## 读入 · Reading
#
# 公开文件不随本项目分发；没有时本页只显示气候年。
# The public files are not ours to ship: without them only the climate year is shown.

# %%
folder = Path(os.environ.get("HEXI_SHARED", "../../shared")) / "data" / "weather"
paths = tuple(sorted(folder.glob("CHN_TJ_Tianjin*.epw")))
notices = Notices()
years = read_weather(config.Weather(paths=paths), 39.08, 117.23, 3.0, "Asia/Shanghai", notices) if paths else ()
years = (*years, climate_year(39.08, 117.23, 3.0, "Asia/Shanghai"))
names = [year.name.removeprefix("CHN_TJ_Tianjin.545270_") for year in years[:-1]] + ["气候年 climate year"]
colours = ["#0072B2", "#E69F00", "#009E73"][: len(years) - 1] + ["#333333"]

for notice in notices:
    print(f"[{notice.level}] {notice.message('zh')}")
    print(f"{'':>{len(notice.level) + 3}}{notice.message('en')}")

# %%
months = np.arange(1, 13)


def monthly(values: pd.Series) -> np.ndarray:
    """Add hours of W/m² up to kWh/m² a month."""
    return (values.groupby(values.index.month).sum() / 1000).to_numpy()


summary = pd.DataFrame(
    {
        "GHI [kWh/m²]": [y.table["ghi"].sum() / 1000 for y in years],
        "DNI [kWh/m²]": [y.table["dni"].sum() / 1000 for y in years],
        "DHI [kWh/m²]": [y.table["dhi"].sum() / 1000 for y in years],
        "气温 temp_air [°C]": [y.table["temp_air"].mean() for y in years],
        "风速 wind_speed [m/s]": [y.table["wind_speed"].mean() for y in years],
        "太阳时刻 sun [min]": [y.sun_offset_minutes for y in years],
        "闭合误差 closure [W/m²]": [y.closure_rmse_w_m2 for y in years],
        "修复 repaired [h]": [sum(y.repairs.values()) for y in years],
    },
    index=names,
)
summary.round(1)

# %% [markdown]
# ## 各月辐照量 · Irradiation by month
#
# 气候年的月值是规划用的默认值（误差约 ±10 %），每个月都落在三个文件之间。
# The climate year's months are planning defaults, good to about ±10 %, and lie between the files.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
for year, name, colour in zip(years, names, colours):
    style = {"color": colour, "marker": "o", "lw": 2.5 if year is years[-1] else 1.5}
    left.plot(months, monthly(year.table["ghi"]), label=name, **style)
    right.plot(months, monthly(year.table["dhi"]) / monthly(year.table["ghi"]), **style)
left.set(title="水平面总辐照量 Global irradiation", ylabel="kWh/m²", xlabel="月 month", xticks=months, ylim=0)
right.set(title="散射比例 Diffuse share", xlabel="月 month", xticks=months, ylim=(0, 0.7))
figure.legend(loc="outside lower center", ncols=4, frameon=False)
plt.show()

# %% [markdown]
# ## 太阳在一小时里的位置 · The sun's minute
#
# 文件没有写明辐照度属于一小时里的哪一刻。总辐射应等于散射加直射的水平分量，
# 只有对的时刻才能闭合。错半小时，东、西朝向的全年结果会差百分之几。
#
# A file does not say which minute its irradiance belongs to; only the right sun closes
# `ghi = dhi + dni cos z`. Half an hour off turns an east roof's year by several per cent.

# %%
figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
minutes = np.arange(-30, 61, 10)
for year, name, colour in zip(years, names, colours):
    place = (year.latitude, year.longitude, year.altitude)
    left_open = [closure_rmse(year.table, sun_zenith(year.table.index, *place, m)) for m in minutes]
    axis.plot(minutes, left_open, color=colour, label=name)
    at = year.sun_offset_minutes
    axis.plot(at, closure_rmse(year.table, sun_zenith(year.table.index, *place, at)), "o", color=colour)
axis.axhline(20, color="#999999", lw=1, ls="--")
axis.annotate("20 W/m²：超过即警告 warned above", (-29, 21), color="#666666", fontsize=9)
axis.set(xlabel="距小时起点 from the start of the hour [min]", ylabel="RMSE [W/m²]", ylim=0, xticks=sorted(OFFSETS))
axis.set_title("闭合误差 What closure leaves open")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# ## 一天的形状 · The shape of a day
#
# 公开年的上午与下午并不对称（尤其 CSWD：上午更多云），气候年是对称的。
# 因此东、西立面的逐月结果可以落在三个文件之外，而朝南的不会。
#
# In the public years mornings and afternoons differ (CSWD most: its mornings are cloudier); the
# climate year is symmetric. East or west planes of a month may therefore lie outside the files.
#
# TMYx.2004-2018 的平均日呈梳齿形：每三小时一次的云量观测之间按晴天处理，全年辐照量因此偏高（读入时已警告）。
#
# The mean day of TMYx.2004-2018 is a comb: between three-hourly reports of cloud its hours are taken
# for clear, so its sums, the highest of the three, are too high. Reading it warns of that.

# %%
figure, axes = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained", sharey=True)
for axis, column in zip(axes, ("ghi", "dni", "dhi")):
    for year, name, colour in zip(years, names, colours):
        hour = year.table.index.hour + year.sun_offset_minutes / 60
        axis.plot(year.table[column].groupby(hour).mean(), color=colour, label=name)
    axis.set(title=column.upper(), xlabel="时 hour", xlim=(4, 20))
axes[0].set_ylabel("全年平均 mean of the year [W/m²]")
axes[0].legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# ## 发电量 · Yield
#
# 无遮挡支架、10° 朝南、默认损失。阴影带是三个文件之间的范围；气候年应当处处落在带内。
# An unshaded rack at 10° south with default losses; the band is what the three files span.

# %%
plane = Planes(np.array([10.0]), np.array([180.0]), np.array([0.0]), np.array([False]))
settings = config.Plan()


def monthly_yield(year) -> np.ndarray:
    """AC energy per kW of modules and month. [kWh/kWp]"""
    sky = sky_of(
        year.table,
        latitude=year.latitude,
        longitude=year.longitude,
        altitude=year.altitude,
        sun_offset_minutes=year.sun_offset_minutes,
    )
    hours = hourly_chain(sky, plane, settings.pv, settings.site.albedo)
    return np.bincount(sky.month, hours.ac[:, 0], minlength=13)[1:]


yields = pd.DataFrame({name: monthly_yield(year) for year, name in zip(years, names)}, index=months)
figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
if len(years) > 1:
    files = yields[names[:-1]]
    axis.fill_between(months, files.min(axis=1), files.max(axis=1), color="#56B4E9", alpha=0.35, label="三个文件的范围 span of the files")
for name, colour in zip(names, colours):
    axis.plot(yields[name], color=colour, lw=2.5 if name == names[-1] else 1, label=f"{name}: {yields[name].sum():.0f} kWh/kWp")
axis.set(xlabel="月 month", ylabel="kWh/kWp", xticks=months, ylim=0, title="单位容量发电量 Specific yield, 10° S")
axis.legend(frameon=False, fontsize=9)
plt.show()

# %%
if len(years) > 1:
    inside = yields[names[-1]].between(files.min(axis=1), files.max(axis=1))
    print("每个月都在范围内 every month lies within:", bool(inside.all()))
    assert inside.all()
yields.round(0).astype(int).T.assign(年_year=yields.sum().round(0).astype(int))

# %% [markdown]
# 天津的实践值为 1150–1350 kWh/kWp。两个 TMYx 文件给出的结果高于它，签约前应以实测或多个文件核对。
#
# Practice in Tianjin says 1150 to 1350 kWh/kWp. The two TMYx years promise more than that; before
# anyone signs, hold a figure against several years or a measurement.
