// The page comes together; what it counts can be read from outside as `hexiMap`.

function failed(error) {
  const box = document.getElementById("hexi-state") || el("div", { id: "hexi-state" });
  box.className = "failed";
  box.textContent = say("failed") + " " + error.message;
  document.body.append(box);
}

function start(map) {
  const body = document.body;
  const holder = map.getContainer();
  holder.id && holder.setAttribute("aria-label", say("map"));
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const choose = (row) => {
    if (narrow()) body.classList.add("folded");
    const latlng = map.unproject(L.point(...anchor(world, row)), 0);
    map.once("moveend", () => setTimeout(() => show(row, latlng)));
    const zoom = Math.max(map.getZoom(), 17.5);
    calm
      ? map.setView(latlng, zoom, { animate: false })
      : map.flyTo(latlng, zoom, { duration: 0.7 });
  };

  // the panel first, so that the map knows its size
  const [head, foot] = printed();
  body.prepend(head, panel(choose));
  body.append(foot);
  if (narrow()) body.classList.add("folded");
  map.invalidateSize({ animate: false });
  map.fitBounds(data.bounds, { ...room(), animate: false });

  const canvas = new StudyCanvas({ pane: "overlayPane" });
  canvas.addTo(map);
  listeners.push(() => canvas.draw());
  furniture(map, () => canvas.draw());
  extra("control", map, () => canvas.draw());

  const cardWidth = Math.min(356, window.innerWidth - 64);
  const popup = L.popup({ maxWidth: cardWidth, minWidth: cardWidth, className: "hexi-popup" });
  const show = (row, latlng) => {
    state.selected = row;
    body.classList.add("reading");
    popup.options.maxHeight = Math.max(
      220,
      Math.min(500, map.getSize().y - (narrow() ? 190 : 110)),
    );
    popup.options.autoPanPaddingTopLeft = narrow() ? [10, 14] : [74, 14];
    popup.options.autoPanPaddingBottomRight = narrow()
      ? [10, 90]
      : [mapWidth() > 700 ? 254 : 20, 40];
    popup.setContent(details(row)).setLatLng(latlng).openOn(map);
    popup
      .getElement()
      .querySelector(".leaflet-popup-close-button")
      .setAttribute("aria-label", say("close"));
    canvas.draw();
  };
  map.on("popupclose", () => {
    state.selected = -1;
    body.classList.remove("reading");
    canvas.draw();
  });
  map.on("click", (event) => {
    const row = canvas.at(event.latlng);
    if (row >= 0) show(row, event.latlng);
  });
  hover(map, canvas);

  // the map follows its frame: folding, turning a phone, printing
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(holder);
  onPaper(map);

  document.getElementById("hexi-state").remove();
  body.classList.add("ready");
  publish(map, canvas);
}

// the page takes the size of the sheet before the printer looks at it
function onPaper(map) {
  let before = null;
  window.addEventListener("beforeprint", () => {
    before = [map.getCenter(), map.getZoom()];
    const view = map.getBounds();
    const whole = view.contains(data.bounds);
    map.closePopup();
    document.body.classList.add("printing");
    map.invalidateSize({ animate: false });
    map.fitBounds(whole ? data.bounds : view, { ...(whole ? room() : {}), animate: false });
  });
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("printing");
    map.invalidateSize({ animate: false });
    if (before) map.setView(...before, { animate: false });
  });
}

function hover(map, canvas) {
  if (!window.matchMedia("(hover: hover)").matches) return;
  const tip = L.tooltip({ direction: "top", offset: [0, -8], className: "hexi-tip" });
  let [current, latest, waiting] = [-1, null, false];
  const look = () => {
    waiting = false;
    const row = latest ? canvas.at(latest) : -1;
    map.getContainer().classList.toggle("pointing", row >= 0);
    if (row >= 0 && row !== current) tip.setContent(hint(row));
    current = row;
    row >= 0 ? tip.setLatLng(latest).addTo(map) : tip.remove();
  };
  const ask = (latlng) => {
    latest = latlng;
    if (!waiting) requestAnimationFrame(look);
    waiting = true;
  };
  map.on("mousemove", (event) => ask(event.latlng));
  map.on("mouseout movestart", () => ask(null));
}

// for tests and for the page around: numbers, never the data itself
function publish(map, canvas) {
  const rowOf = (id) => ids.indexOf(id);
  const seen = {
    counts: Object.freeze({
      buildings: world.count,
      candidates: table.row.length,
      cohort: counted.size,
      existing: existing.size,
      areas: areas ? areas.count : 0,
    }),
    drawn: () => ({ ...canvas.drawn }),
    shown: () => state.shown.reduce((sum, value) => sum + value, 0),
    position: (id) => {
      const row = rowOf(id);
      if (row < 0) return null;
      const p = map.latLngToContainerPoint(map.unproject(L.point(...anchor(world, row)), 0));
      const frame = map.getContainer().getBoundingClientRect();
      return { x: p.x + frame.left, y: p.y + frame.top };
    },
    zoom: () => map.getZoom(),
    milliseconds: performance.now(),
  };
  Object.defineProperty(window, "hexiMap", { value: Object.freeze(seen), writable: false });
}

window.hexiSolar = (map) => {
  try {
    start(map);
  } catch (error) {
    failed(error);
    throw error;
  }
};
