// Keys: every action of the desk by one key; they can be switched off.
import { current, find, hold, rows, say, show } from "./parts.js";
import { light } from "./light.js";
import { step, use } from "./marking.js";

const labels = document.getElementById("labels");
const dialog = document.getElementById("keys");
const useKeys = document.getElementById("use-keys");
const goOn = document.getElementById("go-on");
let decidedByKey = "";

// What j and k stop at: every label in sight, and each fold.
const stops = () => [...labels.querySelectorAll(".label, .not-addressed > summary")]
  .filter((one) => one.matches("summary") || !one.closest("details.section:not([open])"));

function visit(stop) {
  if (!stop) return;
  if (stop.matches("summary")) {
    hold("");
    light("");
    stop.focus({ preventScroll: true });
  } else {
    find(stop.dataset.code).querySelector("summary").focus({ preventScroll: true });
  }
  show(stop);
}

function move(by) {
  const all = stops();
  const here = document.activeElement.closest?.(".not-addressed > summary") ?? current();
  const at = all.indexOf(here);
  visit(at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by]);
}

function decide(verdict) {
  const row = current();
  if (!row) return say("Choose a label first: j takes the next one.");
  const button = document.getElementById(`${verdict}-${row.dataset.code}`);
  if (!button) return say("This proposal is finished. Open it again to decide.");
  if (button.getAttribute("aria-pressed") === "true") return say("That stands already.");
  decidedByKey = row.dataset.code;
  return button.click();
}

// After a decision by key: the next suggested label without one, if that is wanted.
function goToOpen() {
  const code = decidedByKey;
  decidedByKey = "";
  if (!code || !goOn.checked) return;
  const all = rows();
  const at = all.indexOf(find(code));
  const open = (row) => row.dataset.open === "true";
  visit([...all.slice(at + 1), ...all.slice(0, at)].find(open));
}

function turn() {
  const among = labels.contains(document.activeElement);
  if (among) document.getElementById("reading").focus();
  else if (current()) visit(current());
  else move(1);
}

const follow = (relation) => document.querySelector(`.steps a[rel="${relation}"]`)?.click();
const about = () => current()?.querySelector("summary").click();

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  a: () => decide("yes"),
  r: () => decide("no"),
  u: () => decide("unsure"),
  z: () => document.getElementById("undo")?.click(),
  d: about,
  e: use,
  "[": () => show(step(-1)),
  "]": () => show(step(1)),
  t: turn,
  n: () => follow("next"),
  p: () => follow("prev"),
  f: () => document.getElementById("finish")?.click(),
  "?": () => dialog.showModal(),
};

function press(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  if (event.target.closest?.("input, textarea, select")) return;
  const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (arrow && labels.contains(event.target)) {
    event.preventDefault();
    move(arrow);
  } else if (useKeys.checked && Object.hasOwn(KEYS, event.key)) {
    event.preventDefault();
    KEYS[event.key]();
  }
}

// Remember a choice on this device.
function remember(box) {
  const kept = localStorage.getItem(box.id);
  if (kept !== null) box.checked = kept === "true";
  box.addEventListener("change", () => localStorage.setItem(box.id, box.checked));
}

export function start() {
  remember(useKeys);
  remember(goOn);
  document.addEventListener("keydown", press);
  document.addEventListener("click", (event) => {
    if (event.target.closest("#open-keys")) dialog.showModal();
  });
  document.body.addEventListener("htmx:after:swap", goToOpen);
  document.body.classList.add("has-keys");
}
