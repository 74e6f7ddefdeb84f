// Starts what allauth ships for passkeys on the one form that asks for them.
// The form's own hidden field carries the answer; the page's data stands in #js_data.

const STARTS = { add: "addForm", authenticate: "authenticateForm", login: "loginForm" };

const form = document.querySelector("[data-passkey]");
const has = typeof window.PublicKeyCredential === "function";

if (form && has && window.allauth) {
  const ids = {
    credential: form.querySelector("[name=credential]").id,
    passwordless: form.querySelector("[name=passwordless]")?.id,
    [form.dataset.passkey]: "passkey-button",
  };
  if (document.getElementById("js_data")) {
    ids.data = "js_data";
  }
  window.allauth.webauthn.forms[STARTS[form.dataset.passkey]]({ ids });
  form.hidden = false;
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    form.querySelector("[data-passkey-problem]").hidden = false;
  });
} else if (form) {
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = form.dataset.passkey !== "add";
}
