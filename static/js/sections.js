// Through a form by its sections: the index, the skip link and Alt+Page Down go into the first question there.
const form = document.getElementById("crf");
const OPEN = ":is(input:not([type=hidden]), select, textarea, button):enabled, a.log:not([tabindex])";

// Of a group of radios Tab stops at the chosen one: so does this.
const first = (place) => {
  const found = [...place.querySelectorAll(OPEN)].find((each) => each.checkVisibility());
  return found?.type === "radio" ? form.querySelector(`[name="${CSS.escape(found.name)}"]:checked`) || found : found;
};

const into = (place) => {
  place.scrollIntoView({block: "start"});
  const question = first(place);
  if (!question) place.tabIndex = -1;
  (question || place).focus({preventScroll: true});
};

// After the last one comes the first; back goes to where this section begins, then to the one before.
const step = (by) => {
  const sections = [...form.querySelectorAll(".section")].filter((each) => !each.closest(".row") && first(each));
  const here = sections.findLastIndex((each) => each.contains(document.activeElement));
  if (!sections.length) return;
  const within = here >= 0 && first(sections[here]) !== document.activeElement;
  const next = by < 0 ? Math.max(here, 0) - (within ? 0 : 1) : here + 1;
  into(sections.at(next % sections.length));
};

if (form) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".index a, a.skip");
    const place = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!place || place.localName === "main") return;
    event.preventDefault();
    into(place);
  });
  document.addEventListener("keydown", (event) => {
    const by = {PageDown: 1, PageUp: -1}[event.key];
    if (!by || !event.altKey) return;
    event.preventDefault();
    step(by);
  });
}
