// What the server understands of a date or time as typed, said back under the question. Only the server reads them.
const form = document.getElementById("crf");
const WAIT = 250; // milliseconds after the last key

const dated = (target) => target.matches("[data-date], .clock");

// The inputs of one question, and which kind of answer they make together.
const parts = (question) => {
  const inputs = [...question.querySelectorAll("[data-date], .clock, .instant select")];
  const instant = question.querySelector(".clock") !== null;
  const typed = inputs.map((each) => each.value);
  return {kind: instant ? "instant" : inputs[0].dataset.date, typed: instant ? [...typed, ""].slice(0, 3) : typed};
};

const ask = async ({kind, typed}) => {
  const body = new FormData();
  body.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
  body.append("zone", form.dataset.zone);
  body.append("kind", kind);
  for (const part of typed) body.append("typed", part);
  try {
    const answer = await fetch(form.dataset.understood, {method: "POST", body, redirect: "error", headers: {"X-Requested-With": "fetch"}});
    return answer.ok ? await answer.json() : null;
  } catch { return null; }
};

const say = (place, said, refused = "") => {
  place.textContent = said || refused;
  place.classList.toggle("unread", !said && refused !== "");
};

// Whoever is still typing is not told yet that half a date is none. An answer to what has changed since is dropped.
const latest = new WeakMap();
const echo = (question, typing) => {
  const place = question?.querySelector(".echo");
  if (!place) return;
  clearTimeout(latest.get(place)?.timer);
  const turn = {};
  latest.set(place, turn);
  const asked = parts(question);
  if (typing) say(place, "");
  if (!asked.typed.some((part) => part.trim())) return say(place, "");
  turn.timer = setTimeout(async () => {
    const told = await ask(asked);
    if (latest.get(place) === turn) say(place, told?.said ?? "", typing ? "" : told?.refused);
  }, typing ? WAIT : 0);
};

if (form) {
  form.addEventListener("input", (event) => { if (dated(event.target)) echo(event.target.closest(".question"), true); });
  form.addEventListener("change", (event) => { if (event.target.closest(".instant") || dated(event.target)) echo(event.target.closest(".question"), false); });
}
