// The panel: how far from the target, who counts, and which roofs bring the district there.

function panel(choose) {
  const list = candidateList(choose);
  const body = el("div", { class: "panel-body", tabindex: "-1" }, headline(choose), ...extra("panel", choose), list.element);
  const fold = el(
    "button",
    { class: "fold", type: "button", "aria-expanded": "true", title: say("fold") },
    "‹",
  );
  const handle = el("button", { class: "handle", type: "button", "aria-label": say("fold") });
  const element = el(
    "aside",
    { id: "hexi-panel", "aria-label": say("panel") },
    el(
      "div",
      { class: "panel-head" },
      handle,
      el(
        "div",
        {},
        el("h1", { class: "user" }, data.title),
        el("p", { class: "quiet" }, say("as_of", { date: data.date })),
      ),
      fold,
    ),
    data.synthetic ? el("p", { class: "banner" }, say("synthetic")) : null,
    body,
  );
  for (const button of [fold, handle]) {
    button.addEventListener("click", () => {
      const folded = document.body.classList.toggle("folded");
      fold.textContent = folded ? "›" : "‹";
      fold.setAttribute("aria-expanded", String(!folded));
    });
  }
  list.watch(body);
  return element;
}
