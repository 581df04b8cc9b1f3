// Light: a label lights its evidence in the text, and a sentence lights the labels that it shows.
import { choosePane, codesOf, current, find, hold, name, rows, show, single } from "./parts.js";

const LINGER = 140; // milliseconds that a pointer rests on a label before the text moves
const reading = document.getElementById("reading");
const labels = document.getElementById("labels");
const strip = document.getElementById("strip-says");
const hint = strip.textContent;
let waiting = 0;
let lit = "";
let pinned = false; // a sentence that was clicked keeps the strip, so that its labels can be reached

const marks = (code) => [...document.querySelectorAll("mark[data-codes]")]
  .filter((mark) => codesOf(mark).includes(code));

// Light the evidence of a label; of none where the code is empty.
export function light(code, { move = false } = {}) {
  lit = code;
  const level = find(code)?.dataset.level ?? "";
  for (const mark of document.querySelectorAll("mark.lit")) mark.className = "";
  const found = code ? marks(code) : [];
  for (const mark of found) mark.className = `lit level-${level}`;
  if (move && found.length && !found.some(inView)) show(found[0]);
}

function inView(element) {
  const box = element.getBoundingClientRect();
  const frame = reading.getBoundingClientRect();
  return box.bottom > Math.max(frame.top, 0) && box.top < Math.min(frame.bottom, innerHeight) - 60;
}

// Say which labels a stretch of the text shows, and light them among the labels.
export function speak(codes, opening) {
  for (const row of rows()) row.classList.toggle("speaking", codes.includes(row.dataset.code));
  strip.replaceChildren(opening);
  codes.forEach((code, at) => {
    const link = document.createElement("a");
    link.href = `#label-${code}`;
    link.dataset.code = code;
    link.className = `level-${find(code)?.dataset.level}`;
    link.textContent = name(code);
    strip.append(at ? ", " : " ", link);
  });
}

export function hush() {
  pinned = false;
  for (const row of rows()) row.classList.remove("speaking");
  strip.textContent = hint;
}

function goTo(code) {
  const row = find(code);
  row.closest("details.section")?.setAttribute("open", "");
  if (single()) choosePane("labels");
  hold(code);
  document.getElementById(`name-${code}`).focus({ preventScroll: true });
  show(row);
}

function pointAtLabel(event) {
  const code = event.target.closest?.(".label")?.dataset.code ?? "";
  if (code === lit) return;
  clearTimeout(waiting);
  light(code);
  if (code) waiting = setTimeout(() => light(code, { move: !single() }), LINGER);
}

function focusLabel(event) {
  const row = event.target.closest(".label");
  if (!row) return;
  hold(row.dataset.code);
  light(row.dataset.code, { move: !single() });
}

function pointAtText(event) {
  if (pinned || !getSelection().isCollapsed) return;
  const codes = codesOf(event.target.closest?.("[data-codes]"));
  if (codes.length) speak(codes, "This sentence speaks for");
  else if (event.type === "pointerover") hush();
}

function pin(event) {
  if (event.target.closest(".strip") || !getSelection().isCollapsed) return;
  const codes = codesOf(event.target.closest("mark"));
  pinned = codes.length > 0;
  if (!pinned) return hush();
  speak(codes, "This sentence speaks for");
  const row = find(codes[0]);
  if (!single() && !row.closest("details.section:not([open])")) show(row);
}

function follow(event) {
  const link = event.target.closest("a");
  const code = link?.hash.replace("#label-", "");
  if (!code || !find(code)) return pin(event);
  event.preventDefault();
  return goTo(code);
}

// A quotation leads to its place in the text.
function followQuote(event) {
  const link = event.target.closest(".quotes a");
  if (!link) return;
  event.preventDefault();
  const code = link.closest(".label").dataset.code;
  if (single()) choosePane("reading");
  light(code);
  const target = document.querySelector(`.text [data-start="${link.dataset.start}"]`);
  if (target) show(target);
}

export function start() {
  labels.addEventListener("pointerover", pointAtLabel);
  labels.addEventListener("pointerleave", () => {
    clearTimeout(waiting);
    light(current()?.dataset.code ?? "");
  });
  labels.addEventListener("focusin", focusLabel);
  labels.addEventListener("click", followQuote);
  reading.addEventListener("pointerover", pointAtText);
  reading.addEventListener("pointerleave", () => pinned || !getSelection().isCollapsed || hush());
  reading.addEventListener("focusin", pointAtText);
  reading.addEventListener("click", follow);
  document.body.addEventListener("htmx:after:swap", () => {
    const code = current()?.dataset.code ?? "";
    if (code) hold(code);
    light(code);
  });
}
