// What is known of one building: key figures, the ledger of its roof, its year, its gaps.

const fact = (name, value) => [el("dt", {}, name), el("dd", {}, value)];

function details(row) {
  const c = candidateOf[row];
  const head = el(
    "header",
    { class: "card-head" },
    el("h2", { class: "user" }, nameOf(row)),
    el(
      "p",
      { class: "tags" },
      el("span", { class: "tag" }, swatch(typeOf(row)), typeName(typeOf(row))),
      ...tags(row, c),
    ),
  );
  const body = c >= 0 ? candidateBody(row, c) : [el("dl", { class: "facts" }, ...otherFacts(row))];
  body.splice(c >= 0 ? 1 : 0, 0, ...extra("card", row));
  return el("article", { class: "card", "data-id": ids[row] }, head, ...body);
}

function tags(row, c) {
  const found = [];
  if (c >= 0)
    found.push(el("span", { class: "tag " + eligible(c) }, say("eligible_" + eligible(c))));
  if (counted.has(row))
    found.push(
      el(
        "span",
        { class: "tag cohort" },
        say(reached.has(row) ? "cohort_with_pv" : "cohort_without_pv"),
      ),
    );
  if (existing.has(row))
    found.push(
      el("span", { class: "tag pv" }, say("existing_tag", { kwp: power(existing.get(row).kwp) })),
    );
  return found;
}

function otherFacts(row) {
  return [
    ...fact(say("footprint"), area(footprints[row])),
    ...(data.completed[row] ? fact(say("completed_on"), data.completed[row]) : []),
    ...fact(say("building_id"), el("span", { class: "user" }, ids[row])),
  ];
}

function candidateBody(row, c) {
  const reasons = word("reasons", c).split("\n").filter(Boolean);
  const assumed = word("assumed", c).split("\n").filter(Boolean);
  return [
    el(
      "div",
      { class: "figures" },
      figure(say("capacity"), power(table.capacity_kwp[c])),
      figure(say("energy"), energy(table.energy_ac_kwh && table.energy_ac_kwh[c])),
      figure(
        say("rank"),
        String(table.rank[c]),
        say("rank_in_type", { rank: table.rank_in_owner_type[c], type: typeName(typeOf(row)) }),
      ),
    ),
    reasons.length
      ? el(
          "div",
          { class: "note " + eligible(c) },
          el("strong", {}, say("reasons_" + eligible(c))),
          el("ul", {}, ...reasons.map((r) => el("li", {}, r))),
        )
      : null,
    table.counted[c] === "0"
      ? el(
          "div",
          { class: "note unknown" },
          el("strong", {}, say("review_title")),
          el("ul", {}, ...word("review", c).split("\n").map((r) => el("li", {}, r))),
        )
      : null,
    el("dl", { class: "facts" }, ...facts(c)),
    el("h3", {}, say("ledger_title"), el("small", {}, " m²")),
    ledger(c),
    el("h3", {}, say("monthly_title"), el("small", {}, " " + say("monthly_unit"))),
    months(c),
    ...waysToFill(c),
    el("h3", {}, say("assumed_title")),
    assumed.length
      ? el("ul", { class: "plain" }, ...assumed.map((line) => el("li", {}, line)))
      : el("p", { class: "quiet" }, say("assumed_none")),
    el("h3", {}, say("place_title")),
    el("dl", { class: "facts" }, ...places(row, c)),
    el(
      "p",
      { class: "foot" },
      say("data_line", { date: data.date, tier: word("tier", c) || say("tier_unknown") }),
      data.synthetic ? " · " + say("synthetic_short") : "",
    ),
  ];
}

const figure = (name, value, under) =>
  el(
    "div",
    {},
    el("span", { class: "name" }, name),
    el("b", {}, value),
    under ? el("small", {}, under) : null,
  );

const at = (column, c) => (table[column] ? table[column][c] : null);
const listFacts = (lines) =>
  lines
    .filter(([, value]) => value)
    .flatMap(([name, value]) => fact(name, el("span", { class: "user" }, value)));

