// <time data-until="ISO instant"> says how much is left, <time data-since> how long ago; once each half minute.
// The server's clock counts: how far this machine's clock is off is known from when the page was made.
const made = document.querySelector("meta[name=server-now]")?.content;
const off = made ? Date.now() - new Date(made) : 0;
const words = document.body.dataset;

const span = (minutes) => {
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor(minutes / 60);
  return days > 2 ? `${days} d ${hours - 24 * days} h` : `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
};

const minutesTo = (instant) => Math.round((new Date(instant) - Date.now() + off) / 60000);

const tick = () => {
  for (const each of document.querySelectorAll("time[data-until]")) {
    const minutes = minutesTo(each.dataset.until);
    each.textContent = (minutes < 0 ? words.over : words.left).replace("{time}", span(Math.abs(minutes)));
  }
  for (const each of document.querySelectorAll("time[data-since]")) {
    each.textContent = words.since.replace("{time}", span(Math.max(0, -minutesTo(each.dataset.since))));
  }
};

tick();
setInterval(tick, 30000);
document.addEventListener("visibilitychange", tick);
document.addEventListener("htmx:afterSwap", tick);
