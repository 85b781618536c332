// Colours and patterns, and what they say.

// after Okabe and Ito: told apart by colour-blind people; the second of a colour is striped
const PALETTE = {
  school: ["#0072b2", false],
  university: ["#0072b2", true],
  hospital: ["#d55e00", false],
  government: ["#009e73", false],
  office: ["#009e73", true],
  culture: ["#cc79a7", false],
  sport: ["#cc79a7", true],
  mall: ["#e69f00", false],
  hotel: ["#e69f00", true],
  transport: ["#56b4e9", false],
  residential: ["#56b4e9", true],
  industrial: ["#7a6a00", false],
  other: ["#4a4f57", false],
  unknown: ["#8a929c", true],
};
const CAPACITY = {
  breaks: [100, 200, 400, 800],
  colours: ["#c7e3d6", "#7fc4b8", "#3a9ba5", "#1f6a8c", "#173b63"],
};
const COVERAGE = {
  breaks: [0.1, 0.25, 0.5, 0.75],
  colours: ["#f7eed9", "#eddcb3", "#dfc48a", "#cba963", "#b08a3f"],
};
const COHORT = "#b3126b";
const PV = "#12275a";

const step = (scale, value) => scale.colours[scale.breaks.filter((b) => value >= b).length];

const tiles = new Map();
function striped(context, colour, ground) {
  const key = colour + ground;
  if (!tiles.has(key)) {
    const tile = el("canvas", { width: 6, height: 6 });
    const pen = tile.getContext("2d");
    pen.fillStyle = ground;
    pen.fillRect(0, 0, 6, 6);
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    pen.beginPath();
    for (const shift of [-6, 0, 6]) {
      pen.moveTo(shift - 1, 7);
      pen.lineTo(shift + 7, -1);
    }
    pen.stroke();
    tiles.set(key, context.createPattern(tile, "repeat"));
  }
  return tiles.get(key);
}

// how one candidate is painted: fill (null for none), line, dashes
function paintOf(c) {
  const type = typeOf(table.row[c]);
  const [own, stripes] = PALETTE[type];
  const byType = state.colour === "type";
  const colour = byType ? own : step(CAPACITY, table.capacity_kwp[c]);
  const dash = byType && stripes ? [4, 2] : [];
  if (eligible(c) === "unknown")
    return { fill: null, line: byType ? own : darker(colour), dash, width: 2 };
  if (eligible(c) === "no")
    return { fill: "#d5d9de", line: byType ? own : darker(colour), dash: [1, 2], width: 1 };
  const ground = type === "unknown" ? "#dfe2e6" : "#ffffff";
  return {
    fill: colour,
    stripes: byType && stripes ? ground : null,
    line: byType ? own : "#ffffff",
    dash: [],
    width: 0.8,
  };
}
const darker = (colour) => (CAPACITY.colours.indexOf(colour) < 2 ? "#3a9ba5" : colour);

// the small sample of an owner type in lists and legends
function swatch(type) {
  const [colour, stripes] = PALETTE[type];
  const box = svg("svg", { class: "swatch", viewBox: "0 0 14 14", "aria-hidden": "true" });
  box.append(
    svg("rect", {
      x: 1,
      y: 1,
      width: 12,
      height: 12,
      rx: 2,
      fill: stripes ? (type === "unknown" ? "#dfe2e6" : "#fff") : colour,
      stroke: colour,
    }),
  );
  if (stripes)
    box.append(
      svg("path", {
        d: "M1 6 6 1M1 13 13 1M8 13 13 8",
        stroke: colour,
        "stroke-width": 2,
        fill: "none",
      }),
    );
  return box;
}
