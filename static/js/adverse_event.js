// Choosing an offered term or grade fills the inputs that are there without this script too.
const crf = document.getElementById("crf");
crf?.addEventListener("click", (event) => {
  const term = event.target.closest("[data-term]");
  const grade = event.target.closest("[data-grade]");
  if (term) {
    const code = crf.elements.ctcae_code;
    code.value = term.dataset.term;
    code.dispatchEvent(new Event("input", {bubbles: true}));
    document.getElementById("terms").replaceChildren();
    htmx.ajax("GET", term.dataset.url, {target: "#grades", swap: "innerHTML"});
  } else if (grade) {
    const boxes = [...crf.querySelectorAll("input[name^=grades-][name$=-grade]")];
    let box = boxes.find((each) => !each.value);
    if (!box) {
      crf.querySelector("[data-rows=grades] [data-add-row]").click();
      box = [...crf.querySelectorAll("input[name^=grades-][name$=-grade]")].pop();
    }
    box.value = grade.dataset.grade;
    box.dispatchEvent(new Event("input", {bubbles: true}));
    crf.elements[box.name.replace(/grade$/, "from_on")].focus();
  }
});
