// Keyboard: / finds anything; in a form Ctrl+S saves, Ctrl+Enter completes, h shows an answer's history
// (Alt+/ and Alt+H while typing in a box). Also: a fragment that comes back as the login page is not swapped in.
const press = (form, action) => {
  const buttons = [...form.querySelectorAll("button[name=action]")];
  const button = buttons.find((each) => each.value === action) || buttons[0];
  button?.click();
};

document.addEventListener("keydown", (event) => {
  const where = event.target.closest("input, textarea, select");
  const typing = where && !/^(radio|checkbox)$/.test(where.type);
  const form = document.getElementById("crf");
  const command = event.ctrlKey || event.metaKey;
  if (event.key === "/" && !command && (event.altKey || !typing)) {
    event.preventDefault();
    document.getElementById("search")?.focus();
  } else if (form && command && event.key === "s") {
    event.preventDefault();
    press(form, "save");
  } else if (form && command && event.key === "Enter") {
    event.preventDefault();
    press(form, "complete");
  } else if (event.code === "KeyH" && !command && !event.shiftKey && (event.altKey || !typing)) {
    event.target.closest(".question")?.querySelector("a.log")?.click();
  }
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const login = document.body.dataset.login;
  if (new URL(event.detail.xhr.responseURL || location.href).pathname !== login) return;
  event.detail.shouldSwap = false;
  const told = document.getElementById("logged-out");
  told.hidden = false;
});
