// All jobs, the newest first.

import { blobAddress } from "./api.js";
import { fill, h } from "./dom.js";
import { choose, newest, on, store, tell } from "./store.js";

const kShown = 50;
const pictures = new Map();

function thumbnail(job) {
  if (job.kind === "search") return h("em", { "aria-hidden": "true" }, "⌕");
  if (job.state !== "done") return h("em", { "aria-hidden": "true" }, job.state === "failed" ? "!" : "…");
  if (!pictures.has(job.id)) {
    const image = h("img", { alt: "" });
    blobAddress(`api/jobs/${job.id}/0.png`).then((address) => { image.src = address; }).catch(() => {});
    pictures.set(job.id, image);
  }
  return pictures.get(job.id);
}

function line(job) {
  const recipe = job.asked.recipe;
  const words = recipe ? recipe.objective || (recipe.telling && recipe.telling.label) || "unguided" : `search: ${job.asked.objective}`;
  const state = job.state === "running" ? `${Math.round(100 * job.share)} %` : job.state === "done" ? new Date(1000 * job.created).toLocaleTimeString() : job.state;
  return h("button", { type: "button", class: "job", "aria-current": String(job.id === store.chosen), title: words, onclick: () => { choose(job.id); tell("tab", "stage"); } },
    thumbnail(job), h("span", {}, h("b", {}, words), h("i", {}, `${recipe ? recipe.model.path : job.asked.model}, ${state}`)));
}

function show(place, most) {
  const all = newest();
  fill(place, h("div", { class: "card" }, h("h2", {}, "Jobs"), all.length === 0 && h("p", { class: "soft" }, "what you generate is kept here"),
    all.slice(0, most).map(line),
    all.length > most && h("button", { type: "button", onclick: () => show(place, most + kShown) }, "older ones")));
}

export function buildJobs(place) {
  let due = false;
  on("chosen jobs", () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => { due = false; show(place, kShown); });
  });
  show(place, kShown);
}
