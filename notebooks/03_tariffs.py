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
# # 分时电价与自用价值 · Tariffs by time of use, and what self-use is worth
#
# 2025 年 10 月起，天津除 7、8 月外把 12–14 时划为低谷，上午的高峰缩短为两小时。光伏恰好在这些时段发电，
# 因此自用电的价值下降约五分之一。按旧时段编制的可行性研究会高估收益。
#
# From October 2025 Tianjin's noon is a valley (but in July and August) and the morning's peak lasts two
# hours. That is when the sun shines, so a kilowatt-hour used in the building is worth about a fifth
# less; feasibility studies on the old periods promise too much.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pvlib
from matplotlib.colors import ListedColormap

from hexi_solar import config
from hexi_solar.economics import built_in_tariffs, hours_of_year
from hexi_solar.economics.load import load_shape
from hexi_solar.facts import fact
from hexi_solar.labels import label
from hexi_solar.valuation import production_profiles
from hexi_solar.weather import climate_year

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", "DejaVu Sans"]
plt.rcParams["axes.unicode_minus"] = False
plt.rcParams["axes.spines.top"] = plt.rcParams["axes.spines.right"] = False

names = {"tianjin_2021": "2025 年 10 月以前 until Sept. 2025", "tianjin_2025": "2025 年 10 月起 from Oct. 2025"}
colours = {"tianjin_2021": "#E69F00", "tianjin_2025": "#0072B2"}
tariffs = {name: built_in_tariffs()[name] for name in names}
flat = fact("tariffs.price.commercial")
hours = hours_of_year(2025)

# %% [markdown]
# ## 两张时段表 · The two tables of periods
#
# 旧表凭记忆（谷段比例未查到，尖峰未计），新表据通知的转载件。
# The old table is recalled (the valley's ratio was not found, sharp peaks are left out); the new one is
# from a repost of the notice.

# %%
letters = "vfps"
shown = ["低谷 valley", "平段 flat", "高峰 peak", "尖峰 sharp peak"]
palette = ["#56B4E9", "#EEEEEE", "#E69F00", "#D55E00"]
figure, axes = plt.subplots(1, 2, figsize=(12, 3.6), layout="constrained", sharey=True)
for axis, (name, title) in zip(axes, names.items()):
    grid = np.array([[letters.index(letter) for letter in day] for day in tariffs[name].letters])
    axis.pcolormesh(np.arange(25), np.arange(13) + 0.5, grid, cmap=ListedColormap(palette), vmin=0, vmax=3, edgecolors="white", lw=0.5)
    axis.set(title=title, xlabel="时 hour", xticks=range(0, 25, 3), yticks=range(1, 13))
axes[0].set_ylabel("月 month")
axes[0].invert_yaxis()
handles = [plt.Rectangle((0, 0), 1, 1, fc=c) for c in palette]
figure.legend(handles, shown, loc="outside lower center", ncols=4, frameon=False)
plt.show()

# %% [markdown]
# ## 太阳看到的价格 · The price that the sun sees
#
# 以朝南屋顶的发电量加权。前期研究按晴空得出新表 0.97–0.98、旧表 1.21；这里用另一种晴空模型和内置气候年重算，
# 旧表 1.21，新表 0.98–0.99，下降 18–19 %。
#
# Weighted with what a roof to the south gives. The planning stage found 0.97 to 0.98 and 1.21 under a clear sky;
# another clear sky and the built-in climate year give 0.98 to 0.99 and 1.21, a drop of 18 to 19 %.

# %%
plan = config.Plan()
roof = pd.DataFrame({"module_tilt": [10.0, 33.0], "module_azimuth": 180.0, "pitch_m": 4.0, "arrangement": "rows"}, index=["10° S", "33° S"])
year = climate_year(39.08, 117.23, 3.0, "Asia/Shanghai")
profiles, classes = production_profiles(plan, roof, year)
cloudy = {tilt: profiles[classes[tilt]].to_numpy() for tilt in roof.index}

times = pd.date_range("2025-01-01", periods=8760, freq="h", tz="Asia/Shanghai")
place = pvlib.location.Location(39.08, 117.23, "Asia/Shanghai", 3.0)
middle = times + pd.Timedelta(minutes=30)
sky, sun = place.get_clearsky(middle, model="haurwitz"), place.get_solarposition(middle)
parts = pvlib.irradiance.erbs(sky["ghi"], sun["zenith"], middle)


