// How far from the target: the headline, the years, who counts, the other definitions.

const TARGET_INK = "#8f1d1d";

// the headline
function headline(choose) {
  const p = data.progress;
  if (!p)
    return el(
      "section",
      { class: "block" },
      el("h2", {}, say("coverage")),
      el("p", { class: "empty" }, say("no_progress")),
      dataNotes(),
    );
  const open = p.rate !== null;
  if (
    !p.years.some((year) =>
      [year.in_year, year.cumulative].some((value) => value && value.buildings > 0),
    )
  ) {
    return el(
      "section",
      { class: "block coverage" },
      el("h2", {}, say("coverage"), el("small", {}, " " + p.name)),
      el("p", { class: "empty" }, say("no_progress")),
      gauge(null, p.target),
      dataNotes(),
    );
  }
  return el(
    "section",
    { class: "block coverage" },
    el("h2", {}, say("coverage"), el("small", {}, " " + p.name)),
    el(
      "div",
      { class: "rate" },
      el("b", {}, open ? number(100 * p.rate, 1) : "—"),
      open ? el("span", {}, "%") : null,
      el("span", { class: "gap" }, ...gap(p)),
    ),
    gauge(p.rate, p.target),
    el(
      "p",
      { class: "quiet" },
      say("headline_line", { cohort: p.cohort, year: p.year, at: p.at, reading: p.reading }),
    ),
    el("h3", {}, say("years_title")),
    el(
      "div",
      { class: "by-year" },
      side("this_year", p),
      years("in_year", p),
      side("cumulative", p),
      years("cumulative", p),
    ),
    foldable(
      say("counted_title", { with: p.numerator_rows.length, all: p.denominator_rows.length }),
      () => countedList(p, choose),
    ),
    foldable(say("others_title"), () => others(p)),
    dataNotes(),
  );
}

// where the data come from, and what was noticed when they were read
function dataNotes() {
  const list = (lines, kind) =>
    el("ul", { class: "plain " + kind }, ...lines.map((line) => el("li", { class: "user" }, line)));
  return foldable(say("notes_title", { count: data.notices.length }), () =>
    el("div", { class: "notes" }, list(data.sources, "sources"), list(data.notices, "notices")),
  );
}

function gap(p) {
  if (p.rate === null || p.target === null) return [say("rate_unknown")];
  if (p.rate > 1) return [el("strong", {}, say("above_one"))];
  const missing = p.target - p.rate;
  if (missing <= 0)
    return [el("strong", { class: "good" }, say("target_met", { target: percent(p.target) }))];
  return [
    el(
      "strong",
      {},
      say("points_missing", {
        points: number(100 * missing, 1),
        target: number(100 * p.target, 0),
      }),
    ),
    el("br"),
    say("amount_missing", { amount: amount(missing * p.denominator, p.unit) }),
  ];
}

const unitName = (unit) =>
  unit === "" ? say("unit_buildings") : data.labels["unit_" + unit] ? say("unit_" + unit) : unit;
const amount = (value, unit) =>
  unit === "m²" && value >= 1e5 && data.language === "zh"
    ? quantity(value / 1e4, "万 m²", 1)
    : quantity(Math.ceil(value), unitName(unit));

function gauge(rate, target) {
  const picture = svg("svg", {
    class: "gauge",
    viewBox: "0 0 300 34",
    role: "img",
    "aria-label": say("coverage") + " " + percent(rate),
  });
  picture.append(svg("rect", { x: 0, y: 4, width: 300, height: 12, rx: 2, fill: "#e4e9ee" }));
  if (rate !== null)
    picture.append(
      svg("rect", {
        x: 0,
        y: 4,
        width: 300 * Math.min(1, rate),
        height: 12,
        rx: 2,
        fill: target !== null && rate >= target ? "#177a58" : "#0b6b8a",
      }),
    );
  if (target !== null) {
    picture.append(
      svg("line", {
        x1: 300 * target,
        x2: 300 * target,
        y1: 0,
        y2: 20,
        stroke: TARGET_INK,
        "stroke-width": 2,
      }),
    );
    picture.append(
      svg(
        "text",
        { x: 300 * target, y: 31, class: "target" },
        say("target_mark", { target: number(100 * target, 0) }),
      ),
    );
  }
  picture.append(
    svg("text", { x: 0, y: 31, class: "end" }, "0"),
    svg("text", { x: 300, y: 31, class: "end right" }, "100 %"),
  );
  return picture;
}

