"""The yearly coverage figure on the command line; `published.py` has what goes into the register."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from hexi_solar.cli.common import (
    AsJson,
    Lang,
    PlanFile,
    Steps,
    app,
    plan_of,
    print_json,
    speaking,
)
from hexi_solar.labels import column_label, label, text

if TYPE_CHECKING:
    from hexi_solar.accounting import Account

WIDTH = 100


class ShowByDefault(TyperGroup):
    """A group whose first word need not be a command: without one, `show` is meant."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `show` in front, unless a command or the help is asked for."""
        if args[:1] != ["--help"] and (not args or args[0] not in self.commands):
            args = ["show", *args]
        return super().parse_args(ctx, args)


coverage = typer.Typer(
    cls=ShowByDefault,
    add_completion=False,
    help="年度屋顶光伏覆盖率：计算、发布、重述、比较、复算。"
    "不写子命令即为 show：hexi-solar coverage [PLAN] --year 2025。 "
    "The yearly coverage rate: show (meant without a subcommand), publish, restate, compare, reproduce.",
)
app.add_typer(coverage, name="coverage")

Year = Annotated[int, typer.Option("--year", help="年度。 Year.")]
AnyYear = Annotated[int | None, typer.Option("--year", help="年度。 Year.")]
Day = Annotated[
    str,
    typer.Option(
        "--as-of",
        metavar="DATE",
        help="统计截止日，如 2025-12-31。 Day asked, such as 2025-12-31; the end of the year by default.",
    ),
]
KnownOn = Annotated[
    str,
    typer.Option(
        "--known-on",
        metavar="DATE",
        help="只用此日及以前登记的记录。 Only records that came in by this day.",
    ),
]
Cohort = Annotated[
    str, typer.Option("--cohort", help="cumulative 或 in_year；默认按计划。 The plan's by default.")
]


def day_of(written: str, language: str) -> dt.date | None:
    """Read a day of an option."""
    from hexi_solar.errors import ConfigError, Problem

    if not written:
        return None
    with speaking(language):
        try:
            return dt.date.fromisoformat(written)
        except ValueError:
            raise ConfigError(Problem("coverage_day", {"found": written})) from None


