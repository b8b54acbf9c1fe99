// Where two people changed one answer: "Take theirs" puts their answer into the form, and the same button takes it back.
const form = document.getElementById("crf");
const named = (name) => [...form.querySelectorAll(`[name="${name}"]`)];
const chosen = (input) => !/radio|checkbox/.test(input.type) || input.checked;

const put = ([name, values]) => {
  for (const input of named(name)) {
    if (/radio|checkbox/.test(input.type)) input.checked = values.includes(input.value);
    else input.value = values[0] ?? "";
    input.dispatchEvent(new Event("change", {bubbles: true}));
  }
};

const swap = (button) => {
  const theirs = JSON.parse(button.dataset.take);
  const mine = theirs.map(([name]) => [name, named(name).filter(chosen).map((input) => input.value)]);
  theirs.forEach(put);
  button.dataset.take = JSON.stringify(mine);
  [button.textContent, button.dataset.other] = [button.dataset.other, button.textContent];
};

for (const button of document.querySelectorAll("[data-take]")) button.addEventListener("click", () => swap(button));
