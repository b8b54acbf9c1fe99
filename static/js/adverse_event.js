// Choosing an offered term or grade fills the inputs that are there without this script too.
const form = document.getElementById("crf");
const named = (name) => form.querySelector(`[name="${name}"]`);

const type = (input, text) => {
  input.value = text;
  for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, {bubbles: true}));
};

const chooseTerm = (button) => {
  type(named("ctcae_code"), button.dataset.term);
  document.getElementById("terms").replaceChildren();
  htmx.ajax("GET", button.dataset.url, {target: "#grades", swap: "innerHTML"});
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
