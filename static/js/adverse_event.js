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
  if (document.activeElement === named("ctcae_code")) grades.querySelector("button")?.focus({preventScroll: true});
};

// The grade that the event has now is in the last row that counts. That it got worse is said by adding a row.
const log = form.querySelector("[data-rows=grades]");
const present = () =>
  [...log.querySelectorAll(".row:not([hidden])")].filter((row) => !row.querySelector("[name$=-remove]:checked"))
    .at(-1)?.querySelector("[name$=-grade]");

// Choosing again replaces, so that a slip of the hand is no worsening; nothing moves, and one is still where one was.
const chooseGrade = (button) => {
  const stood = scrollY;
  if (!present()) log.querySelector("[data-add-row]").click();
  type(present(), button.dataset.grade);
  button.focus({preventScroll: true});
  scrollTo({top: stood, behavior: "instant"});
};

const mark = () => {
  const grade = present()?.value;
  for (const each of grades.querySelectorAll("[data-grade]")) each.setAttribute("aria-pressed", each.dataset.grade === grade);
};

document.querySelector(".beside")?.addEventListener("click", (event) => {
  const term = event.target.closest("[data-term]");
  const grade = event.target.closest("[data-grade]");
  if (term) chooseTerm(term);
  else if (grade) chooseGrade(grade);
});

// Arrow down goes from a box to what it offers, which stands after the whole form; Escape comes back.
form.addEventListener("input", mark);
form.addEventListener("click", mark);
grades.addEventListener("htmx:afterSwap", mark);

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
