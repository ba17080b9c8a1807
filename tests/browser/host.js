// The host's side of MCP Apps (SEP-1865, 2026-01-26), as strict as the specification lets a host be: one frame whose
// origin is nobody's, the default policy, only the tools an app may call, nothing said before the card is initialised.
"use strict";
const POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "media-src 'self' data:; connect-src 'none'; frame-src 'none'; object-src 'none'; base-uri 'self'";

const host = {
  heard: [], // every message of the card
  broken: [], // what a card must not send
  denied: new Set(), // methods that are answered with an error
  frame: null,
  initialised: null,
  last: 0,
  waiting: new Map(),

  draw({ html, capabilities, context, sandbox }) {
    Object.assign(host, { capabilities, context });
    host.initialised = new Promise((resolve) => (host.begin = resolve));
    const policy = `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`;
    host.frame = Object.assign(document.createElement("iframe"), { id: "card" });
    host.frame.setAttribute("sandbox", sandbox);
    host.frame.style = "width: 100%; height: 150px; border: 0; color-scheme: normal";
    host.frame.srcdoc = html.replace("<head>", `<head>${policy}`);
    document.body.replaceChildren(host.frame);
  },

  post(message) {
    host.frame.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*");
  },

  async notify(method, params) {
    await host.initialised;
    host.post({ method, params });
  },

  async request(method, params = {}) {
    await host.initialised;
    const id = `host-${++host.last}`;
    return new Promise((resolve) => {
      host.waiting.set(id, resolve);
      host.post({ id, method, params });
    });
  },

  async answer({ id, method, params }) {
    try {
      if (host.denied.has(method)) throw new Error("This host does not allow it");
      host.post({ id, result: await host.result(method, params) });
    } catch (error) {
      host.post({ id, error: { code: -32000, message: error.message } });
    }
  },

  async result(method, params) {
    const { capabilities, context } = host;
    switch (method) {
      case "ui/initialize":
        return {
          protocolVersion: "2026-01-26",
          hostInfo: { name: "test-host", version: "1.0.0" },
          hostCapabilities: capabilities,
          hostContext: context,
        };
      case "tools/call":
      case "resources/read":
        return forward(method, params); // to the server, over a client's connection
      case "ui/update-model-context":
      case "ui/message":
        return {};
      default:
        throw new Error(`No method ${method}`);
    }
  },

  sized({ width, height }) {
    if (!(width > 0 && height > 0)) host.broken.push(`size ${width} x ${height}`);
    host.frame.style.height = `${height}px`;
  },
};

addEventListener("message", ({ source, data, origin }) => {
  if (source !== host.frame?.contentWindow) return;
  if (data?.jsonrpc !== "2.0" || origin !== "null") return host.broken.push(JSON.stringify(data));
  host.heard.push(data);
  if (data.method === undefined) return host.waiting.get(data.id)?.(data);
  if (data.id !== undefined) return host.answer(data);
  if (data.method === "ui/notifications/initialized") host.begin();
  else if (data.method === "ui/notifications/size-changed") host.sized(data.params);
  else host.broken.push(JSON.stringify(data));
});
window.host = host;

// A host whose server answers every call of a tool with the HTML that the test says.
window.after = (result) => async (method, params) =>
  method === "tools/call" ? { content: [], structuredContent: { html: host.html } } : result(method, params);
