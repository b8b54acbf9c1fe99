// The table of visits: Tab stops once a visit, at its name; the arrows go to its forms and along the visits.
const rows = [...document.querySelectorAll(".visits tbody tr")].map((row) => [...row.querySelectorAll("a")]);
for (const [, ...cells] of rows) for (const cell of cells) cell.tabIndex = -1;

const STEPS = {ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1]};
document.querySelector(".visits")?.addEventListener("keydown", (event) => {
  const [down, right] = STEPS[event.key] || [0, 0];
  const row = rows.findIndex((each) => each.includes(document.activeElement));
  if (row < 0 || !(down || right)) return;
  event.preventDefault();
  rows[row + down]?.[rows[row].indexOf(document.activeElement) + right]?.focus();
});
