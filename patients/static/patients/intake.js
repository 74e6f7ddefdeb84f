// The questionnaire with a script: questions that depend on an answer come and go, and a medicine is
// found by typing. Without it every question stands there, and says when it is asked.

const form = document.getElementById("answers");

function answers(name) {
  const controls = [...form.elements].filter((control) => control.name === name);
  return controls.filter((control) => control.checked || control.type === "text").map((control) => control.value);
}

function isOnPage(name) {
  return [...form.elements].some((control) => control.name === name);
}

function isAnswered(question) {
  return [...question.querySelectorAll("input, textarea")].some((control) =>
    control.type === "radio" || control.type === "checkbox" ? control.checked : control.value.trim() !== "");
}

function isAsked(question) {
  const parent = question.dataset.dependsOn;
  if (!parent || !isOnPage(parent)) return true;
  const given = answers(parent);
  // Whom it is for is asked first; until that is said, everything is there to be seen.
  if (given.length === 0) return parent === "subject";
  const holds = JSON.parse(question.dataset.anyOf).some((value) => given.includes(String(value)));
  return holds || ("kept" in question.dataset && isAnswered(question));
}

function show() {
  for (const question of form.querySelectorAll("[data-depends-on]")) question.hidden = !isAsked(question);
}

function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function finder(list) {
  const box = document.createElement("div");
  box.className = "iq-find";
  const label = document.createElement("label");
  label.textContent = list.dataset.find;
  label.htmlFor = "find-medicine";
  const input = document.createElement("input");
  Object.assign(input, { id: "find-medicine", type: "search", autocomplete: "off" });
  const none = document.createElement("p");
  Object.assign(none, { className: "none muted", hidden: true });
  none.setAttribute("role", "status");
  none.textContent = list.dataset.none;
  box.append(label, input, none);
  list.querySelector("details").before(box);
  const groups = [...list.querySelectorAll("details")].map((group) => ({ group, open: group.open }));

  function find() {
    const wanted = plain(input.value.trim());
    let found = 0;
    for (const { group, open } of groups) {
      let here = 0;
      for (const choice of group.querySelectorAll(".choice")) {
        choice.hidden = !plain(choice.textContent).includes(wanted);
        here += choice.hidden ? 0 : 1;
      }
      group.hidden = here === 0;
      group.open = wanted ? here > 0 : open || group.querySelector(":checked") !== null;
      found += here;
    }
    none.hidden = found > 0;
  }

  input.addEventListener("input", find);
  // What is searched for is no answer: it is not saved, and Enter does not send the page.
  input.addEventListener("change", (event) => event.stopPropagation());
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
}

// What was wrong is not said any longer once it is answered; the page asks again when it is sent.
function forgive(event) {
  const question = event.target.closest(".iq-question");
  if (!question || !isAnswered(question)) return;
  question.querySelector(".field-error")?.remove();
  for (const control of question.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

// The page that is sent carries every answer: what would still be saved in passing is dropped, so that
// nothing arrives after it.
function sendAlone() {
  let isSent = false;
  form.addEventListener("submit", () => {
    isSent = true;
    form.dispatchEvent(new Event("htmx:abort"));
  });
  form.addEventListener("htmx:beforeRequest", (event) => { if (isSent) event.preventDefault(); });
  // Come back to by the back button, the page saves again.
  window.addEventListener("pageshow", () => { isSent = false; });
}

if (form) {
  document.documentElement.classList.add("js");
  sendAlone();
  form.addEventListener("change", show);
  form.addEventListener("change", forgive);
  show();
  const list = form.querySelector(".iq-medicines");
  if (list) finder(list);
}
