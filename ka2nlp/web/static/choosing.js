// A form with data-choose is sent as soon as something else is chosen; its button is not needed then.
for (const form of document.querySelectorAll("form[data-choose]")) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
}
