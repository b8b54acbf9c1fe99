// One sending at a time, of every form: a second click while the first is under way sends nothing.
const PATIENCE = 15000; // where neither an answer nor an error came, one may try again

const free = (form) => {
  delete form.dataset.sent;
  form.removeAttribute("aria-busy");
};

// On the document, and so after whatever a form does itself: what it held back has not been sent.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method")?.toLowerCase() !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
  setTimeout(() => free(form), PATIENCE);
});

// The page came back, by the way of the browser.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(free));
