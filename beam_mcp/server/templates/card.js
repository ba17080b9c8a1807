// The card's side of MCP Apps (SEP-1865, 2026-01-26): what waits is asked of the server through the host, and so is
// what the person decides sent. Nothing is loaded, kept or sent anywhere else.
"use strict";
(() => {
  const URI = "ui://beam/inbox";
  const IDLE = 30_000; // milliseconds after which a card that is seen again is read anew
  const NO_WAY = "This chat cannot pass on what you decide here. Decide in the Beam app, or ask in the chat.";
  const UNSURE = "Whether this was done is not known; Refresh shows how it stands";
  // The server's HTML escapes all that is foreign; what could run, load or lead away has no place in it anyway.
  const ELEMENTS = new Set(
    ("a article b bdi br button code dd details div dl dt em fieldset footer form h1 h2 h3 h4 header hr input label " +
      "legend li nav ol optgroup option p pre q section select small span strong summary textarea time ul").split(" "),
  );
  const RISKY = /^(on|src|xlink|style$|ping$|formaction|background|poster|data$|cite$)/;
  // What of our looks a host may say, and how it calls it.
  const WORN = {
    "--ground": "--color-background-primary",
    "--sheet": "--color-background-primary",
    "--tint": "--color-background-secondary",
    "--ink": "--color-text-primary",
    "--soft": "--color-text-secondary",
    "--line": "--color-border-tertiary",
    "--edge": "--color-border-primary",
    "--focus": "--color-ring-primary",
    "--round": "--border-radius-md",
    "--family": "--font-sans",
  };

  const root = document.documentElement;
  const main = document.querySelector("main");
  const onward = document.getElementById("continue");
  const asked = new Map(); // requests to the host that are under way
  const decided = []; // what came of each decision, in the server's words
  const written = new Set(); // fields that hold what nobody sent yet
  let last = 0;
  let host = {}; // what it can do
  let place; // what is shown: a task, or a page of the inbox
  let word = document.body.dataset.word; // what proves to the server that the card asks
  let busy = false;
  let shownAt = 0;
  let sizes;

  // ---- JSON-RPC with the host. Whoever embeds the card gave it its document, so any origin is the right one.

  const post = (message) => window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const notify = (method, params = {}) => post({ method, params });
  const request = (method, params) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      asked.set(id, { resolve, reject });
      post({ id, method, params });
    });

  const heard = new Map([
    ["ui/notifications/tool-input", ({ arguments: given }) => void (place = placeOf(given))],
    ["ui/notifications/tool-result", () => show()],
    ["ui/notifications/tool-cancelled", ({ reason }) => tell(`The call was stopped${reason ? `: ${reason}` : ""}.`)],
    ["ui/notifications/host-context-changed", dress],
  ]);
  const answers = new Map([
    ["ping", () => ({})],
    ["ui/resource-teardown", () => (sizes?.disconnect(), {})],
  ]);

  addEventListener("message", ({ source, data }) => {
    if (source !== window.parent || data?.jsonrpc !== "2.0") return;
    if (typeof data.method !== "string") return settle(data);
    if (data.id === undefined) return void heard.get(data.method)?.(data.params ?? {});
    const answer = answers.get(data.method);
    const unknown = { error: { code: -32601, message: "The card does not know this" } };
    post({ id: data.id, ...(answer ? { result: answer() } : unknown) });
  });

  function settle({ id, result, error }) {
    const waiting = asked.get(id);
    asked.delete(id);
    if (error) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result ?? {});
  }

  // ---- What is shown

  function placeOf(given = {}) {
    const named = (name) => (typeof given[name] === "string" && given[name] ? { [name]: given[name] } : {});
    return { ...named("task"), ...named("agent"), ...(Number.isInteger(given.page) ? { page: given.page } : {}) };
  }

  async function show(where = place) {
    place = where;
    await ask("show_card", {}, "What waits could not be read");
  }

  async function ask(tool, more, failed, sent) {
    if (busy) return null;
    if (!host.serverTools) return tell(NO_WAY);
    wait(true);
    try {
      const result = await call(tool, more);
      const shown = result.structuredContent;
      if (typeof shown?.html !== "string") throw new Error(result.content?.[0]?.text ?? "there was no answer");
      return { ...shown, first: draw(shown.html, sent), said: result.content?.[0]?.text };
    } catch (error) {
      return tell(`${failed}: ${error.message}`);
    } finally {
      wait(false);
    }
  }

  async function call(tool, more) {
    const once = () => request("tools/call", { name: tool, arguments: { ...place, ...more, word } });
    const result = await once();
    if (!result.structuredContent?.stale || !host.serverResources) return result;
    // The host kept the document from an earlier session; nothing was done, so it is asked once more with the new one.
    const { contents } = await request("resources/read", { uri: URI });
    const fresh = new DOMParser().parseFromString(contents?.[0]?.text ?? "", "text/html");
    word = fresh.body.dataset.word ?? word;
    return once();
  }

  function draw(html, sent) {
    const { head, body } = new DOMParser().parseFromString(html, "text/html");
    const odd = [...head.children, ...body.querySelectorAll("*")].find((element) => !isPlain(element));
    if (odd) throw new Error(`the answer holds what a card must not: ${odd.localName}`);
    const first = body.querySelector("[autofocus]");
    first?.removeAttribute("autofocus"); // a card takes the focus only from somebody who is in it
    const others = [...written].filter(({ form }) => form !== sent);
    const kept = others.map((field) => [field, field.form.elements.mark.value]);
    main.replaceChildren(...body.childNodes);
    written.clear();
    for (const field of main.querySelectorAll(".field:has([data-was]) :is(textarea, select)")) written.add(field);
    for (const [field, mark] of kept) keep(field, mark);
    shownAt = Date.now();
    return first;
  }

  function keep({ id, value }, mark) {
    const field = document.getElementById(id);
    if (field?.form?.elements.mark.value !== mark) return;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // A card leads nowhere but to places within itself.
  function isPlain({ localName, attributes }) {
    const leads = { action: /./, href: /^[^#?]/ };
    const risky = ({ name, value }) => RISKY.test(name) || leads[name]?.test(value);
    return ELEMENTS.has(localName) && ![...attributes].some(risky);
  }

  function tell(text) {
    const notice = document.createElement("p");
    notice.className = "notice problem";
    notice.role = "alert";
    notice.textContent = text;
    if (shownAt) main.querySelector(".notice")?.remove();
    else main.replaceChildren();
    main.prepend(notice);
    return null;
  }

  function wait(is) {
    busy = is;
    document.body.ariaBusy = String(is);
    document.body.inert = is;
  }

  // ---- What the person does

  async function decide(form, { name, value }) {
    const fields = { ...Object.fromEntries(new FormData(form)), [name]: value };
    const sent = { task_id: form.dataset.task, step_id: form.dataset.step, fields };
    const result = await ask("decide_in_card", sent, UNSURE, form);
    result?.first?.focus();
    if (result?.decided) report(result.said);
  }

  // The model is told without being set to work: that is for the person to start.
  function report(what) {
    decided.push(what);
    const content = [{ type: "text", text: `The person decided in the Beam card:\n${decided.join("\n")}` }];
    request("ui/update-model-context", { content }).catch(() => null);
    onward.hidden = !host.message;
  }

  async function goOn() {
    const content = [{ type: "text", text: `I decided in the Beam card:\n${decided.join("\n")}` }];
    try {
      const { isError } = await request("ui/message", { role: "user", content });
      if (isError) throw new Error("not taken");
      decided.length = 0; // the chat has them now
      onward.hidden = true;
    } catch {
      tell("The chat did not take this. Write there that you decided.");
    }
  }

  // A sandbox may forbid forms, and then no form is ever submitted: what counts is the button.
  addEventListener("submit", (event) => event.preventDefault());
  main.addEventListener("click", (event) => {
    const pressed = event.target.closest("a, button");
    if (!pressed || pressed.type === "button") return;
    event.preventDefault();
    if (pressed.dataset.page) show({ ...place, page: Number(pressed.dataset.page) });
    else if (pressed.hash) document.getElementById(pressed.hash.slice(1))?.scrollIntoView();
    else if (pressed.form?.reportValidity()) decide(pressed.form, pressed);
  });
  main.addEventListener("input", ({ target }) => target.form && written.add(target));
  document.getElementById("refresh").addEventListener("click", () => show());
  onward.addEventListener("click", goOn);
  document.addEventListener("visibilitychange", () => {
    const stale = shownAt && Date.now() - shownAt > IDLE;
    if (document.visibilityState === "visible" && stale && !written.size) show();
  });

  // ---- How it looks

  function dress({ theme, styles, safeAreaInsets }) {
    if (theme) root.style.colorScheme = theme;
    const given = styles?.variables ?? {};
    // Its colours go with each other, and not with half of ours.
    const whole = given["--color-background-primary"] && given["--color-text-primary"];
    for (const [ours, theirs] of Object.entries(WORN)) {
      if (given[theirs] && (whole || !theirs.startsWith("--color"))) root.style.setProperty(ours, given[theirs]);
    }
    const { top, right, bottom, left } = safeAreaInsets ?? {};
    if (safeAreaInsets) root.style.padding = `${top}px ${right}px ${bottom}px ${left}px`;
  }

  function tellSize() {
    const size = { width: innerWidth, height: Math.ceil(root.getBoundingClientRect().height) };
    if (size.width && size.height) notify("ui/notifications/size-changed", size);
  }

  async function start() {
    const { hostCapabilities, hostContext } = await request("ui/initialize", {
      protocolVersion: "2026-01-26",
      appInfo: { name: "beam-card", title: "Beam", version: document.body.dataset.version },
      appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
    });
    host = hostCapabilities ?? {};
    dress(hostContext ?? {});
    notify("ui/notifications/initialized");
    sizes = new ResizeObserver(tellSize);
    sizes.observe(root);
  }

  start().catch((error) => tell(`The chat did not let the card start: ${error.message}`));
})();
