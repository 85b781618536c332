"""Names that nobody bears: institutions, owners and firms, plainly invented.

The words that say what an owner is (教育局, 民办, 物业, ...) are written as offices write
them, in several ways, since the owner rules have to cope with that.
"""

from __future__ import annotations

from dataclasses import dataclass

from hexi_solar.demo.blocks import Plot, chinese
from hexi_solar.demo.dice import Dice

WORDS = (
    "春晖", "和顺", "绿茵", "清泉", "安居", "康乐", "锦绣", "文华", "长青", "晨光", "瑞景", "福安",
    "芳草", "惠民", "静雅", "金禾", "华苑", "云锦", "松涛", "碧水", "丹桂", "紫薇", "海棠", "玉兰",
    "新乐", "宜兴", "平江", "沁园", "学府", "书香", "映月", "朝霞", "望海", "临湖", "南园", "北苑",
)  # fmt: skip
FIRMS = (
    "示范绿能科技有限公司（虚构）",
    "示例阳光新能源有限公司（虚构）",
    "样本光伏工程有限公司（虚构）",
    "示范城市能源服务有限公司（虚构）",
    "示例综合能源有限公司（虚构）",
)
OFFICES = (
    "示范区政务服务中心", "示范区税务所", "示范区市场监督管理所", "示范派出所", "示范人民法庭",
    "示范区城管执法中心", "示范区档案馆", "示范区人力资源服务中心", "示范区应急指挥中心",
    "示范消防救援站",
)  # fmt: skip
CULTURE = ("文化馆", "图书馆", "博物馆", "剧院", "美术馆", "青少年宫", "科技馆", "群众艺术馆")


@dataclass(frozen=True)
class Title:
    """How a site is called and to whom it belongs."""

    name: str
    owner: str


def title_of(plot: Plot, year: int, dice: Dice) -> Title:
    """Invent the name and the owner of one site."""
    word, number = dice.pick(WORDS), chinese(plot.serial % 99 or 99)
    district = dice.pick(("区教育局", "河西区教育局", "天津市河西区教育局"))
    health = dice.pick(("区卫生健康委", "河西区卫生健康委员会", "区卫健委"))
    match plot.use:
        case "primary" | "middle" if plot.private:
            return Title(f"民办示范{word}学校", f"民办示范{word}教育集团（民办非企业）")
        case "primary":
            return Title(f"示范第{number}小学", district)
        case "middle":
            return Title(f"示范第{number}中学", district)
        case "kindergarten" if plot.private:
            return Title(f"民办示范{word}幼儿园", f"民办示范{word}幼儿园（个人举办）")
        case "kindergarten":
            return Title(f"示范第{number}幼儿园", district)
        case "university":
            kind = ("示范大学", "示范财经学院", "示范职业技术学院")[plot.serial % 3]
            return Title(kind, "市教委（公办高校）")
        case "hospital" if plot.private:
            return Title(f"示范{word}医院（民营）", f"示范{word}医疗投资有限公司")
        case "hospital":
            return Title(f"河西示范第{number}医院", health)
        case "clinic":
            return Title(f"示范第{number}社区卫生服务中心", health)
        case "government":
            return _government(plot, dice)
        case "culture":
            kind = CULTURE[plot.serial % len(CULTURE)]
            return Title(f"示范{word}{kind}", dice.pick(("区文化和旅游局", "河西区文旅局")))
        case "sport":
            return Title(f"示范第{number}体育中心", dice.pick(("区体育局", "河西区体育局")))
        case _:
            return _business(plot, word, year, dice)


def _government(plot: Plot, dice: Dice) -> Title:
    """Name an office of the district or of a subdistrict."""
    if plot.serial % 3 == 0:
        name = f"示范{chinese(plot.serial)}街道办事处"
        return Title(name, name)
    name = OFFICES[plot.serial % len(OFFICES)]
    owner = dice.pick(("区机关事务管理局", "河西区机关事务管理局", "区机关事务服务中心"))
    return Title(f"{name}（{chinese(plot.serial)}）", owner)


def _business(plot: Plot, word: str, year: int, dice: Dice) -> Title:
    """Name what is not a public institution."""
    match plot.use:
        case "office":
            owner = dice.pick((f"示范{word}置业有限公司", f"示范{word}资产管理有限公司", ""))
            return Title(f"示范{word}大厦", owner)
        case "mall":
            return Title(f"示范{word}购物中心", f"示范{word}商业管理有限公司")
        case "hotel":
            return Title(f"示范{word}酒店", f"示范{word}酒店管理有限公司")
        case "transport":
            return Title(f"示范{word}公交场站", "示范公交集团有限公司")
        case "industrial":
            works = dice.pick(("机械厂", "产业园", "电子厂", "仪表厂", "物流园"))
            return Title(f"示范{word}{works}", f"示范{word}{works}有限公司")
        case "park":
            return Title(f"示范{word}公园", "区城市管理委")
        case _:
            ending = (
                dice.pick(("里", "里", "公寓", "楼"))
                if year < 2000
                else dice.pick(("花园", "园", "家园", "苑"))
            )
            owner = dice.pick(
                ("业主共有", f"示范{word}物业服务有限公司", f"示范{word}物业公司", "")
            )
            return Title(f"示范{word}{ending}", owner)
