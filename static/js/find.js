// The search box: what is found appears below it while one types; arrows move through it, Enter goes there, Escape leaves.
const box = document.getElementById("search");
const found = document.getElementById("found-below");

const links = () => [...found.querySelectorAll("a")];
const close = () => found.replaceChildren();

const move = (event) => {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  if (!step) return;
  const all = links();
  if (!all.length) return;
  event.preventDefault();
  const next = all.indexOf(document.activeElement) + step;
  (next < 0 ? box : all[Math.min(next, all.length - 1)]).focus();
};

if (box && found) {
  for (const place of [box, found]) place.addEventListener("keydown", move);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !links().length) return;
    close();
    box.focus();
  });
  document.addEventListener("focusin", (event) => { if (!event.target.closest(".search")) close(); });
  document.addEventListener("click", (event) => { if (!event.target.closest(".search")) close(); });
  box.addEventListener("input", () => { if (box.value.trim().length < 2) close(); });
}
