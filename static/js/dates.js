// Dates and times as typed, said back in full under the question. Only an echo: the server reads them again.
const form = document.getElementById("crf");
const MONTHS = ["jan(uary|uari)?", "feb(ruary|ruari)?", "mar(ch)?|mrt|maart", "apr(il)?", "may|mei", "june?|juni", "july?|juli",
  "aug(ust|ustus)?", "sept?(ember)?", "oct(ober)?|okt(ober)?", "nov(ember)?", "dec(ember)?"].map((names) => new RegExp(`^(${names})$`));

const today = () => {
  const [year, month, day] = new Intl.DateTimeFormat("en-CA", {timeZone: form.dataset.zone}).format(new Date()).split("-");
  return new Date(Date.UTC(year, month - 1, day));
};

const year = (digits) => {
  const number = Number(digits);
  if (digits.length > 2) return number;
  return number + (number <= (today().getUTCFullYear() % 100) + 1 ? 2000 : 1900);
};

const month = (name) => MONTHS.findIndex((names) => names.test(name)) + 1;

const existing = (y, m, d) => {
  const day = new Date(Date.UTC(y, m - 1, d));
  return y >= 1900 && day.getUTCMonth() === m - 1 && day.getUTCDate() === Number(d) ? day : null;
};

const whole = (text) => {
  let found;
  if (text === "today" || text === "vandaag") return today();
  if ((found = text.match(/^-(\d{1,4})d$/))) return new Date(today() - found[1] * 864e5);
  if ((found = text.match(/^(\d{4})-(\d{1,2})-(\d{1,2})$/))) return existing(Number(found[1]), Number(found[2]), found[3]);
  if ((found = text.match(/^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})$/))) return existing(year(found[3]), Number(found[2]), found[1]);
  if ((found = text.match(/^(\d{1,2})[-/. ]*([a-z]+)\.?[-/. ]*(\d{4}|\d{2})$/))) return existing(year(found[3]), month(found[2]), found[1]);
  return null;
};

const said = (date, parts) => date && date.toLocaleDateString("en-GB", {...parts, timeZone: "UTC"});
const inFull = (text) => said(whole(text), {weekday: "long", day: "numeric", month: "long", year: "numeric"});

const inPart = (text) => {
  let found;
  const monthOnly = (y, m) => said(existing(Number(y), Number(m), 1), {month: "long", year: "numeric"});
  if (/^(19|20|21)\d\d$/.test(text)) return text;
  if ((found = text.match(/^(\d{4})-(\d{1,2})$/))) return monthOnly(found[1], found[2]);
  if ((found = text.match(/^(\d{1,2})[-/. ](\d{4})$/))) return monthOnly(found[2], found[1]);
  if ((found = text.match(/^([a-z]+)\.?[- ](\d{4})$/))) return monthOnly(found[2], month(found[1]));
  return inFull(text);
};

const clock = (text) => {
  const found = text.match(/^(\d{1,2})[:.h]?([0-5]\d)$/);
  return found && found[1] < 24 ? `${found[1].padStart(2, "0")}:${found[2]}` : null;
};

const read = (input) => {
  const text = input.value.trim().toLowerCase();
  if (!text) return "";
  if (input.matches(".clock")) return clock(text);
  return input.dataset.date === "partial" ? inPart(text) : inFull(text);
};

// What the inputs of one question say; the one that somebody is `typing` in may still be half a date.
const echo = (input, typing) => {
  const question = input.closest(".question");
  const place = question?.querySelector(".echo");
  if (!place) return;
  const inputs = [...question.querySelectorAll("[data-date], .clock")];
  const unread = inputs.filter((each) => read(each) === null);
  const complain = unread.some((each) => each !== typing);
  place.classList.toggle("unread", complain);
  place.textContent = complain ? form.dataset.unread : unread.length ? "" : inputs.map(read).filter(Boolean).join(", ");
};

const dated = (target) => target.matches("[data-date], .clock");
if (form) {
  form.addEventListener("input", (event) => { if (dated(event.target)) echo(event.target, event.target); });
  form.addEventListener("change", (event) => { if (dated(event.target)) echo(event.target); });
  for (const input of form.querySelectorAll("[data-date]")) echo(input);
}
