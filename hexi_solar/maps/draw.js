// The study on one canvas. Leaflet pans and zooms it; a view is drawn again when it rests.

const areas = data.areas.count ? shapes(data.areas.shapes) : null;
const boundary = data.boundary.count ? shapes(data.boundary.shapes) : null;
const zones = data.zones.count ? shapes(data.zones.shapes) : null;

const StudyCanvas = L.Renderer.extend({
  options: { padding: 0.25 },

  _initContainer() {
    this._container = el("canvas", { class: "hexi-canvas" });
    this._pen = this._container.getContext("2d");
    this.drawn = {};
  },

  _updatePaths() {},

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    const ratio = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._container.width = ratio * size.x;
    this._container.height = ratio * size.y;
    this._container.style.width = size.x + "px";
    this._container.style.height = size.y + "px";
    this.draw();
  },

  // draw the view again; the order is from the ground up
  draw() {
    const ratio = window.devicePixelRatio || 1;
    const { min, max } = this._bounds;
    const origin = this._map.getPixelOrigin();
    this.factor = 2 ** this._map.getZoom();
    this.shift = [-origin.x, -origin.y];
    this.view = [min.x + origin.x, min.y + origin.y, max.x + origin.x, max.y + origin.y].map(
      (v) => v / this.factor,
    );
    this.drawn = { areas: 0, outlines: 0, others: 0, candidates: 0, cohort: 0, existing: 0 };
    this._pen.setTransform(1, 0, 0, 1, 0, 0);
    this._pen.clearRect(0, 0, this._container.width, this._container.height);
    this._pen.setTransform(ratio, 0, 0, ratio, -ratio * min.x, -ratio * min.y);
    this._pen.lineJoin = "round";
    if (areas) this._areas();
    if (state.layers.outlines) this._outlines();
    if (state.layers.others) this._others();
    if (state.layers.candidates) this._candidates();
    if (state.layers.cohort) this._cohort();
    for (const one of extras) if (state.layers[one.name]) one.draw(this);
    if (state.layers.existing) this._existing();
    if (areas) this._names();
    if (state.selected >= 0) this._selected();
  },

  _visible(set, i) {
    const b = 4 * i;
    const box = set.box;
    const view = this.view;
    return (
      box[b] <= view[2] && box[b + 2] >= view[0] && box[b + 1] <= view[3] && box[b + 3] >= view[1]
    );
  },

  // larger side of a shape on the screen
  _side(set, i) {
    const b = 4 * i;
    return Math.max(set.box[b + 2] - set.box[b], set.box[b + 3] - set.box[b + 1]) * this.factor;
  },

  // add a shape to the path, leaving out corners that nobody could see
  _trace(set, i) {
    const pen = this._pen;
    const [dx, dy] = this.shift;
    for (let r = set.rings[i]; r < set.rings[i + 1]; r++) {
      let [lastX, lastY] = [NaN, NaN];
      for (let j = set.starts[r]; j < set.starts[r + 1]; j++) {
        const px = set.x[j] * this.factor + dx;
        const py = set.y[j] * this.factor + dy;
        if (Number.isNaN(lastX)) pen.moveTo(px, py);
        else if (Math.abs(px - lastX) + Math.abs(py - lastY) < 0.6) continue;
        else pen.lineTo(px, py);
        [lastX, lastY] = [px, py];
      }
      pen.closePath();
    }
  },

  _areas() {
    const pen = this._pen;
    for (let i = 0; i < areas.count; i++) {
      if (!this._visible(areas, i)) continue;
      const rate = data.areas.rate[i];
      pen.beginPath();
      this._trace(areas, i);
      if (state.layers.coverage) {
        pen.fillStyle = rate === null ? striped(pen, "#c3c9d0", "#eceff2") : step(COVERAGE, rate);
        pen.fill("evenodd");
      }
      pen.strokeStyle = state.layers.coverage ? "#ffffff" : "#c9d0d8";
      pen.lineWidth = 1.2;
      pen.stroke();
      this.drawn.areas++;
    }
  },

  _outlines() {
    const pen = this._pen;
    for (const [set, colour, dash, width] of [
      [zones, "#7a5cc2", [6, 3], 1.5],
      [boundary, "#4a5560", [8, 3, 2, 3], 1.8],
    ]) {
      if (!set) continue;
      pen.beginPath();
      for (let i = 0; i < set.count; i++) {
        this._trace(set, i);
        this.drawn.outlines++;
      }
      pen.setLineDash(dash);
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.stroke();
    }
    pen.setLineDash([]);
  },

  _others() {
    const pen = this._pen;
    const hide = state.layers.candidates;
    let waiting = 0;
    pen.fillStyle = state.layers.coverage ? "rgba(120,130,142,0.45)" : "#cdd3da";
    pen.beginPath();
    for (let i = 0; i < world.count; i++) {
      const c = candidateOf[i];
      if ((hide && c >= 0 && state.shown[c]) || !this._visible(world, i)) continue;
      if (this._side(world, i) < 2) {
        const b = 4 * i;
        pen.rect(
          world.box[b] * this.factor + this.shift[0],
          world.box[b + 1] * this.factor + this.shift[1],
          1.3,
          1.3,
        );
      } else {
        this._trace(world, i);
      }
      this.drawn.others++;
      // short paths fill faster than one of all shapes
      if (++waiting % 64 === 0) {
        pen.fill("evenodd");
        pen.beginPath();
      }
    }
    pen.fill("evenodd");
  },

  _dot(row, radius) {
    const [x, y] = this.point(row);
    this._pen.moveTo(x + radius, y);
    this._pen.arc(x, y, radius, 0, 2 * Math.PI);
  },

  // where a building is on the canvas
  point(row) {
    const [x, y] = anchor(world, row);
    return [x * this.factor + this.shift[0], y * this.factor + this.shift[1]];
  },

  small(row) {
    return this._side(world, row) < 11;
  },

  radius(c) {
    const nearness = Math.max(0.55, Math.min(1, (this._map.getZoom() - 9) / 4.5));
    return nearness * Math.min(7, 2.6 + Math.sqrt(table.capacity_kwp[c]) / 8);
  },

  // small ones over large ones, better ones over worse ones
  _candidates() {
    const pen = this._pen;
    for (let c = table.row.length - 1; c >= 0; c--) {
      const row = table.row[c];
      if (!state.shown[c] || !this._visible(world, row)) continue;
      const paint = paintOf(c);
      pen.beginPath();
      if (this.small(row)) this._dot(row, this.radius(c));
      else this._trace(world, row);
      pen.fillStyle =
        paint.fill === null
          ? "#ffffff"
          : paint.stripes
            ? striped(pen, paint.fill, paint.stripes)
            : paint.fill;
      pen.fill("evenodd");
      pen.setLineDash(paint.dash);
      pen.strokeStyle = paint.line;
      pen.lineWidth = paint.width;
      pen.stroke();
      this.drawn.candidates++;
    }
    pen.setLineDash([]);
  },

  _cohort() {
    const pen = this._pen;
    for (const row of counted) {
      if (!this._visible(world, row)) continue;
      const c = candidateOf[row];
      pen.beginPath();
      if (this.small(row)) this._dot(row, (c >= 0 && state.shown[c] ? this.radius(c) : 3) + 2);
      else this._trace(world, row);
      pen.strokeStyle = "#ffffff";
      pen.lineWidth = 4.5;
      pen.stroke();
      pen.strokeStyle = COHORT;
      pen.lineWidth = 2.4;
      pen.stroke();
      this.drawn.cohort++;
    }
  },

  // PV that feeds today: a small panel of four cells
  _existing() {
    const pen = this._pen;
    const size = this._map.getZoom() < 14.5 ? 0.62 : 1;
    for (const row of existing.keys()) {
      if (!this._visible(world, row)) continue;
      const [x, y] = this.point(row);
      pen.fillStyle = "#ffffff";
      pen.fillRect(x - 6 * size, y - 5 * size, 12 * size, 10 * size);
      pen.fillStyle = PV;
      for (const [dx, dy] of [
        [-5, -4],
        [0.5, -4],
        [-5, 0.5],
        [0.5, 0.5],
      ]) {
        pen.fillRect(x + dx * size, y + dy * size, 4.5 * size, 3.5 * size);
      }
      this.drawn.existing++;
    }
  },

  _names() {
    const pen = this._pen;
    pen.font = '12px "Noto Sans SC","Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif';
    pen.textAlign = "center";
    pen.lineWidth = 3.5;
    pen.strokeStyle = "rgba(255,255,255,0.9)";
    pen.fillStyle = "#46525e";
    const taken = [];
    for (let i = 0; i < areas.count; i++) {
      if (!this._visible(areas, i) || this._side(areas, i) < 70) continue;
      const [ax, ay] = anchor(areas, i);
      const place = [ax * this.factor + this.shift[0], ay * this.factor + this.shift[1]];
      const measured = state.layers.coverage && known(data.areas.rate[i]);
      const rate = measured ? "  " + percent(data.areas.rate[i]) : "";
      const name = data.areas.names[i] + rate;
      // a name that would stand on another one is left out until the map is nearer
      const half = pen.measureText(name).width / 2 + 4;
      const clear = ([x, y, other]) =>
        Math.abs(x - place[0]) > half + other || Math.abs(y - place[1]) > 16;
      if (!taken.every(clear)) continue;
      taken.push([...place, half]);
      pen.strokeText(name, ...place);
      pen.fillText(name, ...place);
    }
  },

  _selected() {
    const pen = this._pen;
    pen.beginPath();
    if (this.small(state.selected)) this._dot(state.selected, 10);
    else this._trace(world, state.selected);
    pen.strokeStyle = "#ffffff";
    pen.lineWidth = 6;
    pen.stroke();
    pen.strokeStyle = "#111820";
    pen.lineWidth = 2.6;
    pen.stroke();
  },

  // which building is at a point of the map: candidates first, then small ones
  at(latlng) {
    const p = this._map.project(latlng, 0);
    const reach = 9 / this.factor;
    let [best, rank] = [-1, Infinity];
    for (const row of grid().near(p.x, p.y, reach)) {
      const c = candidateOf[row];
      const shown = c >= 0 && state.shown[c] && state.layers.candidates;
      const marked =
        shown ||
        (counted.has(row) && state.layers.cohort) ||
        (existing.has(row) && state.layers.existing) ||
        extras.some((one) => state.layers[one.name] && one.has(row));
      if (!marked && !state.layers.others) continue;
      let order = Infinity;
      if (inside(world, row, p.x, p.y)) {
        order = (marked ? 1e3 : 2e3) + this._side(world, row) / 1e3;
      } else if (marked && this.small(row)) {
        const [x, y] = anchor(world, row);
        const distance = Math.hypot(x - p.x, y - p.y);
        if (distance <= reach) order = distance * this.factor;
      }
      if (order < rank) [best, rank] = [row, order];
    }
    return best;
  },
});

