// What is wider than the screen scrolls by itself, and so must be reachable by keyboard: only then it is a stop of Tab.
const mark = () => {
  for (const each of document.querySelectorAll("main table, main .wide")) {
    if (each.scrollWidth > each.clientWidth + 1) each.tabIndex = 0;
    else each.removeAttribute("tabindex");
  }
};

mark();
addEventListener("resize", mark);
document.addEventListener("htmx:afterSettle", mark);