function facts(c) {
  return listFacts([
    [say("department"), word("department", c) || "—"],
    [say("roof_kind"), word("roof_kind", c) || "—"],
    [say("roof_area"), area(at("roof_area_m2", c))],
    [
      say("modules"),
      known(at("modules", c)) ? quantity(at("modules", c), say("unit_modules")) : "—",
    ],
    [say("specific_yield"), quantity(at("specific_yield_kwh_kwp", c), "kWh/kWp")],
    [say("performance_ratio"), number(at("performance_ratio", c), 3)],
    [say("shading"), known(at("shading", c)) ? quantity(at("shading", c), "%", 1) : null],
    [say("p90"), known(at("p90_energy_ac_kwh", c)) ? energy(at("p90_energy_ac_kwh", c)) : null],
    [say("co2"), quantity(at("co2_t", c), "tCO₂", 1)],
    [say("existing"), at("existing_kwp", c) ? power(at("existing_kwp", c)) : say("none")],
  ]);
}

function places(row, c) {
  const degrees = ["latitude", "longitude"].map((column) => at(column, c));
  return listFacts([
    [say("address"), word("address", c)],
    [say("subdistrict"), word("subdistrict", c)],
    [say("status"), word("status", c)],
    [say("completed_on"), data.completed[row]],
    [say("coordinates"), degrees.every(known) ? degrees.map(number6).join(", ") : "—"],
    [say("building_id"), ids[row]],
  ]);
}

const number6 = (degrees) => degrees.toFixed(5) + "°";

// from the roof to the area that modules may stand on: a bar and a table that adds up
const LEDGER_COLOURS = [
  "#8c96a1",
  "#a9792b",
  "#c9a15c",
  "#7c8f52",
  "#b3ab8f",
  "#8a5a44",
  "#5b7f95",
  "#a33b3b",
  "#6d6a9c",
  "#a07a94",
];
const ledgerEnds = [];
function ledgerOf(c) {
  if (!ledgerEnds.length)
    table.ledger.entries.reduce((end, count) => (ledgerEnds.push(end + count), end + count), 0);
  const book = table.ledger;
  const entries = [];
  for (let i = ledgerEnds[c] - book.entries[c]; i < ledgerEnds[c]; i++) {
    entries.push({
      reason: book.reason[i],
      area: book.area[i],
      source: book.sources[book.evidence[i]],
      basis: data.words[book.basis[i]],
    });
  }
  return { total: book.total[c], entries };
}

function ledger(c) {
  const { total, entries } = ledgerOf(c);
  if (!total) return el("p", { class: "quiet" }, say("no_ledger"));
  const isPermanent = (e) => e.reason < table.ledger.permanent;
  const sum = (list) => list.reduce((s, e) => s + e.area, 0);
  const permanent = entries.filter(isPermanent);
  const later = entries.filter((e) => !isPermanent(e));
  const line = (e) =>
    el(
      "tr",
      {},
      el(
        "td",
        { title: e.basis || null },
        el("i", { class: "key k" + e.reason }),
        say("enum.exclusion." + table.ledger.reasons[e.reason]),
        e.source ? el("small", {}, " " + say("source_" + e.source)) : null,
      ),
      el("td", {}, "−" + number(e.area)),
    );
  const sumLine = (name, value, kind) =>
    el("tr", { class: kind }, el("td", {}, name), el("td", {}, number(value)));
  return el(
    "div",
    { class: "ledger" },
    waterfall(total, entries),
    el(
      "table",
      {},
      el(
        "tbody",
        {},
        sumLine(say("ledger_roof"), total, "sum"),
        ...permanent.map(line),
        sumLine(say("ledger_installable"), total - sum(permanent), "sum"),
        ...later.map(line),
        sumLine(say("ledger_usable"), total - sum(entries), "sum last"),
      ),
    ),
  );
}