// buildings by squares of a coarse grid, made when the pointer first asks
let squares = null;
function grid() {
  if (squares) return squares;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < world.count; i++) {
    left = Math.min(left, world.box[4 * i]);
    top = Math.min(top, world.box[4 * i + 1]);
    right = Math.max(right, world.box[4 * i + 2]);
    bottom = Math.max(bottom, world.box[4 * i + 3]);
  }
  const side = Math.max(right - left, bottom - top, 1e-9) / 128;
  const cells = new Map();
  const key = (column, line) => line * 1000 + column;
  const range = (low, high, start) => [
    Math.floor((low - start) / side),
    Math.floor((high - start) / side),
  ];
  const each = (box, visit) => {
    const [c0, c1] = range(box[0], box[2], left);
    const [l0, l1] = range(box[1], box[3], top);
    for (let l = Math.max(l0, 0); l <= Math.min(l1, 128); l++)
      for (let c = Math.max(c0, 0); c <= Math.min(c1, 128); c++) visit(key(c, l));
  };
  for (let i = 0; i < world.count; i++) {
    each(world.box.subarray(4 * i, 4 * i + 4), (k) =>
      cells.has(k) ? cells.get(k).push(i) : cells.set(k, [i]),
    );
  }
  squares = {
    near(x, y, reach) {
      const found = new Set();
      each([x - reach, y - reach, x + reach, y + reach], (k) =>
        (cells.get(k) || []).forEach((i) => found.add(i)),
      );
      return found;
    },
  };
  return squares;
}
