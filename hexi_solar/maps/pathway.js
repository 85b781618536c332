// The path to the target: which roofs are built by the year that the slider stands at.

const path = data.pathway;
const PATH_COLOURS = ["#fde0a0", "#fdbb63", "#f08a3c", "#d65a2a", "#a8321f", "#7a1c22"];
const pathOf = new Map(path.roofs.row.map((row, i) => [row, i]));
const firstYear = path.years[0].year;
const lastYear = path.years[path.years.length - 1].year;
let yearShown = Math.min(path.by, lastYear);

const pathColour = (year) =>
  PATH_COLOURS[
    path.years.length < 2
      ? 3
      : Math.round(((PATH_COLOURS.length - 1) * (year - firstYear)) / (lastYear - firstYear))
  ];
const yearOf = (year) => path.years.find((one) => one.year === year) || null;
const money = (cny) =>
  !known(cny)
    ? "—"
    : data.language === "zh"
      ? quantity(cny / 1e4, say("path.unit_wan"), Math.abs(cny) < 1e6 ? 1 : 0)
      : quantity(cny / 1e6, say("path.unit_million"), 2);

// the colours of candidates would hide those of the years
state.layers.pathway = true;
state.layers.candidates = false;
if (path.asked !== "new") state.layers.cohort = false;

const drawn = (canvas, row, colour, dash, fill) => {
  const pen = canvas._pen;
  pen.beginPath();
  if (canvas.small(row)) canvas._dot(row, fill ? 6.5 : 5);
  else canvas._trace(world, row);
  if (fill) {
    pen.fillStyle = fill;
    pen.fill("evenodd");
  }
  pen.setLineDash(dash);
  pen.strokeStyle = colour;
  pen.lineWidth = 1.6;
  pen.stroke();
  pen.setLineDash([]);
};

extras.push({
  name: "pathway",
  count: path.roofs.row.length,
  sign: () => key("path-roof"),
  has: (row) => pathOf.has(row),
  legend: () => [
    el(
      "div",
      { class: "path-years" },
      ...path.years.map((one) => {
        const mark = svg("svg", { class: "swatch", viewBox: "0 0 14 14", "aria-hidden": "true" });
        mark.append(
          svg("rect", { x: 1, y: 1, width: 12, height: 12, rx: 2, fill: pathColour(one.year), stroke: "#5a2a1a" }),
        );
        return el("p", { class: "item" }, mark, String(one.year));
      }),
    ),
    key("path-later", say("path.later")),
    path.members.row.length ? key("path-coming", say("path.coming")) : null,
  ].filter(Boolean),
  draw(canvas) {
    canvas.drawn.path = 0;
    path.members.row.forEach((row, i) => {
      if (path.members.year[i] <= yearShown && canvas._visible(world, row))
        drawn(canvas, row, COHORT, [4, 3], null);
    });
    path.roofs.row.forEach((row, i) => {
      if (!canvas._visible(world, row)) return;
      const built = path.roofs.year[i] <= yearShown;
      if (built) canvas.drawn.path++;
      drawn(canvas, row, built ? "#5a2a1a" : "#8a5a30", built ? [] : [3, 3], built ? pathColour(path.roofs.year[i]) : "#fffaf0");
    });
  },
  card: pathCard,
  panel: pathPanel,
  control: timeline,
});

function pathCard(row) {
  const i = pathOf.get(row);
  const coming = path.members.row.indexOf(row);
  const found = [];
  if (coming >= 0)
    found.push(el("p", { class: "note" }, say("path.counts_from", { year: path.members.year[coming] })));
  if (i === undefined) return found;
  const one = path.roofs;
  const facts = [
    [say("path.way"), one.way[i]],
    [say("capacity"), power(one.kwp[i])],
    [say("path.cost"), money(one.cost[i])],
    [say("path.npv"), money(one.npv[i])],
    [say("path.check"), one.check[i] === "1" ? say("path.check_first") : say("path.check_none")],
    [say("path.bound"), one.bound[i] === "1" ? say("path.bound_yes") : null],
  ];
  return [
    ...found,
    el(
      "section",
      { class: "path-card" },
      el("h3", {}, say("path.build_in", { year: one.year[i] })),
      el("dl", { class: "facts" }, ...facts.filter(([, value]) => value).flatMap(([n, v]) => fact(n, v))),
    ),
  ];
}

