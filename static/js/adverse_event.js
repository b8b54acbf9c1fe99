// Choosing an offered term or grade fills the inputs that are there without this script too.
const form = document.getElementById("crf");
const terms = document.getElementById("terms");
const grades = document.getElementById("grades");
const named = (name) => form.querySelector(`[name="${name}"]`);

const type = (input, text) => {
  input.value = text;
  for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, {bubbles: true}));
};

// The term leads on to its grades; where none come, one is back at the box of its code.
const chooseTerm = async (button) => {
  type(named("ctcae_code"), button.dataset.term);
  named("ctcae_code").focus({preventScroll: true});
  terms.replaceChildren();
  await htmx.ajax("GET", button.dataset.url, {target: "#grades", swap: "innerHTML"});
  if (document.activeElement === named("ctcae_code")) grades.querySelector("button")?.focus();
};

// The first row without a grade takes it, or a new one; next comes the date it began.
const chooseGrade = (button) => {
  const boxes = () => [...form.querySelectorAll("[name^=grades-][name$=-grade]")];
  if (boxes().every((box) => box.value)) form.querySelector("[data-rows=grades] [data-add-row]").click();
  const box = boxes().find((each) => !each.value);
  type(box, button.dataset.grade);
  named(box.name.replace(/grade$/, "from_on")).focus();
};

document.querySelector(".beside")?.addEventListener("click", (event) => {
  const term = event.target.closest("[data-term]");
  const grade = event.target.closest("[data-grade]");
  if (term) chooseTerm(term);
  else if (grade) chooseGrade(grade);
});

// Arrow down goes from a box to what it offers, which stands after the whole form; Escape comes back.
const walk = (name, offers) => {
  const box = named(name);
  const all = () => [box, ...offers.querySelectorAll("button")];
  const move = (event) => {
    const here = all().indexOf(document.activeElement);
    const step = {ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1, Escape: -here}[event.key];
    if (!step || here < 0 || (here === 0 && event.key !== "ArrowDown")) return;
    event.preventDefault();
    all()[Math.min(here + step, all().length - 1)].focus();
  };
  for (const place of [box, offers]) place.addEventListener("keydown", move);
};

if (!named("verbatim")?.disabled) {
  walk("verbatim", terms);
  walk("ctcae_code", grades);
}
