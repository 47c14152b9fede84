// Requests to the studio that this page came from.

import { eventsIn } from "./events.js";

const kToken = "steer token";

// The token came behind the #, which no server and no log sees; it is kept for this tab.
const brought = location.hash.slice(1);
if (/^[0-9a-f]{32}$/.test(brought)) {
  sessionStorage.setItem(kToken, brought);
  history.replaceState(null, "", location.pathname);
}

function headers(more = {}) {
  const token = sessionStorage.getItem(kToken);
  return token ? { Authorization: `Bearer ${token}`, ...more } : more;
}

/** The answer's JSON; an Error with the studio's own line where it refuses. */
async function json(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ? body.error.message : `the studio answered ${response.status}`);
  return body;
}

export async function get(path) {
  return json(await fetch(path, { headers: headers() }));
}

export async function post(path, body) {
  return json(await fetch(path, {
    method: "POST", headers: headers({ "Content-Type": "application/json" }), body: JSON.stringify(body),
  }));
}

export async function remove(path) {
  return json(await fetch(path, { method: "DELETE", headers: headers() }));
}

/** Sends a file and gives the name that words may say. */
export async function upload(name, blob) {
  const clean = name.replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^\.+/, "").slice(-60) || "file.png";
  const answer = await json(await fetch(`api/uploads?name=${encodeURIComponent(clean)}`, {
    method: "POST", headers: headers({ "Content-Type": "application/octet-stream" }), body: blob,
  }));
  return answer.name;
}

const blobs = new Map();

/** A picture or sound of the studio as an address for this page; asked for once. */
export function blobAddress(path) {
  if (!blobs.has(path)) {
    blobs.set(path, fetch(path, { headers: headers() }).then(async (response) => {
      if (!response.ok) throw new Error(`no ${path}`);
      return URL.createObjectURL(await response.blob());
    }));
    blobs.get(path).catch(() => blobs.delete(path));
  }
  return blobs.get(path);
}

export async function text(path) {
  const response = await fetch(path, { headers: headers() });
  return response.ok ? response.text() : "";
}

/** Reads events until the page goes, again and again; `told(name, data)`, `here(connected, why)`. */
export async function listen(told, here) {
  for (let wait = 250; ; wait = Math.min(wait * 2, 5000)) {
    try {
      const response = await fetch("api/events", { headers: headers() });
      if (response.status === 401) {
        here(false, "this address lacks its token: open the one that steer serve printed");
        return;
      }
      if (!response.ok || !response.body) throw new Error();
      here(true, "");
      wait = 250;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let buffer = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const [events, rest] = eventsIn(buffer + value);
        buffer = rest;
        for (const event of events) told(event.name, JSON.parse(event.data));
      }
    } catch {
      // Said below: the studio is gone or not there yet.
    }
    here(false, "reconnecting");
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