// years against the target, beside the words for who cannot see it
function pathChart() {
  const points = [path.now.rate === null ? null : path.now, ...path.years].filter((p) => p && known(p.rate));
  const top = Math.max(...points.map((p) => p.rate), path.target, 0.1) * 1.12;
  const [width, height, left, right, base] = [300, 118, 8, 8, 96];
  const x = (i) => left + 14 + ((width - left - right - 28) * i) / Math.max(points.length - 1, 1);
  const y = (rate) => base - (78 * rate) / top;
  const said = points.map((p) => p.year + ": " + percent(p.rate)).join(", ");
  const picture = svg("svg", { class: "path-chart", viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": said });
  picture.append(
    svg("line", { x1: left, x2: width - right, y1: base, y2: base, stroke: "#9aa4af" }),
    svg("line", { x1: left, x2: width - right, y1: y(path.target), y2: y(path.target), stroke: "#9b1c1c", "stroke-dasharray": "4 3" }),
    svg("polyline", { points: points.map((p, i) => x(i) + "," + y(p.rate)).join(" "), fill: "none", stroke: "#0b6b8a", "stroke-width": 2 }),
  );
  points.forEach((p, i) => {
    const low = y(p.rate) > y(path.target) && y(p.rate) - y(path.target) < 16;
    picture.append(
      svg("circle", { cx: x(i), cy: y(p.rate), r: p.year === yearShown ? 5 : 3.2, fill: p.year <= yearShown ? "#0b6b8a" : "#fff", stroke: "#0b6b8a", "stroke-width": 1.5 }),
      svg("text", { class: "value", x: x(i), y: y(p.rate) + (low ? 15 : -7) }, number(100 * p.rate, 1)),
      svg("text", { x: x(i), y: height - 6 }, p === path.now ? say("path.today") : String(p.year)),
    );
  });
  return picture;
}

function pathPanel(choose) {
  const chart = el("div", {}, pathChart());
  const list = el("div", { class: "path-list" });
  const refresh = () => {
    chart.replaceChildren(pathChart());
    list.replaceChildren(...pathList(choose));
  };
  yearListeners.push(refresh);
  refresh();
  const facts = {
    target: percent(path.target), by: path.by, rate: percent(path.rate), cost: money(path.cost),
    count: path.roofs.row.length, npv: money(path.npv), gap: number(100 * path.gap, 2),
    nearest: percent(path.nearest), most: percent(path.at_most), probability: percent(path.probability),
  };
  return [
    el(
      "section",
      { class: "block path-block" },
      el("h2", {}, say("path.title")),
      el("p", { class: "path-verdict " + path.status }, say("path.verdict_" + path.status, facts)),
      chart,
      el("p", { class: "quiet" }, say("path.figures", facts)),
      list,
      el("details", {}, el("summary", {}, say("path.definitions")), definitionTable()),
    ),
  ];
}

function pathList(choose) {
  return path.years
    .filter((one) => one.built)
    .map((one) =>
      el(
        "details",
        { open: one.year === yearShown },
        el("summary", {}, say("path.year_line", { year: one.year, count: one.built, kwp: power(one.kwp), cost: money(one.cost) })),
        el(
          "ol",
          { class: "rows" },
          ...path.roofs.row
            .map((row, i) => [row, i])
            .filter(([, i]) => path.roofs.year[i] === one.year)
            .map(([row, i]) =>
              el(
                "li",
                {},
                el(
                  "button",
                  { type: "button", class: "row", "data-id": ids[row], on: { click: () => choose(row) } },
                  swatch(typeOf(row)),
                  el("span", { class: "who" }, el("span", { class: "user" }, nameOf(row)), path.roofs.check[i] === "1" ? el("small", {}, say("path.check_first")) : null),
                  el("span", { class: "much" }, power(path.roofs.kwp[i])),
                ),
              ),
            ),
        ),
      ),
    );
}

function definitionTable() {
  const head = el("tr", {}, el("th", {}), ...path.years.map((one) => el("th", {}, String(one.year))));
  return el(
    "div",
    { class: "path-scroll" },
    el(
      "table",
      { class: "path-table" },
      el("thead", {}, head),
      el(
        "tbody",
        {},
        ...path.definitions.map((one) =>
          el(
            "tr",
            { class: one.reported ? "reported" : null },
            el("td", {}, one.name, one.reading ? el("small", {}, one.reading) : null),
            ...one.rates.map((rate) => el("td", {}, known(rate) ? number(100 * rate, 1) : "—")),
          ),
        ),
      ),
    ),
  );
}

// the slider: one step per year, from before the first one
const yearListeners = [];
function timeline(map, redraw) {
  const output = el("output", { class: "path-said", "aria-live": "polite" });
  const slider = el("input", {
    type: "range", min: firstYear - 1, max: lastYear, step: 1, value: yearShown,
    "aria-label": say("path.slider"), id: "path-year",
  });
  const said = () => {
    const one = yearOf(yearShown);
    const total = path.roofs.year.filter((y) => y <= yearShown).length;
    const rate = one ? one.rate : path.now.rate;
    return say("path.said", {
      year: one ? yearShown : say("path.today"), total, rate: percent(rate),
      built: one ? one.built : 0, cost: money(one ? one.cost : 0),
    });
  };
  const stand = (year) => {
    yearShown = Math.max(firstYear - 1, Math.min(lastYear, year));
    slider.value = yearShown;
    output.textContent = said();
    slider.setAttribute("aria-valuetext", said());
    yearListeners.forEach((listener) => listener());
    redraw();
  };
  slider.addEventListener("input", () => stand(+slider.value));
  const jump = (step, sign, name) => {
    const button = el("button", { type: "button", "aria-label": say(name), title: say(name) }, sign);
    button.addEventListener("click", () => stand(yearShown + step));
    return button;
  };
  const ticks = el(
    "div",
    { class: "path-ticks", "aria-hidden": "true" },
    el("span", {}, say("path.today")),
    ...path.years.map((one) => el("span", {}, String(one.year))),
  );
  const bar = el(
    "div",
    { class: "path-timeline", role: "group", "aria-label": say("path.slider") },
    output,
    el("div", { class: "path-row" }, jump(-1, "‹", "path.before"), el("div", { class: "path-track" }, slider, ticks), jump(1, "›", "path.after")),
  );
  L.DomEvent.disableClickPropagation(bar).disableScrollPropagation(bar);
  map.getContainer().append(bar);
  document.body.classList.add("with-path");
  // the arrows of the keyboard move the slider, not the map
  bar.addEventListener("keydown", (event) => event.stopPropagation());
  output.textContent = said();
  slider.setAttribute("aria-valuetext", said());
  return [];
}
