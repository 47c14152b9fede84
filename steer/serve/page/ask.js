// What is asked for: model, words, numbers; two buttons.

import { get, post, upload } from "./api.js";
import { field, fill, h, say } from "./dom.js";
import { draw } from "./draw.js";
import { formOf, kSettings, recipeOf } from "./recipe.js";
import { choose, on, store, tell } from "./store.js";
import { offersAt, taken } from "./words.js";

const kWordsWait = 250;
const inputs = {};      // by name
const settings = {};    // inputs of settings by name
let preset = null;      // what a search found: {name, preset}

function option(value, text = value) { return h("option", { value }, text); }

function names() {
  return { models: store.models.map((card) => card.name), guides: store.state.guides, uploads: store.state.uploads };
}

/** The form's values. */
function values() {
  const chosen = {};
  for (const [name, input] of Object.entries(settings)) {
    if (input.value === "") continue;
    chosen[name] = input.type === "number" ? Number(input.value) : input.value;
  }
  const value = (name) => (inputs[name] ? inputs[name].value : "");
  if (value("preset") === "found" && preset) chosen.preset = preset.preset;
  else if (value("preset")) chosen.preset = value("preset");
  if (inputs.prior && inputs.prior.checked) chosen.prior = true;
  return {
    model: value("model"), words: value("words"), count: value("count"), seed: value("seed"), label: value("label"),
    told: value("told"), given: value("given"), settings: chosen, from: value("from"), noise: value("noise"),
    then: value("then"), thenNoise: value("thenNoise"), fit: value("fit"),
  };
}

async function generate() {
  await submit({ kind: "samples", recipe: recipeOf(values()) });
}

async function search() {
  const form = values();
  await submit({
    kind: "search", model: form.model, objective: form.words.trim(), settings: form.settings, label: form.label,
    told: form.told, judge: inputs.judge.value, metric: inputs.metric.value, samples: Number(inputs.trial.value),
    sweeps: Number(inputs.sweeps.value), method: inputs.way.value, confirm: Number(inputs.confirm.value),
    seed: Number(form.seed),
  });
}

async function submit(body) {
  inputs.fault.textContent = "";
  try {
    const { id } = await post("api/jobs", body);
    choose(id);
    tell("tab", "stage");
    say("on its way");
  } catch (error) {
    inputs.fault.textContent = error.message;
  }
}

/** Fills the form; the model first, since it says which fields there are. */
export function ask(form) {
  if (store.models.some((card) => card.name === form.model)) takeModel(form.model);
  for (const [name, value] of Object.entries(form))
    if (inputs[name] && name !== "model" && name !== "settings") inputs[name].value = value;
  for (const input of Object.values(settings)) input.value = "";
  for (const [name, value] of Object.entries(form.settings || {})) {
    if (settings[name] && typeof value !== "object") settings[name].value = value;
    if (name === "preset" && typeof value === "string") inputs.preset.value = value;
    if (name === "preset" && typeof value === "object") usePreset({ name: "found", preset: value });
  }
  if (inputs.then) inputs.then.dispatchEvent(new Event("change"));
  if (inputs.from) inputs.from.dispatchEvent(new Event("change"));
  seeWords();
  tell("tab", "ask");
}

/** The form as a recipe says, and what it draws at once. */
export function askAndGenerate(form) {
  ask(form);
  return generate();
}

export function askRecipe(recipe) { ask(formOf(recipe)); }

/** Strengths that a search found, for the model that is asked. */
export function usePreset(found) {
  preset = found;
  if (!inputs.preset.querySelector('[value="found"]')) inputs.preset.append(option("found", "found by a search"));
  inputs.preset.value = "found";
}

export function beginFrom(name) {
  refreshUploads().then(() => {
    inputs.from.value = name;
    inputs.from.dispatchEvent(new Event("change"));
    inputs.from.closest("details").open = true;
    tell("tab", "ask");
  });
}

async function refreshUploads() {
  store.state = await get("api/state");
  for (const name of ["from", "given"]) {
    const select = inputs[name];
    if (!select) continue;
    const now = select.value;
    fill(select, option("", "nothing"), store.state.uploads.map((file) => option(file)));
    select.value = now;
  }
}

