"use strict";
// Adds up the stored counts of the groups that are chosen, and writes them into the tables.
(() => {
  const cube = JSON.parse(document.getElementById("cube").textContent);
  const form = document.getElementById("filters");
  const selects = [...form.querySelectorAll("select")];
  const shown = document.getElementById("shown");
  const rows = [...document.querySelectorAll("tr[data-column]")];
  const fields = { share: ".share", expected: ".expected b", range: ".expected small",
    decided: ".decided", check: ".check" };
  const whole = new Map(rows.map((row) => [row, {
    bar: row.querySelector(".bar").style.cssText,
    ...Object.fromEntries(Object.entries(fields).map(
      ([name, where]) => [name, row.querySelector(where).textContent])),
  }]));
  const all = shown.textContent;

  const grouped = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
  const count = (number) => Number.isInteger(number) || Math.abs(number) >= 9.95
    ? grouped.format(number) : number.toFixed(1);
  const percent = (share) => `${(100 * share).toFixed(1)}%`;

  function total(column, cells) {
    const sum = { n: 0, expected: 0, variance: 0, decided: 0, addressed: 0, check: 0 };
    for (const [, n, expected, variance, decided, addressed, check] of cells) {
      sum.n += n;
      sum.expected += expected[column];
      sum.variance += variance[column];
      sum.decided += decided[column];
      sum.addressed += addressed[column];
      sum.check += check[column];
    }
    return sum;
  }

  function describe(column, cells) {
    const sum = total(column, cells);
    const n = Math.max(sum.n, 1);
    const reach = 1.959964 * Math.sqrt(sum.variance);
    const low = Math.max(sum.expected - reach, 0);
    const high = Math.min(sum.expected + reach, sum.n);
    return {
      bar: `--a:${sum.addressed / n};--c:${sum.check / n};--e:${sum.expected / n};` +
        `--l:${low / n};--h:${high / n}`,
      share: sum.n ? percent(sum.expected / n) : "–",
      expected: count(sum.expected),
      range: `${count(low)} – ${count(high)}`,
      decided: count(sum.decided),
      check: sum.n ? percent(sum.check / n) : "–",
    };
  }

  function write(row, texts) {
    row.querySelector(".bar").style.cssText = texts.bar;
    for (const [name, where] of Object.entries(fields)) {
      row.querySelector(where).textContent = texts[name];
    }
  }

  function update() {
    const chosen = selects.map((select) => select.value);
    const filtered = chosen.some((value) => value !== "");
    const cells = cube.cells.filter(([places]) => chosen.every(
      (value, at) => value === "" || places[at] === Number(value)));
    for (const row of rows) {
      write(row, filtered ? describe(Number(row.dataset.column), cells) : whole.get(row));
    }
    const n = cells.reduce((sum, cell) => sum + cell[1], 0);
    shown.textContent = filtered ? `${count(n)} of ${all}` : all;
    document.body.classList.toggle("filtered", filtered);
  }

  form.hidden = false;
  form.addEventListener("change", update);
  form.addEventListener("reset", () => setTimeout(update));
  form.addEventListener("submit", (event) => event.preventDefault());
  update();
})();
