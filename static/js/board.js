// The board updates itself; when it cannot, it says since when it is old.
const stale = document.getElementById("stale");
let since = new Date();
document.addEventListener("htmx:afterSwap", () => { since = new Date(); stale.hidden = true; });
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    stale.hidden = false;
    stale.textContent = `${stale.dataset.words} ${since.toLocaleTimeString("en-GB", {hour: "2-digit", minute: "2-digit"})}`;
  });
}
