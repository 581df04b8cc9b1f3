// Marking: what is selected in the text becomes evidence for a label.
import { codesOf, current, name, rows, say } from "./parts.js";
import { hush, speak } from "./light.js";

const form = document.getElementById("mark");
let selected = null; // [start, end] in characters of the text

const length = (string) => [...string].length; // offsets count code points, as Python does

// Give the offset in the text of a place in the page; null outside of it.
function offsetOf(node, offset) {
  const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
  const stretch = element.closest("#text [data-start]");
  if (!stretch) return null;
  const before = node.nodeType === Node.TEXT_NODE ? length(node.data.slice(0, offset))
    : offset > 0 ? length(stretch.textContent) : 0;
  return Math.min(Number(stretch.dataset.start) + before, Number(stretch.dataset.end));
}

const stretches = () => [...document.querySelectorAll("#text [data-start]")];

// Give what is selected: all stretches that it touches, cut to the offsets where it begins and ends.
function read() {
  const selection = getSelection();
  if (selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0);
  const touched = stretches().filter((one) => range.intersectsNode(one));
  if (!touched.length) return null;
  const start = offsetOf(range.startContainer, range.startOffset) ?? Number(touched[0].dataset.start);
  const end = offsetOf(range.endContainer, range.endOffset) ?? Number(touched.at(-1).dataset.end);
  if (end <= start || !range.toString().trim()) return null;
  const codes = touched
    .filter((one) => Number(one.dataset.start) < end && Number(one.dataset.end) > start)
    .flatMap(codesOf);
  return { start, end, codes: [...new Set(codes)] };
}

function notice() {
  if (form?.contains(document.activeElement)) return; // choosing a label is no new selection
  const found = read();
  const before = selected;
  selected = found && [found.start, found.end];
  if (form) form.hidden = !found;
  if (!found) {
    if (before) hush(); // else a click only: it may have pinned a sentence
    return;
  }
  speak(found.codes, found.codes.length ? "What you selected speaks for" : "What you selected speaks for no label yet.");
  if (form && current()) form.elements.code.value = current().dataset.code;
}

// Use what is selected as evidence for the label in hand; tell what is missing.
export function use() {
  if (!form) return;
  if (!selected) say("Select the words first, then press e.");
  else if (!current() && !form.contains(document.activeElement)) say("Choose a label first.");
  else form.requestSubmit();
}

// Select the sentence after or before the one that is selected or pointed at.
export function step(by) {
  const sentences = [...new Set(stretches().map((one) => one.dataset.sentence).filter(Boolean))]
    .map(Number);
  const here = selected && stretches().find((one) => Number(one.dataset.end) > selected[0]
    && one.dataset.sentence);
  const at = here ? sentences.indexOf(Number(here.dataset.sentence)) + by : by > 0 ? 0 : sentences.length - 1;
  const number = sentences[Math.min(Math.max(at, 0), sentences.length - 1)];
  const parts = document.querySelectorAll(`#text [data-sentence="${number}"]`);
  const range = document.createRange();
  range.setStartBefore(parts[0].firstChild);
  range.setEndAfter(parts[parts.length - 1].firstChild);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  return parts[0];
}

function submit() {
  form.elements.add.value = selected ? selected.join("-") : "";
  form.elements.key.value = [...crypto.getRandomValues(new Uint32Array(4))]
    .map((part) => part.toString(16)).join("");
}

export function start() {
  document.addEventListener("selectionchange", notice);
  if (!form) return;
  for (const row of rows()) {
    form.elements.code.append(new Option(name(row.dataset.code), row.dataset.code));
  }
  form.addEventListener("submit", submit, { capture: true });
  document.body.addEventListener("htmx:after:swap", (event) => {
    if (event.target === form || event.detail?.ctx?.sourceElement === form) getSelection().removeAllRanges();
  });
}