@coverage.command(help="列出某年度各口径的覆盖率。 Rates of a year under every definition.")
def show(
    plan: PlanFile = None,
    year: AnyYear = None,
    as_of: Day = "",
    known_on: KnownOn = "",
    cohort: Cohort = "",
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Print one row per definition, reading of PV area and scope."""
    from dataclasses import replace

    settings = plan_of(plan, lang)
    language = settings.language
    days = {"as_of": day_of(as_of, language), "known_on": day_of(known_on, language)}
    steps = Steps(language, quiet=as_json)
    with speaking(language):
        from hexi_solar.accounting import account
        from hexi_solar.coverage import COHORTS
        from hexi_solar.errors import ConfigError, Problem

        if cohort and cohort not in COHORTS:
            known = ", ".join(COHORTS)
            raise ConfigError(Problem("coverage_cohort", {"found": cohort, "known": known}))
        if cohort:
            settings = replace(settings, coverage=replace(settings.coverage, cohort=cohort))  # type: ignore[arg-type]
        asked = year or (days["as_of"] or settings.today).year
        found = account(settings, asked, step=steps, **days)
    if as_json:
        print_json(account_json(found, language))
    else:
        print_account(found, language)


def account_json(found: Account, language: str) -> dict[str, Any]:
    """Gather what a program wants to know of a year's rates."""
    from hexi_solar.coverage import coverage_definitions
    from hexi_solar.coverage.rates import records

    names = coverage_definitions(found.plan.coverage)
    rows = []
    for row in records(found.coverage):
        if row["cohort"] != found.plan.coverage.cohort:
            continue
        about = names[row["definition"]]
        row["definition_name"] = {k: str(about.get(k, row["definition"])) for k in ("zh", "en")}
        row["could_flip"] = straddles(row)
        row["above_one"] = row["rate"] is not None and row["rate"] > 1.0
        rows.append(row)
    basis = found.basis
    return {
        "plan": found.plan.name,
        "year": basis.year,
        "cohort": found.plan.coverage.cohort,
        "start": found.plan.coverage.start.isoformat(),
        "at": basis.at.isoformat(),
        "today": basis.today.isoformat(),
        "known_on": found.known_on.isoformat() if found.known_on else None,
        "register": {"seq": found.head[0], "hash": found.head[1]} if found.head[0] else None,
        "synthetic": found.plan.synthetic,
        "rows": rows,
        "starts": found.starts,
        "parts": records(found.parts),
        "distance": _plain(found.distance),
        "notices": [p.message(language) for p in found.notices.of("warning")],
    }


def straddles(row: dict[str, Any]) -> bool | None:
    """Say whether the target lies where the rate could be on either side of it."""
    low, high, target = row["rate_low"], row["rate_high"], row["target"]
    if low is None or high is None or target is None:
        return None
    return bool(low < target <= high)


def _plain(value: Any) -> Any:
    """Bring nested values to JSON: unknown as None."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and value != value else value


# ------------------------------------------------------------------------------ for people


def console() -> Any:
    """Return where tables are printed, no wider than a page."""
    from rich.console import Console

    wide = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
    return (
        wide
        if wide.width <= WIDTH
        else Console(highlight=False, markup=False, emoji=False, width=WIDTH)
    )


def percent(value: Any, language: str) -> str:
    """Write a rate."""
    return text("cli.unknown", language) if value is None or value != value else f"{value:.1%}"


def amount(value: float, unit: str, language: str) -> str:
    """Write a number with its unit."""
    return f"{value:,.0f} {unit or text('coverage.count', language)}"


def print_account(found: Account, language: str) -> None:
    """Tell a person the reported rate first, then every other, and what is open."""
    from hexi_solar.coverage.rates import records

    rows = [r for r in records(found.coverage) if r["cohort"] == found.plan.coverage.cohort]
    ours = next(r for r in rows if r["reported"])
    out = console()
    if found.plan.synthetic:
        out.print(text("cli.synthetic", language))
    basis = found.basis
    facts = {
        "year": basis.year,
        "cohort": label("cohort", ours["cohort"], language),
        "start": found.plan.coverage.start,
        "at": basis.at,
        "source": _source(found, language),
    }
    out.print(text("coverage.heading", language, **facts), style="bold")
    out.print(text("coverage.headline", language, **_headline(found, ours, language)))
    out.print(_rates_table(found, rows, language))
    out.print(text("coverage.interval_note", language))
    for start in found.starts[1:]:
        said = {**start, "rate": percent(start["rate"], language)}
        said["low"], said["high"] = (percent(start[f"rate_{s}"], language) for s in ("low", "high"))
        out.print(text("coverage.other_start", language, **said))
    _print_parts(out, found, language)
    _print_distance(out, found, ours, language)
    for problem in found.notices.of("warning"):
        out.print(f"! {problem.message(language)}")


def _source(found: Account, language: str) -> str:
    """Say where the records are from."""
    if not found.head[0]:
        said = text("coverage.from_layer", language)
    else:
        said = text("coverage.from_register", language, seq=found.head[0], hash=found.head[1][:12])
    if found.known_on:
        said += text("coverage.known_on", language, day=found.known_on)
    return said


def _headline(found: Account, row: dict[str, Any], language: str) -> dict[str, Any]:
    """Fill the sentence of the reported rate."""
    flip = straddles(row)
    reached = row["rate"] is not None and row["rate"] >= row["target"]
    verdict = "unknown" if row["rate"] is None else "reached" if reached else "missed"
    return {
        "name": _name(found, row, language),
        "rate": percent(row["rate"], language),
        "low": percent(row["rate_low"], language),
        "high": percent(row["rate_high"], language),
        "target": percent(row["target"], language),
        "verdict": text(f"coverage.verdict.{verdict}", language),
        "flip": text(f"coverage.flip.{'yes' if flip else 'no'}", language)
        if flip is not None
        else "",
        "numerator": amount(row["numerator"], row["unit"], language),
        "denominator": amount(row["denominator"], row["unit"], language),
        "buildings": row["buildings"],
        "with_pv": row["buildings_with_pv"],
    }


def _name(found: Account, row: dict[str, Any], language: str) -> str:
    """Name a definition, its reading and scope."""
    from hexi_solar.coverage import coverage_definitions

    about = coverage_definitions(found.plan.coverage)[row["definition"]]
    parts = [str(about.get(language, row["definition"]))]
    if row["reading"] != "-":
        parts.append(label("reading", row["reading"], language))
    return text("coverage.comma", language).join([*parts, label("scope", row["scope"], language)])


def _rates_table(found: Account, rows: list[dict[str, Any]], language: str) -> Any:
    """Set every rate of the year in one table: one line per definition and reading."""
    from rich import box
    from rich.table import Table

    from hexi_solar.coverage import coverage_definitions

    names = coverage_definitions(found.plan.coverage)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("")
    for name in ("definition", "reading", "scope"):
        table.add_column(text(f"coverage.column.{name}", language), overflow="fold")
    for name in ("numerator", "denominator", "rate", "interval", "target"):
        table.add_column(text(f"coverage.column.{name}", language), justify="right", no_wrap=True)
    before = ""
    for row in sorted(rows, key=lambda r: not r["reported"]):
        about = names[row["definition"]]
        name = str(about.get(language, row["definition"]))
        reading = (
            "" if row["reading"] == "-" else text(f"coverage.reading.{row['reading']}", language)
        )
        over = "!" if row["rate"] is not None and row["rate"] > 1 else ""
        table.add_row(
            "▶" if row["reported"] else "",
            name if name != before else "",
            reading,
            text(f"coverage.scope.{row['scope']}", language),
            f"{row['numerator']:,.0f}",
            amount(row["denominator"], row["unit"], language),
            percent(row["rate"], language) + over,
            _interval(row, language),
            percent(row["target"], language) + (" ?" if straddles(row) else ""),
            style="bold" if row["reported"] else "dim" if row["kind"] == "potential" else None,
        )
        before = name
    return table


def _interval(row: dict[str, Any], language: str) -> str:
    """Write between what a rate lies."""
    if row["rate_low"] is None:
        return text("cli.unknown", language)
    return f"{100 * row['rate_low']:.1f}–{100 * row['rate_high']:.1f} %"


def _print_parts(out: Any, found: Account, language: str) -> None:
    """Print the reported rate of each subdistrict and owner type."""
    for by in ("subdistrict", "owner_type"):
        parts = found.parts.reset_index()
        parts = parts[parts["by"] == by]
        if parts.empty:
            continue
        said = []
        for row in parts.to_dict("records"):
            name = row["part"] or text("coverage.nowhere", language)
            name = column_label("owner_type", name, language) if by == "owner_type" else name
            said.append(f"{name} {percent(row['rate'], language)}")
        title = text(f"coverage.parts.{by}", language)
        out.print(title + text("coverage.comma", language).join(said))


def _print_distance(out: Any, found: Account, row: dict[str, Any], language: str) -> None:
    """Print how far the target is, the fewest roofs, and what is not known."""
    ours = next(d for d in found.distance if d["reported"])
    gap, doubt = ours["gap"], ours["open"]
    names = found.basis.rows["name"]

    def named(one: dict[str, Any], moves: str) -> str:
        name = names.get(one["building_id"])
        called = one["building_id"] if name is None or name != name else f"{name}"
        return f"{called} ({one[moves]:+,.0f})"

    comma = text("coverage.comma", language)
    if gap:
        key = "passed" if gap["gap"] <= 0 else "gap" if gap["closable"] else "gap_open"
        facts = {
            "gap": amount(abs(gap["gap"]), gap["unit"], language),
            "count": len(gap["roofs"]),
            "roofs": comma.join(named(r, "adds") for r in gap["roofs"][:5])
            + (" …" if len(gap["roofs"]) > 5 else ""),
            "reachable": percent(gap["reachable"], language),
        }
        out.print(text(f"coverage.{key}", language, **facts))
    for one in doubt["causes"]:
        facts = {
            "cause": text(f"coverage.cause.{one['cause']}", language),
            "count": len(one["building_ids"]),
            "low": percent(one["rate_low"], language),
            "high": percent(one["rate_high"], language),
        }
        out.print(text("coverage.open", language, **facts))
    if doubt["could_flip"]:
        roofs = comma.join(named(b, "moves") for b in doubt["buildings"][:5])
        out.print(text("coverage.flips", language, count=doubt["fewest"], rows=roofs))
    elif doubt["could_flip"] is False:
        out.print(text("coverage.no_flip", language))
