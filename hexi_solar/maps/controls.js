// What stands on the map: layers with their legend, scale, north, stamp.

function control(position, build) {
  const made = new L.Control({ position });
  made.onAdd = () => {
    const element = build();
    L.DomEvent.disableClickPropagation(element).disableScrollPropagation(element);
    return element;
  };
  return made;
}

function layersCard(redraw) {
  const wide = !narrow();
  const body = el("div", { class: "layers-body" }, ...layerRows(redraw));
  return el(
    "details",
    { class: "layers leaflet-bar", open: wide },
    el("summary", {}, say("layers")),
    body,
  );
}

function layerRows(redraw) {
  const legend = el("div", { class: "legend" });
  const paint = () => legend.replaceChildren(...candidateLegend());
  const radio = (value) =>
    el(
      "label",
      {},
      el("input", {
        type: "radio",
        name: "colour",
        value,
        checked: state.colour === value,
        on: {
          change: () => {
            state.colour = value;
            paint();
            redraw();
          },
        },
      }),
      say("colour_" + value),
    );
  paint();
  const rates = el(
    "div",
    { class: "legend coverage-legend", hidden: true },
    ...scaleLegend(COVERAGE, say("coverage_unit"), (v) => number(100 * v)),
    areas && data.areas.rate.includes(null) ? key("nodata", say("no_data")) : null,
  );
  const box = (name, symbol, note, after) =>
    el(
      "label",
      {},
      el("input", {
        type: "checkbox",
        name,
        checked: state.layers[name],
        on: {
          change: (event) => {
            state.layers[name] = event.target.checked;
            if (after) after(event.target.checked);
            redraw();
          },
        },
      }),
      symbol,
      el("span", {}, say("layer_" + name)),
      note === null ? null : el("small", {}, number(note)),
    );
  return [
    box("candidates", null, table.row.length),
    el(
      "div",
      { class: "radios", role: "radiogroup", "aria-label": say("colour") },
      radio("type"),
      radio("capacity"),
    ),
    legend,
    box("cohort", key("cohort"), counted.size),
    box("existing", key("pv"), existing.size),
    ...extras.flatMap((one) => {
      const legend = el("div", { class: "legend", hidden: !state.layers[one.name] }, ...one.legend());
      return [box(one.name, one.sign(), one.count, (on) => (legend.hidden = !on)), legend];
    }),
    data.existing.unplaced
      ? el("p", { class: "quiet" }, say("unplaced", { count: data.existing.unplaced }))
      : null,
    areas ? box("coverage", key("area"), null, (on) => (rates.hidden = !on)) : null,
    rates,
    box("others", key("other"), null),
    boundary || zones ? box("outlines", key("outline"), null) : null,
  ].filter(Boolean);
}

const key = (kind, name) => {
  const mark = el("i", { class: "sign " + kind, "aria-hidden": "true" });
  return name ? el("p", { class: "item" }, mark, name) : mark;
};

function candidateLegend() {
  const present = data.types.filter((type) => table.row.some((row) => typeOf(row) === type));
  const colours =
    state.colour === "type"
      ? [
          el(
            "div",
            { class: "types" },
            ...present.map((type) => el("p", { class: "item" }, swatch(type), typeName(type))),
          ),
        ]
      : scaleLegend(CAPACITY, "kWp", (v) => number(v));
  const found = new Set(table.eligible);
  return [
    ...colours,
    found.has("2") ? key("unproven", say("legend_unproven")) : null,
    found.has("1") ? key("refused", say("legend_refused")) : null,
  ].filter(Boolean);
}

function scaleLegend(scale, unit, write) {
  const picture = svg("svg", {
    class: "scale",
    viewBox: "0 0 200 28",
    role: "img",
    "aria-label": unit,
  });
  scale.colours.forEach((fill, i) =>
    picture.append(svg("rect", { x: 40 * i, y: 0, width: 39, height: 10, fill })),
  );
  scale.breaks.forEach((value, i) =>
    picture.append(svg("text", { x: 40 * (i + 1), y: 23 }, write(value))),
  );
  return [el("p", { class: "item scale-row" }, picture, el("small", {}, unit))];
}

function northArrow() {
  const picture = svg("svg", { viewBox: "0 0 28 40", role: "img", "aria-label": say("north") });
  picture.append(
    svg("path", {
      d: "M14 12 22 38 14 32 6 38Z",
      fill: "none",
      stroke: "#26313b",
      "stroke-width": 1.2,
      "stroke-linejoin": "round",
    }),
    svg("path", { d: "M14 12 14 32 6 38Z", fill: "#26313b" }),
    svg("text", { x: 14, y: 9 }, "N"),
  );
  return el("div", { class: "north" }, picture);
}

// what the cards leave free of the map
const narrow = () => window.matchMedia("(max-width: 759px)").matches;
const room = () => ({
  paddingTopLeft: [narrow() ? 16 : 40, 16],
  paddingBottomRight: narrow()
    ? [16, data.pathway ? 326 : 236]
    : [mapWidth() > 700 ? 254 : 20, data.pathway ? 108 : 46],
});
const mapWidth = () => document.querySelector(".folium-map").clientWidth;

function furniture(map, redraw) {
  L.control
    .zoom({ position: "topleft", zoomInTitle: say("zoom_in"), zoomOutTitle: say("zoom_out") })
    .addTo(map);
  control("topleft", () => {
    const button = el(
      "button",
      { type: "button", title: say("home"), "aria-label": say("home") },
      "⌂",
    );
    button.addEventListener("click", () => map.fitBounds(data.bounds, room()));
    return el("div", { class: "leaflet-bar home" }, button);
  }).addTo(map);
  control("topright", () => layersCard(redraw)).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 120 }).addTo(map);
  control("bottomleft", northArrow).addTo(map);
  control("bottomright", () => el("div", { class: "stamp user" }, data.stamp)).addTo(map);
}

// what only paper shows
function printed() {
  const p = data.progress;
  const line =
    p && p.rate !== null
      ? say("print_line", {
          name: p.name,
          rate: percent(p.rate),
          target: percent(p.target),
          at: p.at,
        })
      : say("no_progress");
  const head = el(
    "header",
    { class: "print-head" },
    el("h1", { class: "user" }, data.title),
    el("p", {}, line),
    el(
      "p",
      { class: "user" },
      [say("as_of", { date: data.date }), data.synthetic ? say("synthetic") : "", data.stamp]
        .filter(Boolean)
        .join(" · "),
    ),
  );
  const foot = el(
    "footer",
    { class: "print-foot user" },
    [...data.sources, say("made_with")].join(" · "),
  );
  return [head, foot];
}
