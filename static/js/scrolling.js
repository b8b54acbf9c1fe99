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

// On a telephone the menu is one line that scrolls: where one is stands in it.
const menu = document.querySelector(".bar nav");
const here = menu?.querySelector("[aria-current]");
if (here) menu.scrollLeft = here.offsetLeft - menu.offsetLeft - (menu.clientWidth - here.offsetWidth) / 2;
