// The board asks for itself anew each half minute; when it cannot, it says since when it is old. Times go on meanwhile.
const stale = document.getElementById("stale");
const asOf = () => document.getElementById("as-of").dataset.at;
let answered = Date.now();

const old = () => {
  stale.textContent = stale.dataset.words.replace("{at}", asOf());
  stale.hidden = false;
};

document.addEventListener("htmx:afterSwap", () => {
  answered = Date.now();
  stale.hidden = true;
});
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(failure, old);
// A machine that slept, or a poll that never came back, shows no failure: only time does.
setInterval(() => { if (Date.now() - answered > 75000) old(); }, 15000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) htmx.trigger("#board", "refresh"); });

// Made for the wall: nothing but the board.
document.documentElement.classList.toggle("on-wall", document.querySelector("#frame.wall") !== null);