function waterfall(total, entries) {
  const picture = svg("svg", {
    class: "waterfall",
    viewBox: "0 0 320 18",
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": say("ledger_title"),
  });
  const usable = Math.max(0, total - entries.reduce((s, e) => s + e.area, 0));
  picture.append(
    svg("rect", { x: 0, y: 0, width: (320 * usable) / total, height: 18, fill: "#0b6b8a" }),
  );
  let x = (320 * usable) / total;
  for (const e of entries.slice().reverse()) {
    const width = (320 * e.area) / total;
    picture.append(
      svg("rect", {
        x,
        y: 0,
        width: Math.max(0, width - 0.6),
        height: 18,
        fill: LEDGER_COLOURS[e.reason],
      }),
    );
    x += width;
  }
  return picture;
}

function months(c) {
  const year = monthly.slice(12 * c, 12 * c + 12);
  if (year.length < 12 || year.some((kwh) => kwh < 0))
    return el("p", { class: "quiet" }, say("no_energy"));
  const top = Math.max(...year, 1);
  const picture = svg("svg", {
    class: "months",
    viewBox: "0 0 324 96",
    role: "img",
    "aria-label": say("monthly_title"),
  });
  year.forEach((kwh, m) => {
    const height = (62 * kwh) / top;
    const bar = svg(
      "rect",
      { x: 27 * m + 4, y: 78 - height, width: 19, height, fill: "#e0a100", rx: 1.5 },
      svg("title", {}, say("month_value", { month: m + 1, kwh: number(kwh) })),
    );
    const value = svg(
      "text",
      { x: 27 * m + 13.5, y: 74 - height },
      number(kwh / 1000, kwh >= 99950 ? 0 : 1),
    );
    picture.append(bar, value, svg("text", { x: 27 * m + 13.5, y: 92 }, String(m + 1)));
  });
  picture.append(svg("line", { x1: 0, x2: 324, y1: 78.5, y2: 78.5, stroke: "#9aa4af" }));
  return picture;
}

// ways to fill the roof side by side; the bar is the rate, its mark the target
function waysToFill(c) {
  const names = table.options.names;
  if (!names.length) return [];
  const target = data.progress.target;
  const lines = names.map((name, i) => {
    const place = names.length * c + i;
    const rate = options.rate[place] < 0 ? null : options.rate[place] / 10000;
    return el(
      "tr",
      {},
      el("td", {}, name),
      el("td", {}, number(options.kwp[place])),
      el("td", {}, number(options.kwh[place] / 1000)),
      el("td", { class: rate !== null && rate >= target ? "good" : null }, percent(rate)),
      el("td", { class: "bar" }, rateBar(rate, target)),
    );
  });
  const heads = ["way", "kwp", "mwh", "rate"].map((key) => el("th", {}, say("ways_" + key)));
  return [
    el("h3", {}, say("ways_title")),
    el(
      "table",
      { class: "ways" },
      el("thead", {}, el("tr", {}, ...heads, el("th", {}))),
      el("tbody", {}, ...lines),
    ),
    el("p", { class: "quiet" }, say("ways_note")),
  ];
}

function rateBar(rate, target) {
  const picture = svg("svg", { viewBox: "0 0 60 10", width: 60, height: 10, "aria-hidden": "true" });
  picture.append(svg("rect", { x: 0, y: 2, width: 60, height: 6, fill: "#e4e9ee" }));
  if (rate !== null)
    picture.append(
      svg("rect", { x: 0, y: 2, width: 60 * Math.min(rate, 1), height: 6, fill: "#0b6b8a" }),
    );
  if (target !== null)
    picture.append(svg("rect", { x: 60 * target - 0.75, y: 0, width: 1.5, height: 10, fill: "#9b1c1c" }));
  return picture;
}

function hint(row) {
  const c = candidateOf[row];
  return el(
    "div",
    { class: "hint" },
    el("b", { class: "user" }, nameOf(row)),
    el("span", {}, typeName(typeOf(row)) + " · " + area(footprints[row])),
    c >= 0
      ? el(
          "span",
          {},
          say("hint_candidate", { rank: table.rank[c], kwp: power(table.capacity_kwp[c]) }),
        )
      : null,
  );
}
