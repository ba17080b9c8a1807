// What makes a form nicer, on the page and in the card alike; it works as well without.
"use strict";
(() => {
  const grows = CSS.supports("field-sizing", "content");
  document.documentElement.classList.add("scripted");

  const was = (field) => {
    const kept = field.closest(".field").querySelector("[data-original], [data-was]")?.dataset;
    if (kept) return kept.original ?? kept.was;
    if (field.localName === "textarea") return field.defaultValue;
    return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0]).value;
  };

  function put(field, value) {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }

  function wayBack(field) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "put-back";
    button.textContent = "Edited. Put back what it was";
    const which = document.createElement("span");
    which.className = "spoken";
    which.textContent = ` in ${field.labels[0].textContent}`;
    button.append(which);
    button.addEventListener("click", () => put(field, was(field)));
    return button;
  }

  // Only what an agent proposed can be put back; an answer is the person's own.
  function mark(field) {
    const row = field.closest("fieldset .field");
    if (!row) return;
    const edited = field.value !== was(field);
    const button = row.querySelector(".put-back");
    row.classList.toggle("edited", edited);
    if (edited && !button) field.after(wayBack(field));
    if (!edited) button?.remove();
  }

  // What was written before and could not be sent stands there again from the beginning.
  const again = () => document.querySelectorAll(".edited :is(textarea, select)").forEach(mark);
  new MutationObserver(again).observe(document.body, { childList: true, subtree: true });
  again();

  function grow(field) {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  }

  document.addEventListener("input", ({ target }) => {
    if (!target.matches("textarea, select") || !target.form) return;
    mark(target);
    if (!grows && target.localName === "textarea") grow(target);
  });

  document.addEventListener("click", ({ target }) => {
    const chip = target.closest("[data-fills]");
    if (chip) put(document.getElementById(chip.dataset.fills), chip.value);
  });
})();
