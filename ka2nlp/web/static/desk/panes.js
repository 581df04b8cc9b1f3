// Panes: on a narrow screen text and labels take turns, and each keeps its place.
import { choosePane } from "./parts.js";

const places = {};

export function start() {
  const nav = document.querySelector(".panes");
  document.body.classList.add("takes-turns");
  const target = document.getElementById(location.hash.slice(1));
  choosePane(target?.closest("#labels") ? "labels" : "reading");
  nav.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    places[document.body.dataset.pane] = scrollY;
    choosePane(link.dataset.pane);
    scrollTo({ top: places[link.dataset.pane] ?? 0, behavior: "instant" });
  });
}
