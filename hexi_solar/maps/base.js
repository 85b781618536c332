// What the page knows, and how it says it. Text reaches the page through `el` alone,
// which makes text nodes: nothing out of a layer is ever read as markup.

const data = JSON.parse(document.getElementById("hexi-data").textContent);

function say(key, fields) {
  const template = data.labels[key];
  if (template === undefined) throw new Error("no text " + key);
  return fields ? template.replace(/\{(\w+)\}/g, (all, name) => fields[name]) : template;
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "on") {
      for (const [event, handler] of Object.entries(value))
        element.addEventListener(event, handler);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== "") element.append(child);
  }
  return element;
}

const el = (tag, attributes, ...children) =>
  fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// numbers: thousands separated, the unit beside them, a dash where unknown
const formats = [0, 1, 2, 3].map(
  (digits) =>
    new Intl.NumberFormat("en-US", {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }),
);
const known = (value) => value !== null && value !== undefined;
// what rounds to zero has no sign
const written = (value, digits) => formats[digits].format(value).replace(/^-(?=[0.]*$)/, "");
const number = (value, digits = 0) => (known(value) ? written(value, digits) : "—");
const quantity = (value, unit, digits = 0) =>
  known(value) ? written(value, digits) + " " + unit : "—";
const percent = (value) => (known(value) ? written(100 * value, 1) + " %" : "—");
const area = (m2) => quantity(m2, "m²");
const power = (kwp) =>
  kwp >= 10000
    ? quantity(kwp / 1000, "MWp", 1)
    : quantity(kwp, "kWp", kwp > 0 && kwp < 100 ? 1 : 0);
const energy = (kwh) => {
  if (!known(kwh)) return "—";
  if (kwh === 0) return "0 kWh";
  const units =
    data.language === "zh"
      ? [
          [1e8, say("unit_100gwh"), 2],
          [1e4, say("unit_10mwh"), 1],
        ]
      : [
          [1e6, "GWh", 1],
          [1e3, "MWh", 1],
        ];
  const [size, name, digits] = kwh >= (data.language === "zh" ? 1e8 : 1e7) ? units[0] : units[1];
  return quantity(kwh / size, name, digits);
};

// packed whole numbers (shapes.py): base64 of 7-bit groups, folded to be positive
function unpack(packed) {
  const bytes = atob(packed);
  const values = [];
  let value = 0;
  let factor = 1;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes.charCodeAt(i);
    value += (byte & 127) * factor;
    if (byte & 128) {
      factor *= 128;
    } else {
      values.push(value % 2 ? -(value + 1) / 2 : value / 2);
      value = 0;
      factor = 1;
    }
  }
  return values;
}

// shapes in Leaflet's pixels at zoom 0, so that a view is one factor and one offset away
function shapes(packed) {
  const perShape = unpack(packed.rings);
  const sizes = unpack(packed.sizes);
  const stepsX = unpack(packed.x);
  const stepsY = unpack(packed.y);
  const x = new Float64Array(stepsX.length);
  const y = new Float64Array(stepsX.length);
  let longitude = 0;
  let latitude = 0;
  for (let i = 0; i < x.length; i++) {
    longitude += stepsX[i];
    latitude += stepsY[i];
    const sine = Math.sin((latitude / 1e6) * (Math.PI / 180));
    x[i] = (longitude / 1e6 / 360 + 0.5) * 256;
    y[i] = (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 256;
  }
  const rings = new Int32Array(perShape.length + 1);
  for (let i = 0; i < perShape.length; i++) rings[i + 1] = rings[i] + perShape[i];
  const starts = new Int32Array(sizes.length + 1);
  for (let i = 0; i < sizes.length; i++) starts[i + 1] = starts[i] + sizes[i];
  return {
    count: perShape.length,
    x,
    y,
    rings,
    starts,
    box: boxes(perShape.length, x, y, rings, starts),
  };
}

function boxes(count, x, y, rings, starts) {
  const box = new Float64Array(4 * count);
  for (let i = 0; i < count; i++) {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let j = starts[rings[i]]; j < starts[rings[i + 1]]; j++) {
      if (x[j] < left) left = x[j];
      if (x[j] > right) right = x[j];
      if (y[j] < top) top = y[j];
      if (y[j] > bottom) bottom = y[j];
    }
    box.set([left, top, right, bottom], 4 * i);
  }
  return box;
}

