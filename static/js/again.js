// After a while without anybody, the page is covered until the password is given again; what was typed stays under it.
// Several windows are one person: what happens in one counts in all. The server keeps the same clock.
const dialog = document.getElementById("again");
const KEY = "last-act";
const CHECK = 5000;
const TELL = 240000;

if (dialog) {
  const form = dialog.querySelector("form");
  const said = dialog.querySelector("[data-said]");
  const limit = Number(dialog.dataset.idle) * 1000;
  let told = Date.now();
  const last = () => Number(localStorage.getItem(KEY) || told);
  const acted = () => { if (!dialog.open) localStorage.setItem(KEY, String(Date.now())); };

  const cover = (why) => {
    dialog.querySelector("[data-over]").hidden = why !== "over";
    if (!dialog.open) dialog.showModal();
  };

  const uncover = () => {
    form.reset();
    said.hidden = true;
    dialog.close();
    told = Date.now();
    acted();
    document.dispatchEvent(new CustomEvent("unlocked"));
  };

  const post = (body) =>
    fetch(dialog.dataset.address, {method: "POST", body, redirect: "manual", headers: {"X-Requested-With": "fetch"}});

  // Somebody reads and types without sending anything: say so now and then, or the server would think nobody is there.
  const tell = async () => {
    told = Date.now();
    const body = new FormData();
    body.set("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    try {
      const answer = await post(body);
      if (answer.headers.get("X-Locked")) cover(answer.headers.get("X-Locked"));
    } catch { /* the server is away: the page says so when something is sent */ }
  };

  const check = () => {
    if (!dialog.open && Date.now() - last() > limit) cover("idle");
    else if (!dialog.open && last() > told && Date.now() - told > TELL) tell();
  };

  const complain = (sentence) => {
    said.textContent = sentence;
    said.hidden = false;
    form.elements["again-password"].focus();
    form.elements["again-password"].select();
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await post(new FormData(form));
      if (answer.status === 204) return uncover();
      if (answer.status === 422) {
        const {said: sentence, why} = await answer.json();
        cover(why);
        return complain(sentence);
      }
      complain(said.dataset.out);
      form.querySelector("[data-login-again]").hidden = false;
    } catch { complain(said.dataset.away); }
  });
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.addEventListener("locked", (event) => cover(event.detail));
  for (const kind of ["keydown", "pointerdown", "scroll"]) document.addEventListener(kind, acted, {passive: true});
  acted();
  setInterval(check, CHECK);
}
