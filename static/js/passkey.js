// A passkey: made, or asked to answer. What the browser says goes into the form as text; the server judges it.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const known = (list) => (list || []).map((each) => ({...each, id: bytes(each.id)}));

const ask = async (form, address) => {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(address, {method: "POST", headers: {"X-CSRFToken": token, "X-Requested-With": "fetch"}});
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).publicKey;
};

const said = (credential, response) => JSON.stringify({
  id: credential.id, rawId: text(credential.rawId), type: credential.type,
  clientExtensionResults: credential.getClientExtensionResults(), response,
});

const make = async (form) => {
  const wanted = await ask(form, form.dataset.makes);
  const publicKey = {
    ...wanted, challenge: bytes(wanted.challenge), user: {...wanted.user, id: bytes(wanted.user.id)},
    excludeCredentials: known(wanted.excludeCredentials),
  };
  const made = await navigator.credentials.create({publicKey});
  return said(made, {
    clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject),
    transports: made.response.getTransports?.() || [],
  });
};

const answered = async (form, address) => {
  const wanted = await ask(form, address);
  const publicKey = {...wanted, challenge: bytes(wanted.challenge), allowCredentials: known(wanted.allowCredentials)};
  const given = await navigator.credentials.get({publicKey});
  const {clientDataJSON, authenticatorData, signature, userHandle} = given.response;
  return said(given, {
    clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature),
    userHandle: userHandle ? text(userHandle) : null,
  });
};

// Why there can be no passkey here, in words; nothing where there can be one.
const hindered = ({dataset}) => {
  if (/^[\d.]+$|^\[/.test(location.hostname)) return dataset.byNumber.replace("%s", location.hostname);
  if (!isSecureContext) return dataset.notSafe;
  return window.PublicKeyCredential ? "" : dataset.tooOld;
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
      const answer = await answered(form, place.dataset.passkey);
      code.removeAttribute("size");
      code.type = "password";
      code.value = answer;
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
      form.querySelector("[name=passkey]").value = await make(form);
      ready = true;
      form.requestSubmit(button);
    } catch { told.textContent = form.dataset.notMade; }
  });
}
