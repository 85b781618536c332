// The candidates: totals of what is chosen, search, filters and the ranked list.

function candidateList(choose) {
  const totals = el("div", { class: "totals", "aria-live": "polite" });
  const openLine = el("p", { class: "quiet open-line" });
  const rows = el("ol", { class: "rows ranked" });
  const more = el("p", { class: "quiet more" });
  const search = el("input", {
    type: "search",
    placeholder: say("search"),
    "aria-label": say("search"),
    autocomplete: "off",
    spellcheck: "false",
  });
  let [order, next, timer] = [[], 0, 0];
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      state.query = search.value;
      applyFilters();
    }, 120);
  });
  const append = (count) => {
    const end = Math.min(order.length, next + count);
    for (; next < end; next++) rows.append(el("li", {}, candidateRow(order[next], choose)));
    more.textContent =
      next < order.length ? say("more", { shown: number(next), all: number(order.length) }) : "";
  };
  const refresh = () => {
    order = [];
    for (let c = 0; c < state.shown.length; c++) if (state.shown[c]) order.push(c);
    const sum = (column) =>
      table[column]
        ? order.reduce((s, c) => s + (table.counted[c] === "1" ? table[column][c] || 0 : 0), 0)
        : null;
    totals.replaceChildren(
      ...[
        [say("roofs"), number(order.length)],
        [say("capacity"), power(sum("capacity_kwp"))],
        [say("energy_year"), energy(sum("energy_ac_kwh"))],
        [say("co2_year"), quantity(sum("co2_t"), "t")],
      ].map(([name, value]) =>
        el("div", {}, el("span", { class: "name" }, name), el("b", {}, value)),
      ),
    );
    const open = order.reduce(
      (s, c) =>
        s + (table.counted[c] === "1" && eligible(c) !== "no" ? table.capacity_kwp[c] || 0 : 0),
      0,
    );
    openLine.textContent = order.length ? say("totals_open", { kwp: power(open) }) : "";
    rows.replaceChildren();
    next = 0;
    if (!order.length)
      rows.append(
        el(
          "li",
          { class: "empty" },
          table.row.length
            ? say("no_result")
            : say("no_candidates", { threshold: number(data.threshold) }),
        ),
      );
    rows.append(...elsewhere(choose));
    append(60);
  };
  listeners.push(refresh);
  refresh();
  const choices = filters();
  const element = el(
    "section",
    { class: "block candidates" },
    el(
      "h2",
      {},
      say("candidates"),
      el("small", {}, " " + say("candidates_line", { threshold: number(data.threshold) })),
    ),
    el("div", { class: "search" }, search, opener(choices)),
    choices,
    totals,
    openLine,
    rows,
    more,
  );
  return {
    element,
    watch: (scroller) =>
      scroller.addEventListener(
        "scroll",
        () =>
          scroller.scrollTop + scroller.clientHeight > scroller.scrollHeight - 600 &&
          next < order.length &&
          append(80),
      ),
  };
}

function candidateRow(c, choose) {
  const row = table.row[c];
  return el(
    "button",
    { type: "button", class: "row", "data-id": ids[row], on: { click: () => choose(row) } },
    el("span", { class: "place" }, String(table.rank[c])),
    swatch(typeOf(row)),
    el(
      "span",
      { class: "who" },
      el("span", { class: "user" }, nameOf(row)),
      el(
        "small",
        {},
        [typeName(typeOf(row)), eligible(c) === "yes" ? "" : say("eligible_" + eligible(c))]
          .filter(Boolean)
          .join(" · "),
      ),
    ),
    el("span", { class: "much" }, power(table.capacity_kwp[c])),
  );
}

// buildings that are no candidates but carry the name looked for
function elsewhere(choose) {
  const query = state.query.trim().toLowerCase();
  if (query.length < 2) return [];
  const found = [];
  for (let row = 0; row < ids.length && found.length < 8; row++) {
    if (
      candidateOf[row] < 0 &&
      (names[row].toLowerCase().includes(query) || ids[row].toLowerCase().includes(query))
    )
      found.push(row);
  }
  if (!found.length) return [];
  return [
    el("li", { class: "quiet sep" }, say("not_candidates")),
    ...found.map((row) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", class: "row", "data-id": ids[row], on: { click: () => choose(row) } },
          el("span", { class: "place" }, "·"),
          swatch(typeOf(row)),
          el(
            "span",
            { class: "who" },
            el("span", { class: "user" }, nameOf(row)),
            el("small", {}, typeName(typeOf(row))),
          ),
          el("span", { class: "much" }, area(footprints[row])),
        ),
      ),
    ),
  ];
}

function opener(choices) {
  if (!choices) return null;
  const button = el(
    "button",
    { type: "button", class: "open-filters", "aria-expanded": "false" },
    say("filters"),
  );
  button.addEventListener("click", () => {
    choices.hidden = !choices.hidden;
    button.setAttribute("aria-expanded", String(!choices.hidden));
  });
  return button;
}

function filters() {
  const present = data.types.filter((type) => table.row.some((row) => typeOf(row) === type));
  const chip = (set, value, content) => {
    const button = el(
      "button",
      { type: "button", class: "chip", "aria-pressed": "true", "data-value": value },
      ...content,
    );
    button.addEventListener("click", () => {
      set.has(value) ? set.delete(value) : set.add(value);
      button.setAttribute("aria-pressed", String(set.has(value)));
      applyFilters();
    });
    return button;
  };
  if (!present.length) return null;
  return el(
    "div",
    { class: "filters", hidden: true },
    el(
      "div",
      { class: "chips" },
      ...present.map((type) => chip(state.types, type, [swatch(type), typeName(type)])),
    ),
    el(
      "div",
      { class: "chips" },
      ...ELIGIBLE.map((value) => chip(state.eligible, value, [say("eligible_" + value)])),
    ),
  );
}
