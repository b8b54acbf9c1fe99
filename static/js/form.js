// A form: dependent questions, dates said back, rows added, nothing lost by leaving.
const form = document.getElementById("crf");
const named = (name) => [...form.elements].filter((each) => each.name === name || each.name.startsWith(`${name}_`) && /_[01]$/.test(each.name));
const values = (name) =>
  named(name).filter((each) => (/radio|checkbox/.test(each.type) ? each.checked : each.value)).map((each) => each.value);

// A dependent question opens under its parent; closing one never hides what was typed in it.
const open = () => {
  for (const question of form.querySelectorAll("[data-parent]")) {
    const codes = question.dataset.codes.split(" ");
    const asked = values(question.dataset.parent).some((value) => codes.includes(value));
    const holds = values(question.dataset.question).length > 0;
    question.hidden = !asked && !holds && !question.classList.contains("wrong");
    question.classList.toggle("closed-but-answered", !asked && holds);
  }
};

// Dates as typed, said back in full. The server reads them again: this is only an echo.
const months = ["jan", "feb", "mar|mrt|maa", "apr", "may|mei", "jun", "jul", "aug", "sep", "oct|okt", "nov", "dec"];
const say = (text) => {
  const typed = text.trim().toLowerCase();
  let found;
  if ((found = typed.match(/^-(\d{1,4})d$/))) return new Date(Date.now() - found[1] * 864e5);
  if ((found = typed.match(/^(\d{4})-(\d{1,2})-(\d{1,2})$/))) return new Date(found[1], found[2] - 1, found[3]);
  if ((found = typed.match(/^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})$/))) return new Date(year(found[3]), found[2] - 1, found[1]);
  if ((found = typed.match(/^(\d{1,2})[-/. ]*([a-z]+)\.?[-/. ]*(\d{4}|\d{2})$/))) {
    const month = months.findIndex((names) => names.split("|").some((name) => found[2].startsWith(name)));
    return month < 0 ? null : new Date(year(found[3]), month, found[1]);
  }
  return null;
};
const year = (digits) => (digits.length === 2 ? 2000 + Number(digits) : Number(digits));
const echo = (input) => {
  const place = input.closest(".question")?.querySelector(".echo");
  const day = say(input.value);
  if (place) place.textContent = day && !isNaN(day) ? day.toLocaleDateString("en-GB", {weekday: "short", day: "numeric", month: "long", year: "numeric"}) : "";
};

let dirty = false;
if (form) {
  form.addEventListener("input", (event) => {
    dirty = true;
    if (event.target.dataset.date) echo(event.target);
    open();
  });
  form.addEventListener("submit", () => { dirty = false; });
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  for (const input of form.querySelectorAll("[data-date]")) echo(input);
  // A radio that is clicked again is no answer again.
  form.addEventListener("click", (event) => {
    const radio = event.target.closest("input[type=radio]");
    if (!radio) return;
    const was = radio.dataset.was === "yes";
    for (const each of named(radio.name)) each.dataset.was = "";
    if (was) { radio.checked = false; radio.dispatchEvent(new Event("input", {bubbles: true})); radio.dispatchEvent(new Event("change", {bubbles: true})); } else radio.dataset.was = "yes";
  });
  for (const radio of form.querySelectorAll("input[type=radio]:checked")) radio.dataset.was = "yes";
  for (const button of form.querySelectorAll("[data-add-row]")) {
    button.addEventListener("click", () => {
      const rows = button.closest("[data-rows]");
      const total = form.elements[`${rows.dataset.rows}-TOTAL_FORMS`];
      const added = document.createElement("div");
      added.innerHTML = rows.querySelector("template").innerHTML.replaceAll("__prefix__", total.value);
      button.parentElement.before(...added.children);
      total.value = Number(total.value) + 1;
      open();
      rows.querySelector("[data-row]:last-of-type input")?.focus();
    });
  }
  open();
}
