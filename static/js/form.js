// A form: dependent questions, rows, and nothing lost by leaving it.
const form = document.getElementById("crf");
// By selector, never by form.elements: a question may be called "elements", and then that is what it is.
const inputs = (name) => [name, `${name}_0`, `${name}_1`].flatMap((each) => [...form.querySelectorAll(`[name="${each}"]`)]);
const values = (name) =>
  inputs(name).filter((each) => (/radio|checkbox/.test(each.type) ? each.checked : each.value)).map((each) => each.value);

// A dependent question opens under its parent; closing one never hides what was typed in it.
const open = () => {
  for (const question of form.querySelectorAll("[data-parent]")) {
    const codes = question.dataset.codes.split(" ");
    const asked = values(question.dataset.parent).some((value) => codes.includes(value));
    const holds = values(question.dataset.question).length > 0;
    const contradicts = !asked && holds;
    question.removeAttribute("data-closed");
    question.hidden = !asked && !holds && !question.classList.contains("wrong");
    question.classList.toggle("closed-but-answered", contradicts);
    question.querySelector(".contradicts").hidden = !contradicts;
  }
  // A section of which nothing is asked has nothing to say.
  for (const section of form.querySelectorAll(".section:not(.rows)")) {
    section.hidden = !section.querySelector(".question:not([hidden])") && section.querySelector(".question") !== null;
  }
  for (const select of form.querySelectorAll(".no-answer select")) select.classList.toggle("chosen", select.value !== "");
};

// What is not saved yet is said beside the buttons, and leaving asks first.
const saved = document.getElementById("saved");
let dirty = false;
const unsaved = () => {
  if (dirty) return;
  dirty = true;
  saved?.classList.add("unsaved");
  if (saved) saved.textContent = saved.dataset.unsaved;
  // The reason that a complete form now asks for, above the buttons, must not lie over what is being typed.
  const typed = document.activeElement?.closest("#crf .question:not(#q-reason)");
  if (typed && document.getElementById("q-reason")) typed.scrollIntoView({block: "nearest"});
};

const changed = (event) => {
  if (!event.target.matches("[type=hidden]")) { unsaved(); soon(); }
  open();
};

// A radio that is clicked again is no answer again.
const clearable = (event) => {
  const radio = event.target.closest("input[type=radio]");
  if (!radio) return;
  const was = radio.dataset.was === "yes";
  for (const each of inputs(radio.name)) each.dataset.was = "";
  if (!was) { radio.dataset.was = "yes"; return; }
  radio.checked = false;
  for (const kind of ["input", "change"]) radio.dispatchEvent(new Event(kind, {bubbles: true}));
};

const addRow = (rows) => {
  const [total] = inputs(`${rows.dataset.rows}-TOTAL_FORMS`);
  const added = document.createElement("div");
  added.innerHTML = rows.querySelector("template").innerHTML.replaceAll("__prefix__", total.value);
  const row = added.firstElementChild;
  rows.querySelector("[data-add-row]").parentElement.before(row);
  total.value = Number(total.value) + 1;
  open();
  row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
};

// A row that was never saved goes by being emptied: the server leaves out what holds nothing.
const dropRow = (row) => {
  for (const each of row.querySelectorAll("input, select, textarea")) {
    if (/radio|checkbox/.test(each.type)) each.checked = false;
    else if (each.type !== "hidden") each.value = "";
  }
  row.hidden = true;
  unsaved();
  row.parentElement.querySelector("[data-add-row]").focus();
};

// What is typed is kept on the server for this person, a moment after the typing stops, and before anything is sent.
let pending = null;
const keep = async () => {
  clearTimeout(pending);
  const sent = await post();
  if (sent === 403 && (await freshToken())) return said(await post());
  return said(sent);
};

const post = async () => {
  try {
    const answer = await fetch(form.dataset.typing, {
      method: "POST", body: new FormData(form), redirect: "manual", headers: {"X-Requested-With": "fetch"},
    });
    if (answer.headers.get("X-Locked")) document.dispatchEvent(new CustomEvent("locked", {detail: answer.headers.get("X-Locked")}));
    return answer.type === "opaqueredirect" ? 401 : answer.status;
  } catch { return 0; }
};

// Logging in again, in another window, changes the token that every form carries.
const freshToken = async () => {
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
    const token = page.querySelector("#crf [name=csrfmiddlewaretoken]");
    if (!token) return false;
    form.querySelector("[name=csrfmiddlewaretoken]").value = token.value;
    return true;
  } catch { return false; }
};

const said = (status) => {
  const well = status === 204;
  const away = status === 0 || status === 400 || status >= 500; // 400: it did not come whole
  if (saved && dirty) saved.textContent = well ? form.dataset.kept : away ? form.dataset.away : form.dataset.loggedOut;
  if (!well && dirty) pending = setTimeout(keep, 5000);
  return well;
};

const soon = () => {
  clearTimeout(pending);
  pending = setTimeout(keep, 1500);
};

// A page that is sent to a server that is away, or has forgotten who we are, would be gone with everything typed.
let checked = false;
const send = async (event) => {
  if (checked || !form.dataset.typing) return remember();
  event.preventDefault();
  const by = event.submitter;
  dirty = true;
  if (!(await keep())) return;
  checked = true;
  form.requestSubmit(by);
};

// The page comes back after saving: to the same place, and to the same question.
const remember = () => {
  dirty = false;
  const on = form.contains(document.activeElement) ? document.activeElement.id : "";
  sessionStorage.setItem("crf", JSON.stringify({form: form.dataset.form, y: scrollY, on, at: Date.now()}));
};

const comeBack = () => {
  const left = JSON.parse(sessionStorage.getItem("crf") || "null");
  sessionStorage.removeItem("crf");
  if (!left || left.form !== form.dataset.form || Date.now() - left.at > 15000) return;
  const question = document.getElementById(left.on);
  const back = question?.checkVisibility() ? question : form.querySelector("button[name=action]");
  back?.focus({preventScroll: true});
  scrollTo(0, left.y);
};

// A link to a question goes into its first input.
const go = (event) => {
  const hash = event.target.closest("a[href^='#q-']")?.hash;
  const question = hash && document.getElementById(decodeURIComponent(hash.slice(1)));
  if (question) enter(question);
  if (question) event.preventDefault();
};

const enter = (question) => {
  question.hidden = false;
  question.removeAttribute("data-closed");
  question.scrollIntoView({block: "center"});
  question.querySelector("input:checked, input:not([type=hidden]), select, textarea")?.focus({preventScroll: true});
};

const markIndex = () => {
  for (const link of document.querySelectorAll(".index a")) {
    const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    link.classList.toggle("wrong", Boolean(section?.querySelector(".question.wrong")));
  }
};

if (form) {
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("click", clearable);
  form.addEventListener("click", (event) => {
    const adds = event.target.closest("[data-add-row]");
    const drops = event.target.closest("[data-drop-row]");
    if (adds) addRow(adds.closest("[data-rows]"));
    if (drops) dropRow(drops.closest("[data-row]"));
  });
  form.addEventListener("submit", send);
  document.addEventListener("click", go);
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  for (const radio of form.querySelectorAll("input[type=radio]:checked")) radio.dataset.was = "yes";
  open();
  markIndex();
  const told = document.querySelector(".error-summary");
  const linked = location.hash.startsWith("#q-") && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (form.dataset.unsavedTyping) unsaved();
  if (told) told.focus();
  else if (linked) enter(linked);
  else comeBack();
}