async function takeFiles(files) {
  for (const file of files) {
    try {
      const name = await upload(file.name, file);
      await refreshUploads();
      put(name);
      say(`${name} is here`);
    } catch (error) {
      inputs.fault.textContent = error.message;
    }
  }
}

/** A word about an uploaded file, where nothing is asked yet; else the name at the caret. */
function put(name, word) {
  const words = inputs.words, image = /\.(png|jpe?g|webp)$/i.test(name);
  if (words.value.trim() && !word) return words.setRangeText(name, words.selectionStart, words.selectionEnd, "end"), seeWords();
  const made = word || (image ? `inpaint(${name}, mask=left)` : "");
  if (made) words.value = words.value.trim() ? `${words.value.trim()} + ${made}` : made;
  else words.setRangeText(name, words.selectionStart, words.selectionEnd, "end");
  seeWords();
}

async function openDrawing() {
  const side = (store.model.space.sizes || []).at(-1) || 32;
  const made = await draw(side);
  if (!made) return;
  await refreshUploads();
  if (made.kind === "strokes") put(made.name, `strokes(${made.name})`);
  else put(made.name);
}

/** The terms of the words, or the studio's line about what is wrong. */
async function parsed(words, model) {
  try {
    return { terms: (await post("api/parse", { words, model })).terms, error: "" };
  } catch (error) {
    return { terms: [], error: error.message };
  }
}

let waiting = 0;
function seeWords() {
  clearTimeout(waiting);
  const text = inputs.words.value.trim();
  inputs.search.hidden = !text || store.model.family !== "diffusion";
  if (!text) { fill(inputs.chips); inputs.wordsFault.textContent = ""; return; }
  waiting = setTimeout(async () => {
    const { terms, error } = await parsed(text, inputs.model.value);
    if (inputs.words.value.trim() !== text) return;
    inputs.wordsFault.textContent = error;
    fill(inputs.chips, terms.filter((term) => term.word !== "rank").map((term) => h("span", { class: "chip" },
      `${term.weight === 1 ? "" : `${term.weight} × `}${term.word}: ${term.nature}`)));
  }, kWordsWait);
}

/** Completion of words: a list below the line, by arrows, Tab or a click. */
function completing(words, list) {
  let offers = [], at = -1;
  const close = () => { offers = []; at = -1; list.hidden = true; fill(list); };
  const take = (offer) => {
    const [text, caret] = taken(words.value, words.selectionStart, offer);
    words.value = text;
    words.setSelectionRange(caret, caret);
    words.focus();
    close();
    seeWords();
    show();
  };
  const mark = () => [...list.children].forEach((item, i) => {
    item.setAttribute("aria-selected", String(i === at));
    if (i === at) item.scrollIntoView({ block: "nearest" });
  });
  const show = () => {
    offers = offersAt(words.value, words.selectionStart, store.words, names()).slice(0, 40);
    at = -1;
    list.hidden = offers.length === 0;
    fill(list, offers.map((offer) => h("li", { role: "option", onmousedown: (event) => { event.preventDefault(); take(offer); } },
      h("b", {}, offer.text), ` ${offer.meaning}`)));
    mark();
  };
  words.addEventListener("input", () => { show(); seeWords(); });
  words.addEventListener("focus", show);
  words.addEventListener("blur", close);
  words.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); close(); generate(); return; }
    if (list.hidden) return;
    if (event.key === "Escape") { event.stopPropagation(); close(); return; }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = (at + (event.key === "ArrowDown" ? 1 : offers.length - 1) + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % offers.length;
      mark();
      event.preventDefault();
    } else if ((event.key === "Tab" && at >= 0) || (event.key === "Enter" && at >= 0)) {
      take(offers[at]);
      event.preventDefault();
    }
  });
}

