// The page begins here.

import { get, listen } from "./api.js";
import { buildAsk } from "./ask.js";
import { say } from "./dom.js";
import { buildJobs } from "./jobs.js";
import { buildStage } from "./stage.js";
import { choose, on, putJob, store, tell } from "./store.js";

const kTheme = "steer theme";

function showTab(name) {
  document.getElementById("main").dataset.tab = name;
  for (const button of document.querySelectorAll("#tabs button")) button.setAttribute("aria-current", String(button.dataset.tab === name));
}

function applyTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

function turnTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  localStorage.setItem(kTheme, next);
  applyTheme(next);
}

const said = new Map();
function told(name, data) {
  if (name === "snapshot") {
    store.jobs.clear();
    for (const job of [...data.jobs].reverse()) putJob(job);
    tell("jobs");
  } else if (name === "job") {
    putJob(data);
    const quarter = `${data.state} ${Math.floor(4 * data.share)}`;
    if (data.id === store.chosen && said.get(data.id) !== quarter) {
      said.set(data.id, quarter);
      say(data.state === "running" ? `${Math.round(100 * data.share)} percent` : data.state);
    }
    tell("jobs");
  } else if (name === "needs") {
    store.needs.set(data.name, data.needs);
    tell("needs", data.name);
  } else if (name === "preview") {
    store.previews.set(data.id, data.png);
    tell("preview");
  }
}

let built = false;
async function build() {
  if (built) return;
  built = true;
  const [state, models, words, ...lists] = await Promise.all([get("api/state"), get("api/models"), get("api/vocabulary"),
    ...["methods", "token_methods", "solvers", "token_solvers"].map((name) => get(`api/lists/${name}`))]);
  store.state = state;
  store.models = models.models;
  store.allWords = words.words;
  for (const card of store.models) if (card.needs) store.needs.set(card.name, card.needs);
  for (const list of lists) store.lists[list.list] = list.entries;
  document.getElementById("machine").textContent = `${state.version} · ${state.machine}`;
  buildAsk(document.getElementById("ask"));
  buildStage(document.getElementById("stage"));
  buildJobs(document.getElementById("jobs"));
}

function begin() {
  applyTheme(localStorage.getItem(kTheme));
  document.getElementById("theme").addEventListener("click", turnTheme);
  for (const button of document.querySelectorAll("#tabs button")) button.addEventListener("click", () => showTab(button.dataset.tab));
  on("tab", showTab);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && store.chosen && !document.querySelector("dialog[open]")) choose("");
  });
  showTab("ask");
  listen(told, (connected, why) => {
    document.getElementById("connection").textContent = connected ? "" : why;
    if (connected) build().catch((error) => { built = false; document.getElementById("connection").textContent = error.message; });
  });
}

begin();
