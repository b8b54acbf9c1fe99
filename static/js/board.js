// The board updates itself; when it cannot, it says since when it is old.
const stale = document.getElementById("stale");
let since = new Date();

const old = () => {
  const at = since.toLocaleString("en-GB", {weekday: "short", hour: "2-digit", minute: "2-digit"});
  stale.textContent = `${stale.dataset.words} ${at}`;
  stale.hidden = false;
};

document.addEventListener("htmx:afterSwap", () => {
  since = new Date();
  stale.hidden = true;
});
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(failure, old);
// A machine that slept, or a poll that never came back, shows no failure: only time does.
setInterval(() => { if (Date.now() - since > 90000) old(); }, 15000);