function settingInput(name, family) {
  const known = kSettings[name];
  if (!known.list) return h("input", { type: "number", step: "any", min: known.least, max: known.most, placeholder: "as suits" });
  const list = store.lists[known.list[family] || known.list.diffusion];
  return h("select", {}, option("", "as suits"), list.map((entry) => h("option", { value: entry.name, title: entry.meaning }, entry.name)));
}

/** The fields of what the model is told; until that is known, those that may be needed. */
function takeNeeds() {
  const card = store.model, needs = store.needs.get(card.name), label = inputs.label ? inputs.label.value : "";
  const count = needs ? needs.classes : card.class_names.length;
  const classes = Array.from({ length: count }, (_, i) => card.class_names[i] || String(i));
  inputs.label = count ? h("select", {}, option("all", "all, in turn"), (!needs || needs.no_class) && option("none", "none"), classes.map((text) => option(text))) : null;
  if (inputs.label && [...inputs.label.options].some((one) => one.value === label)) inputs.label.value = label;
  fill(inputs.classes, inputs.label && field("class that it is told", inputs.label));
  inputs.told.closest("label").hidden = Boolean(needs) && needs.values.length === 0;
  inputs.given.closest("label").hidden = Boolean(needs) && !needs.given;
}

/** The fields that this model has. */
function takeModel(name) {
  const card = store.models.find((known) => known.name === name);
  store.model = card;
  inputs.model.value = name;
  store.words = store.allWords.filter((word) => word.kinds.length === 0 || word.kinds.includes(card.space.kind));
  takeNeeds();
  for (const key of Object.keys(settings)) delete settings[key];
  const own = card.settings.map((setting) => setting.name);
  fill(inputs.more, own.filter((setting) => kSettings[setting]).map((setting) => field(setting, settings[setting] = settingInput(setting, card.family))),
    own.includes("preset") && field("strengths", inputs.preset = h("select", {}, option("", "as suits"), card.presets.map((text) => option(text)))),
    own.includes("prior") && h("label", {}, inputs.prior = h("input", { type: "checkbox" }), " codes by the learned prior beside it"));
  if (!own.includes("prior")) inputs.prior = null;
  if (!own.includes("preset")) inputs.preset = h("select", {}, option(""));
  for (const setting of card.settings) if (settings[setting.name]) settings[setting.name].closest("label").title = setting.meaning;
  const judges = store.models.filter((known) => known.family === "classifier" && known.space.kind === card.space.kind);
  fill(inputs.judge, option("", "no judge: by the objective's own score"), judges.map((known) => option(known.name)), store.state.guides.map((text) => option(text)));
  const others = store.models.filter((known) => known.samples && known.space.kind === card.space.kind);
  fill(inputs.then, option("", "nothing"), others.map((known) => option(known.name)));
  inputs.draw.hidden = card.space.kind !== "image";
  inputs.meaning.textContent = `${card.meaning}; ${card.space.kind} ${card.space.sizes.join("×")}`;
  seeWords();
}

function shownWhile(select, ...fields) {
  const see = () => { for (const one of fields) one.hidden = !select.value; };
  select.addEventListener("change", see);
  see();
}

