// <time data-until="ISO instant">: how much is left, by this machine's clock, corrected each half minute.
const length = (minutes) => {
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor(minutes / 60);
  return days > 2 ? `${days} d ${hours - 24 * days} h` : `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
};
const tick = () => {
  for (const each of document.querySelectorAll("time[data-until]")) {
    const minutes = Math.round((new Date(each.dataset.until) - Date.now()) / 60000);
    each.textContent = length(Math.abs(minutes)) + (minutes >= 0 ? " left" : " over");
  }
};
tick();
setInterval(tick, 30000);
document.addEventListener("htmx:afterSwap", tick);