// one of the two cohorts: its rate now, and how many buildings are behind it
function side(key, p) {
  const value = p[key];
  const name =
    key === "this_year"
      ? say("this_year", { year: p.year })
      : say("cumulative", { start: p.start.slice(0, 4) });
  return el(
    "div",
    { class: "side" },
    el("span", { class: "name" }, name),
    el("b", {}, value ? percent(value.rate) : "—"),
    value
      ? el(
          "small",
          {
            title:
              number(value.numerator) + " / " + quantity(value.denominator, unitName(value.unit)),
          },
          say("buildings_of", {
            with: number(value.buildings_with_pv),
            all: number(value.buildings),
          }),
        )
      : null,
  );
}

// every year on one scale with the target
function years(key, p) {
  const shown = p.years.slice(-6);
  const width = 190 / Math.max(shown.length, 5);
  const picture = svg("svg", {
    class: "years " + key,
    viewBox: "0 0 190 66",
    role: "img",
    "aria-label": say("years_" + key),
  });
  shown.forEach((year, i) => {
    const value = year[key];
    const rate = value ? value.rate : null;
    const x = i * width + 3;
    const height = rate === null ? 0 : 38 * Math.min(1, rate);
    picture.append(svg("rect", { x, y: 13, width: width - 6, height: 38, fill: "#eef1f4" }));
    picture.append(
      svg(
        "rect",
        {
          x,
          y: 51 - height,
          width: width - 6,
          height,
          fill: key === "in_year" ? "#7d9fb5" : "#0b6b8a",
        },
        svg(
          "title",
          {},
          say("year_value", { year: year.year, rate: percent(rate), at: value ? value.at : "" }),
        ),
      ),
    );
    picture.append(
      svg(
        "text",
        { x: x + width / 2 - 3, y: 10, class: "value" },
        rate === null ? "—" : number(100 * rate),
      ),
    );
    picture.append(svg("text", { x: x + width / 2 - 3, y: 63 }, String(year.year)));
  });
  if (p.target !== null) {
    const y = 51 - 38 * p.target;
    picture.append(
      svg("line", {
        x1: 0,
        x2: shown.length * width,
        y1: y,
        y2: y,
        stroke: TARGET_INK,
        "stroke-width": 1,
        "stroke-dasharray": "3 2",
      }),
    );
  }
  return picture;
}

// a part that is built when it is first opened
function foldable(title, build) {
  const element = el("details", {}, el("summary", {}, title));
  element.addEventListener(
    "toggle",
    () => element.childElementCount === 1 && element.append(build()),
  );
  return element;
}

function countedList(p, choose) {
  if (!p.denominator_rows.length) return el("p", { class: "empty" }, say("no_counted"));
  const flagged = new Set(p.flagged_rows);
  const rows = p.denominator_rows.slice().sort((a, b) => reached.has(b) - reached.has(a));
  return el(
    "div",
    {},
    el("p", { class: "quiet" }, p.formula + say("scope_line", { scope: p.scope })),
    el(
      "ol",
      { class: "rows" },
      ...rows.map((row) =>
        el(
          "li",
          {},
          el(
            "button",
            { type: "button", class: "row", "data-id": ids[row], on: { click: () => choose(row) } },
            el(
              "span",
              {
                class: "mark " + (reached.has(row) ? "yes" : "no"),
                title: say(reached.has(row) ? "cohort_with_pv" : "cohort_without_pv"),
              },
              reached.has(row) ? "●" : "○",
            ),
            el(
              "span",
              { class: "who" },
              el("span", { class: "user" }, nameOf(row)),
              el(
                "small",
                {},
                (data.completed[row] || "") + (flagged.has(row) ? " · " + say("flagged") : ""),
              ),
            ),
            el("span", { class: "much" }, existing.has(row) ? power(existing.get(row).kwp) : "—"),
          ),
        ),
      ),
    ),
  );
}

function others(p) {
  const again = (o, i) => i > 0 && p.others[i - 1].name === o.name;
  return el(
    "table",
    { class: "others" },
    el(
      "tbody",
      {},
      ...p.others.map((o, i) =>
        el(
          "tr",
          { class: (again(o, i) ? "again " : "") + (o.reported ? "reported" : o.kind) },
          el(
            "td",
            {},
            again(o, i) ? "" : o.name,
            el(
              "small",
              {},
              [o.reading, o.scope, o.kind === "potential" ? say("potential") : ""]
                .filter(Boolean)
                .join(" · "),
            ),
          ),
          el("td", {}, percent(o.rate)),
          el(
            "td",
            { class: "quiet" },
            o.target === null ? "" : "/ " + number(100 * o.target, 0) + " %",
          ),
        ),
      ),
    ),
  );
}
