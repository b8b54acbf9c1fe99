// Keyboard: / finds a participant; in a form Ctrl+S saves, Ctrl+Enter completes, h shows the history of an answer.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  const form = document.getElementById("crf");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    document.getElementById("search")?.focus();
  } else if (form && (event.ctrlKey || event.metaKey) && (event.key === "s" || event.key === "Enter")) {
    const action = event.key === "s" ? "save" : "complete";
    const buttons = form.querySelectorAll("button[name=action]");
    const button = [...buttons].find((each) => each.value === action) || (event.key === "s" && buttons[0]);
    event.preventDefault();
    button?.click();
  } else if (event.key === "h" && !event.ctrlKey && !event.metaKey && (!typing || /radio|checkbox/.test(typing.type))) {
    event.target.closest(".question")?.querySelector("a.log")?.click();
  }
});
document.querySelector(".error-summary")?.focus();