/** Builds the panel. */
export function buildAsk(place) {
  const samplers = store.models.filter((card) => card.samples);
  const list = h("ul", { class: "offers", role: "listbox", id: "offers", hidden: true });
  inputs.model = h("select", { onchange: () => takeModel(inputs.model.value) }, samplers.map((card) => option(card.name)));
  inputs.words = h("textarea", { spellcheck: false, "aria-controls": "offers", "aria-autocomplete": "list",
    placeholder: "nothing: unguided samples.  Or: label(3, classifier=mnist_judge)" });
  inputs.wordsFault = h("p", { class: "bad", role: "alert" });
  inputs.chips = h("p", { class: "chips" });
  inputs.count = h("input", { type: "number", min: 1, max: store.state.limits.samples, value: 8 });
  inputs.seed = h("input", { type: "number", value: 0 });
  inputs.told = h("input", { placeholder: "alpha=75 gap=6" });
  inputs.classes = h("div", {});
  inputs.meaning = h("p", { class: "soft" });
  inputs.more = h("div", { class: "pairs" });
  inputs.from = h("select", {});
  inputs.given = h("select", {});
  inputs.noise = h("input", { type: "range", min: 0, max: 1, step: 0.05, value: 0.5 });
  inputs.then = h("select", {});
  inputs.thenNoise = h("input", { type: "range", min: 0, max: 1, step: 0.05, value: 0.4 });
  inputs.fit = h("select", {}, option("resize", "resized"), option("pad", "padded"), option("crop", "cropped"), option("", "refused"));
  inputs.judge = h("select", {});
  inputs.metric = h("select", {}, option("", "as suits"), ["accuracy", "confidence", "score"].map((name) => option(name)));
  inputs.way = h("select", {}, option("doubling"), option("halving"));
  inputs.trial = h("input", { type: "number", min: 1, max: store.state.limits.samples, value: 16 });
  inputs.sweeps = h("input", { type: "number", min: 0, max: 100, value: 3 });
  inputs.confirm = h("input", { type: "number", min: 0, max: store.state.limits.samples, value: 0 });
  inputs.fault = h("p", { class: "bad", role: "alert" });
  const file = h("input", { type: "file", class: "unseen", multiple: true, tabIndex: -1, "aria-label": "files to upload", onchange: () => takeFiles(file.files) });
  const noise = field("how much of it is noise", inputs.noise), thenNoise = field("how much it may change", inputs.thenNoise);
  inputs.images = h("div", { class: "actions" },
    h("button", { type: "button", onclick: () => file.click() }, "Upload a file"),
    inputs.draw = h("button", { type: "button", onclick: openDrawing }, "Draw"), file);
  inputs.search = h("details", {}, h("summary", {}, "Search strengths for these words"),
    h("p", { class: "soft" }, "Tries strengths of guidance, judges the samples of each and keeps the best. A judge that does not guide tells more than the score."),
    field("judge", inputs.judge), h("div", { class: "row" }, field("select by", inputs.metric), field("way", inputs.way)),
    h("div", { class: "row" }, field("samples a trial", inputs.trial), field("sweeps", inputs.sweeps), field("confirm on", inputs.confirm)),
    h("button", { type: "button", onclick: search }, "Search"));
  fill(place, h("form", { class: "card", onsubmit: (event) => { event.preventDefault(); generate(); } },
    h("h2", {}, "Ask"), field("model", inputs.model), inputs.meaning,
    field("objective: what is wanted, in words", inputs.words), h("div", { class: "under" }, list), inputs.wordsFault, inputs.chips, inputs.images,
    h("div", { class: "row" }, field("samples", inputs.count), field("seed of the first", inputs.seed)), inputs.classes,
    h("details", {}, h("summary", {}, "Settings"), inputs.more, field("numbers that it is told", inputs.told)),
    h("details", {}, h("summary", {}, "Begin from a picture, go on with another model"),
      field("begin from", inputs.from), noise, field("condition, of models that need one", inputs.given), field("pictures of another size are", inputs.fit),
      field("then goes on", inputs.then), thenNoise),
    inputs.search, inputs.fault,
    h("div", { class: "actions sticky" }, h("button", { class: "main", title: "Ctrl Enter in the line of words" }, "Generate"),
      h("button", { type: "button", title: "the next seeds", onclick: () => { inputs.seed.value = Number(inputs.seed.value) + Number(inputs.count.value); generate(); } }, "Next seeds"))));
  completing(inputs.words, list);
  shownWhile(inputs.from, noise);
  shownWhile(inputs.then, thenNoise);
  for (const name of ["from", "given"]) fill(inputs[name], option("", "nothing"), store.state.uploads.map((text) => option(text)));
  const first = samplers.find((card) => card.name === "emoji_flow") || samplers[0];
  takeModel(first.name);
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => { event.preventDefault(); takeFiles(event.dataTransfer.files); });
  document.addEventListener("paste", (event) => { if (event.clipboardData.files.length) takeFiles(event.clipboardData.files); });
  on("preset", usePreset);
  on("needs", (name) => { if (name === inputs.model.value) takeNeeds(); });
}