// where the horizontal line at `level` crosses the edges of a shape, from left to right
function crossings(set, i, level) {
  const found = [];
  for (let r = set.rings[i]; r < set.rings[i + 1]; r++) {
    const [start, end] = [set.starts[r], set.starts[r + 1]];
    for (let j = start, k = end - 1; j < end; k = j++) {
      if (set.y[j] > level !== set.y[k] > level) {
        const share = (level - set.y[j]) / (set.y[k] - set.y[j]);
        found.push(set.x[j] + share * (set.x[k] - set.x[j]));
      }
    }
  }
  return found.sort((a, b) => a - b);
}

function inside(set, i, px, py) {
  const b = 4 * i;
  if (px < set.box[b] || px > set.box[b + 2] || py < set.box[b + 1] || py > set.box[b + 3])
    return false;
  return crossings(set, i, py).filter((x) => x < px).length % 2 === 1;
}

// a point that is on the roof itself, also where the roof is a ring or an L
function anchor(set, i) {
  const b = 4 * i;
  const level = (set.box[b + 1] + set.box[b + 3]) / 2;
  const found = crossings(set, i, level);
  let best = [set.box[b], set.box[b + 2]];
  let width = -1;
  for (let j = 0; j + 1 < found.length; j += 2) {
    if (found[j + 1] - found[j] > width) {
      best = [found[j], found[j + 1]];
      width = best[1] - best[0];
    }
  }
  return [(best[0] + best[1]) / 2, level];
}

// the tables, as the rest of the page uses them
const world = shapes(data.buildings.shapes);
const footprints = unpack(data.buildings.areas).map((m2) => (m2 < 0 ? null : m2));
const ids = data.buildings.count ? data.buildings.ids.split("\n") : [];
const names = data.buildings.count ? data.buildings.names.split("\n") : [];
const typeOf = (row) => data.types[parseInt(data.buildings.types[row], 36)];
const typeName = (type) => say("enum.owner_type." + type);
const nameOf = (row) => names[row] || say("unnamed", { id: ids[row] });

const table = data.candidates;
const candidateOf = new Int32Array(data.buildings.count).fill(-1);
table.row.forEach((row, c) => (candidateOf[row] = c));
const ELIGIBLE = ["yes", "no", "unknown"];
const eligible = (c) => ELIGIBLE[+table.eligible[c]];
const word = (column, c) => data.words[table[column][c]];

const monthly = unpack(table.monthly);
const options = {
  kwp: unpack(table.options.kwp),
  kwh: unpack(table.options.kwh),
  rate: unpack(table.options.rate),
};

const counted = new Set(data.progress ? data.progress.denominator_rows : []);
const reached = new Set(data.progress ? data.progress.numerator_rows : []);
const existing = new Map(
  data.existing.row.map((row, i) => [
    row,
    { kwp: data.existing.kwp[i], projects: data.existing.projects[i] },
  ]),
);

// what the reader has chosen
const state = {
  query: "",
  types: new Set(data.types),
  eligible: new Set(ELIGIBLE),
  colour: new Set(table.row.map(typeOf)).size === 1 ? "capacity" : "type",
  layers: {
    candidates: true,
    cohort: true,
    existing: true,
    coverage: false,
    others: true,
    outlines: true,
  },
  selected: -1,
  shown: new Uint8Array(table.row.length).fill(1),
};
const listeners = [];
// layers that only some maps have: name, on, sign, count, legend, draw, has, card, panel
const extras = [];
const extra = (part, ...given) =>
  extras.flatMap((one) => (one[part] ? one[part](...given) : [])).filter(Boolean);
const changed = () => listeners.forEach((listener) => listener());

function applyFilters() {
  const query = state.query.trim().toLowerCase();
  for (let c = 0; c < table.row.length; c++) {
    const row = table.row[c];
    state.shown[c] =
      state.types.has(typeOf(row)) &&
      state.eligible.has(eligible(c)) &&
      (!query ||
        [names[row], ids[row], word("address", c)].some((t) => t.toLowerCase().includes(query)))
        ? 1
        : 0;
  }
  changed();
}
