// A passkey: made, or asked to answer, by GitHub's webauthn-json, which allauth ships. What the browser says goes into
// the form as text; the server judges it.
const {create, get, supported} = window.webauthnJSON;

const ask = async (form, address) => {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(address, {method: "POST", headers: {"X-CSRFToken": token, "X-Requested-With": "fetch"}});
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
};

// Why there can be no passkey here, in words; nothing where there can be one.
const hindered = ({dataset}) => {
  if (/^[\d.]+$|^\[/.test(location.hostname)) return dataset.byNumber.replace("%s", location.hostname);
  if (!isSecureContext) return dataset.notSafe;
  return supported() ? "" : dataset.tooOld;
};

for (const place of document.querySelectorAll("[data-passkey]")) {
  const button = place.querySelector("[data-use-passkey]");
  if (!button) continue;
  const form = place.closest("form");
  const told = place.querySelector("[data-told]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    told.textContent = hindered(place);
    if (told.textContent) return;
    const code = form.querySelector("[name=code]");
    try {
      const answer = await get(await ask(form, place.dataset.passkey));
      code.removeAttribute("size");
      code.type = "password";
      code.value = JSON.stringify(answer);
      told.textContent = place.dataset.given || "";
      if ("sends" in place.dataset) form.requestSubmit();
    } catch { told.textContent = place.dataset.failed; }
  });
}

for (const button of document.querySelectorAll("[data-make-passkey]")) {
  const form = button.closest("form");
  const told = form.querySelector("[data-made]");
  told.textContent = hindered(form);
  let ready = false;
  button.addEventListener("click", async (event) => {
    if (ready) return;
    event.preventDefault();
    told.textContent = hindered(form);
    if (told.textContent) return;
    try {
      const made = await create(await ask(form, form.dataset.makes));
      form.querySelector("[name=passkey]").value = JSON.stringify(made);
      ready = true;
      form.requestSubmit(button);
    } catch { told.textContent = form.dataset.notMade; }
  });
}
