// form[data-passkey="create" or "get"]: its [data-passkey-go] button asks the server for a question (POST with "begin"),
// the browser for a passkey, puts the answer into the field "credential" and sends the form.
// [data-passkey-without] is for browsers without passkeys, [data-passkey-problem] for what went wrong.
const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function question(options) {
  const asked = { ...options.publicKey, challenge: toBytes(options.publicKey.challenge) };
  if (asked.user) asked.user = { ...asked.user, id: toBytes(asked.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (asked[list]) asked[list] = asked[list].map((entry) => ({ ...entry, id: toBytes(entry.id) }));
  }
  return { publicKey: asked };
}

function answer(credential) {
  const response = { clientDataJSON: toText(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function ask(form) {
  const body = new FormData();
  body.append("begin", "1");
  body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  const reply = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
  if (!reply.ok) throw new Error(`status ${reply.status}`);
  const options = question(await reply.json());
  const credential = await navigator.credentials[form.dataset.passkey](options);
  form.elements.credential.value = JSON.stringify(answer(credential));
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const able = Boolean(window.PublicKeyCredential && navigator.credentials);
  const problem = form.querySelector("[data-passkey-problem]");
  form.querySelector("[data-passkey-without]").hidden = able;
  const button = form.querySelector("[data-passkey-go]");
  button.hidden = !able;
  button.addEventListener("click", async () => {
    problem.hidden = true;
    button.disabled = true;
    try {
      await ask(form);
    } catch {
      // She cancelled, or the passkey is of another portal: the browser does not say which, on purpose.
      problem.hidden = false;
      button.disabled = false;
    }
  });
}
