// The parts of the desk that others ask for: labels, the one in hand, and the line that is read out.
const labels = document.getElementById("labels");
let inHand = "";

export const find = (code) => document.getElementById(`label-${code}`);
export const name = (code) => {
  const row = find(code);
  return row ? `${code} ${row.dataset.name}` : code;
};
export const codesOf = (element) => (element?.dataset.codes ?? "").split(" ").filter(Boolean);
export const current = () => find(inHand);
export const rows = () => [...labels.querySelectorAll(".label")];

// Mark a label as the one in hand, to which keys and marked evidence go.
export function hold(code) {
  inHand = code;
  for (const row of rows()) row.classList.toggle("current", row.dataset.code === code);
}

export function say(words, alarming = false) {
  const said = document.getElementById("said");
  said.classList.toggle("alarming", alarming);
  said.textContent = words;
}

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Bring an element into the middle of its pane, unless it is in view already.
export function show(element) {
  const pane = element.closest(".reading, .labels");
  const box = element.getBoundingClientRect();
  const scrolls = getComputedStyle(pane).overflowY === "auto";
  const frame = scrolls ? pane.getBoundingClientRect() : { top: 0, bottom: innerHeight };
  if (box.top >= frame.top + 90 && box.bottom <= frame.bottom - 60) return;
  element.scrollIntoView({ block: "center", behavior: still() ? "instant" : "smooth" });
}

// Tell whether only one pane is on the screen, and give or choose which.
export const single = () => getComputedStyle(document.querySelector(".panes")).display !== "none";
export function choosePane(pane) {
  document.body.dataset.pane = pane;
  for (const link of document.querySelectorAll(".panes a")) {
    if (link.dataset.pane === pane) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}
