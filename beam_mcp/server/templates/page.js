// Nicer with: deciding without leaving the page, and an inbox that looks by itself. Everything works without.
"use strict";
(() => {
  const OFTEN = 15_000; // milliseconds between two looks at the inbox, at least
  const SELDOM = 60_000; // while nobody comes back to it
  const LOST = "No answer came, so whether this was done is not known. Load the page again: it shows how it stands.";

  const REFUSED = "What you sent was refused on its way, so nothing was done. Decide in the Beam app.";
  const BLIND =
    "This page cannot look any more, so what you see may have changed. It tries again by itself. " +
    "If the command that opened it has ended, start that again.";

  const main = document.querySelector("main");
  const quietly = document.getElementById("told-quietly");
  let busy = false;
  let looked = Date.now();

  // ---- What is on the page

  const read = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");
  const standing = (field) => field.defaultValue; // the mark, and what is proposed
  const waiting = (page) =>
    [page.querySelector("h1"), ...page.querySelectorAll("article")]
      .map((part) => (part.id ? [part.id, ...[...part.querySelectorAll("input, textarea")].map(standing)] : part.textContent))
      .join();

  // A field that was shown again with what stood in it, since it could not be sent, remembers what it was.
  function touched(field) {
    if (field.closest(".field")?.querySelector("[data-was]")) return true;
    if (field.localName === "textarea") return field.value !== field.defaultValue;
    return field.selectedIndex !== Math.max([...field.options].findIndex((option) => option.defaultSelected), 0);
  }
  const unsent = (form) => [...form.querySelectorAll("textarea, select")].filter(touched);
  const same = (form) => `[data-task="${CSS.escape(form.dataset.task)}"][data-step="${CSS.escape(form.dataset.step)}"]`;

  function draw(fresh, sent) {
    const kept = [...main.querySelectorAll("form")].filter((form) => form !== sent && unsent(form).length);
    main.replaceChildren(...fresh.querySelector("main").childNodes);
    document.querySelector("footer").replaceWith(fresh.querySelector("footer"));
    document.title = fresh.title;
    for (const form of kept) {
      const now = main.querySelector(`form${same(form)}`);
      if (now?.elements.mark.value === form.elements.mark.value) unsent(form).forEach((field) => carry(field, now));
    }
  }

  function carry(field, form) {
    const now = form.elements[field.name];
    now.value = field.value;
    now.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // ---- Deciding

  function told(fresh, text = LOST) {
    const said = fresh?.querySelector("#notice");
    const notice = said ?? document.createElement("p");
    if (!said) {
      Object.assign(notice, { id: "notice", className: "notice problem", role: "alert", tabIndex: -1 });
      notice.textContent = text;
    }
    main.querySelector("#notice")?.remove();
    return notice;
  }

  function show(answer, fresh, form) {
    const article = form.closest("article");
    if (answer.ok) {
      draw(fresh, form);
      history.replaceState(null, "", settled(answer.url));
    } else {
      const notice = told(fresh, answer.status < 500 ? REFUSED : LOST);
      article.before(notice);
      const now = fresh.getElementById(article.id);
      if (now) article.replaceWith(now);
      else if (answer.status === 409) article.remove();
    }
    (main.querySelector("[aria-invalid]") ?? main.querySelector("#notice") ?? main.querySelector("h1"))?.focus();
  }

  function settled(address) {
    const clean = new URL(address);
    clean.searchParams.delete("told");
    return clean;
  }

  function wait(form, is) {
    busy = is;
    form.ariaBusy = String(is);
    quietly.textContent = is ? "Sending …" : "";
  }

  async function send(form, pressed) {
    wait(form, true);
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, pressed)) });
      show(answer, await read(answer), form);
    } catch {
      const notice = told(null);
      form.closest("article").before(notice);
      notice.focus();
    } finally {
      wait(form, false);
    }
  }

  main.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!busy && event.submitter) send(event.target, event.submitter);
  });

  // ---- Looking again

  const atWork = () =>
    busy ||
    main.contains(document.activeElement) ||
    [...main.querySelectorAll("form")].some((form) => unsent(form).length);

  async function look() {
    if (document.hidden || atWork()) return;
    looked = Date.now();
    const answer = await fetch(location.href).catch(() => null);
    const fresh = answer && (await read(answer).catch(() => null));
    if (!answer?.ok || !fresh) return failed(fresh);
    main.querySelector(".blind")?.remove();
    if (atWork() || waiting(fresh) === waiting(main)) return;
    draw(fresh);
    quietly.textContent = main.querySelector("h1").textContent;
  }

  // What stands on the page stays, since it may be half written by now; only that it is old is said.
  function failed(fresh) {
    if (main.querySelector(".blind")) return;
    const notice = told(fresh, BLIND);
    notice.classList.add("blind");
    main.querySelector("h1").after(notice);
  }

  const lookAfter = (age) => Date.now() - looked >= age && look();
  if (location.pathname.includes("/inbox/")) {
    setInterval(() => lookAfter(SELDOM), OFTEN);
    document.addEventListener("visibilitychange", () => lookAfter(OFTEN));
  }
  history.replaceState(null, "", settled(location.href));
})();