def clear(tilt: float) -> np.ndarray:
    """Light in the plane under a clear sky, as a stand-in for power. [W/m²]"""
    plane = (tilt, 180.0, sun["apparent_zenith"], sun["azimuth"])
    poa = pvlib.irradiance.get_total_irradiance(*plane, parts["dni"], sky["ghi"], parts["dhi"])
    return np.nan_to_num(poa["poa_global"].to_numpy())


bright = {"10° S": clear(10.0), "33° S": clear(33.0)}


def ratio(power: np.ndarray, name: str) -> float:
    """Mean price that the power sees, over the flat price."""
    return float(power @ tariffs[name].hourly(hours) / power.sum() / flat)


rows = {}
for kind, powers in (("晴空 clear sky", bright), ("气候年 climate year", cloudy)):
    for tilt, power in powers.items():
        old, new = (ratio(power, name) for name in names)
        rows[f"{kind}, {tilt}"] = {"旧 old": old, "新 new": new, "下降 drop": 1 - new / old}
drops = pd.DataFrame(rows).T
assert drops["下降 drop"].between(0.17, 0.23).all()
drops.round(3)

# %%
month = hours.month


def monthly(power: np.ndarray, name: str) -> np.ndarray:
    """The same, month by month."""
    value = np.bincount(month, power * tariffs[name].hourly(hours))[1:]
    return value / np.bincount(month, power)[1:] / flat


figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
days = cloudy["10° S"].reshape(365, 24).mean(axis=0)
ends = np.arange(25)
left.fill_between(ends, np.append(days, 0) / days.max(), step="post", color="#F0E442", alpha=0.6, label="光伏出力 PV power")
for name, title in names.items():
    mean = tariffs[name].hourly(hours).reshape(365, 24).mean(axis=0) / flat
    left.step(ends, np.append(mean, mean[-1]), where="post", color=colours[name], lw=2, label=title)
    right.plot(np.arange(1, 13), monthly(cloudy["10° S"], name), "o-", color=colours[name], lw=2, label=f"{title}：{ratio(cloudy['10° S'], name):.2f}")
left.set(title="年平均一天 Mean day of the year", xlabel="时 hour", ylabel="与平段之比 over flat [-]", ylim=0, xlim=(0, 24), xticks=range(0, 25, 3))
right.set(title="按发电量加权的电价 Price weighted by PV energy", xlabel="月 month", ylabel="与平段之比 over flat [-]", ylim=(0.6, 1.4), xticks=range(1, 13))
right.axhline(1, color="#999999", lw=1, ls="--")
right.legend(frameon=False, fontsize=9)
figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
plt.show()

# %% [markdown]
# ## 楼宇实际用掉的那部分 · The part that a building really uses
#
# 自用电不是全部发电量，而是每小时发电与用电的较小者。下表按各类单位的小时负荷（估计值，应以电表替代）计算，
# 屋顶年发电量取该单位年用电量的一半。学校执行居民电价，不受分时影响。
#
# Self-use is the smaller of what the roof gives and the building takes in each hour. Loads are estimated
# shapes, to be replaced by meters; the roof gives half of what the building takes in a year. Schools pay the
# resident price and see no change.

# %%
power = cloudy["10° S"] / cloudy["10° S"].sum() * 0.5
found = {}
for kind in ("government", "hospital", "office", "mall", "hotel", "sport", "culture", "university"):
    used = np.minimum(power, load_shape(kind, hours))
    prices = {name: float(used @ tariffs[name].hourly(hours)) / used.sum() for name in names}
    old, new = prices.values()
    found[label("owner_type", kind, "zh") + " " + label("owner_type", kind, "en")] = {
        "自用比例 self-use [-]": used.sum() / power.sum(),
        "旧 old [CNY/kWh]": old,
        "新 new [CNY/kWh]": new,
        "下降 drop [-]": 1 - new / old,
    }
table = pd.DataFrame(found).T
assert table["下降 drop [-]"].between(0.12, 0.26).all()
table.round(3)

# %% [markdown]
# 自用部分下降 14–18 %，略小于全部发电量：周末和假期中午用不完的电恰好处在低谷。平段电价（0.69 元/kWh）把握较低，
# 但下降比例与它无关。签约前应以国网天津电力当月的代理购电价格表替代：把它写成文件，列入 `[economics]` `tariff_files`。
#
# What is used drops by 14 to 18 %, a little less than all the energy: what is left over at noon on days of rest
# falls into the valley. The flat price (0.69 CNY/kWh) is
# little sure, but the drop does not hang on it. Before anyone signs, put the month's agency-purchase table of
# State Grid Tianjin into a file and name it in `[economics]` `tariff_files`.
