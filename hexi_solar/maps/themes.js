// What buildings use per floor area, and what their measures would save.

const THEME_SCALES = {
  intensity: { breaks: [40, 80, 120, 200], colours: ["#eef3d2", "#cfdc8c", "#a3b84f", "#6f8a2b", "#435a18"] },
  measures: { breaks: [10, 20, 30, 40], colours: ["#e7e1f1", "#c5b6e0", "#9d86c9", "#7357a8", "#4b2f7d"] },
};
for (const [name, theme] of Object.entries(data.themes)) {
  const place = new Map(theme.row.map((row, i) => [row, i]));
  const scale = THEME_SCALES[name];
  state.layers[name] = false;
  extras.push({
    name,
    count: theme.row.length,
    sign: () => key("theme-" + name),
    has: (row) => place.has(row),
    legend: () => scaleLegend(scale, say("theme.unit_" + name), (v) => number(v)),
    draw(canvas) {
      const pen = canvas._pen;
      canvas.drawn[name] = 0;
      theme.row.forEach((row, i) => {
        if (!canvas._visible(world, row)) return;
        pen.beginPath();
        if (canvas.small(row)) canvas._dot(row, 4.5);
        else canvas._trace(world, row);
        pen.fillStyle = step(scale, theme.value[i]);
        pen.fill("evenodd");
        pen.strokeStyle = scale.colours[4];
        pen.setLineDash(theme.assumed && theme.assumed[i] === "1" ? [2, 2] : []);
        pen.lineWidth = 1;
        pen.stroke();
        pen.setLineDash([]);
        canvas.drawn[name]++;
      });
    },
    card(row) {
      const i = place.get(row);
      if (i === undefined) return [];
      const value = quantity(theme.value[i], say("theme.unit_" + name), 1);
      const guess = theme.assumed && theme.assumed[i] === "1" ? " " + say("theme.assumed") : "";
      const many = theme.count ? " " + say("theme.count", { count: theme.count[i] }) : "";
      return [el("dl", { class: "facts" }, ...fact(say("layer_" + name), value + guess + many))];
    },
  });
}
