// <time data-until="ISO instant"> says how much is left, <time data-since> how long ago; once each half minute.
// The bar of an open window grows with it, and its pill says when it warns and when it is over.
// The server's clock counts: how far this machine's clock is off is known from when the page, or a part of it, was made.
const made = (text) => (text ? Date.now() - new Date(text) : 0);
let off = made(document.querySelector("meta[name=server-now]")?.content);
const words = document.body.dataset;

const span = (minutes) => {
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor(minutes / 60);
  return days > 2 ? `${days} d ${hours - 24 * days} h` : `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
};

const WINDOW = 48 * 60;
const WIDTH = 240;
const grow = (rect) => {
  const spent = 1 - minutesTo(rect.dataset.ends) / WINDOW;
  rect.setAttribute("width", Math.min(Math.max(spent, 0), 1) * WIDTH);
  rect.classList.toggle("late", spent > 1);
};

const warn = (pill) => {
  const over = minutesTo(pill.dataset.ends) < 0;
  if (!over && minutesTo(pill.dataset.warn) > 0) return;
  pill.textContent = over ? pill.dataset.over : pill.dataset.closing;
  pill.className = over ? "pill late" : "pill soon";
};

const minutesTo = (instant) => Math.round((new Date(instant) - Date.now() + off) / 60000);

const tick = () => {
  for (const each of document.querySelectorAll("time[data-until]")) {
    const minutes = minutesTo(each.dataset.until);
    each.textContent = (minutes < 0 ? words.over : words.left).replace("{time}", span(Math.abs(minutes)));
  }
  document.querySelectorAll("rect[data-ends]").forEach(grow);
  document.querySelectorAll(".pill[data-warn]").forEach(warn);
  for (const each of document.querySelectorAll("time[data-since]")) {
    each.textContent = words.since.replace("{time}", span(Math.max(0, -minutesTo(each.dataset.since))));
  }
};

tick();
setInterval(tick, 30000);
document.addEventListener("visibilitychange", tick);
document.addEventListener("htmx:afterSwap", () => {
  const fresh = document.querySelector("[data-server-now]")?.dataset.serverNow;
  if (fresh) off = made(fresh);
  tick();
});
