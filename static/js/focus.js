// The focus is never lost: a page that was refused begins at the refusal, and what htmx swaps gives the focus back.
const atNothing = () => !document.activeElement || document.activeElement === document.body;

const put = (place) => {
  if (place.tabIndex < 0) place.tabIndex = -1;
  place.focus();
};

const REFUSED = "main :is(.error-summary, [aria-invalid=true], .error[role=alert]):not([hidden])";
const refused = document.querySelector(REFUSED);
if (refused && atNothing()) put(refused);

// The skip link goes without its #: that would stay in the address, and take the focus again when a page comes back.
document.addEventListener("click", (event) => {
  const main = event.target.closest("a.skip[href='#content']") && document.getElementById("content");
  if (!main) return;
  event.preventDefault();
  main.focus();
});

// What somebody stands on, in words that its successor shares: the page is made anew, the thing is the same.
const CAN = "a[href], button, input, select, textarea, summary";
const known = (each) =>
  [each.localName, each.id, each.getAttribute("href"), each.closest("form")?.getAttribute("action"), each.name,
    /button|submit|radio|checkbox/.test(each.type) ? each.value : ""].join(" ");

let left = null;
document.addEventListener("htmx:beforeSwap", ({detail: {target}}) => {
  const at = document.activeElement;
  left = target.contains(at) ? {target, known: known(at)} : null;
});

document.addEventListener("htmx:afterSettle", () => {
  if (!left || !atNothing()) return;
  const place = left.target.isConnected ? left.target : document.getElementById(left.target.id);
  if (!place) return;
  const same = [...place.querySelectorAll(CAN)].find((each) => known(each) === left.known);
  put(same || document.querySelector(`[aria-controls="${place.id}"]`) || place);
});
