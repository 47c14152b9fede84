// One job, large: what it does, what it made.

import { blobAddress, remove, text, upload } from "./api.js";
import { askAndGenerate, askRecipe, beginFrom, usePreset } from "./ask.js";
import { fill, h, say } from "./dom.js";
import { commandOf } from "./recipe.js";
import { choose, newest, on, store, tell } from "./store.js";

/** A picture of the studio's. */
function picture(path, alt) {
  const image = h("img", { alt });
  blobAddress(path).then((address) => { image.src = address; }).catch(() => { image.alt = "gone"; });
  return image;
}

async function saveAs(path, name) {
  h("a", { href: await blobAddress(path), download: name }).click();
}

function copy(line) {
  navigator.clipboard.writeText(line).then(() => say("copied"), () => say("the browser does not let pages copy"));
}

/** A figure in few characters. */
function rounded(figure) {
  if (!Number.isFinite(figure)) return "none";
  return Math.abs(figure) < 0.01 ? figure.toFixed(4).replace(/\.?0+$/, "") : String(Number(figure.toPrecision(3)));
}

function samples(job) {
  const { result, asked } = job, words = asked.recipe.objective || "unguided";
  const scores = result.figures.scores || [], texts = result.figures.texts || [];
  const seed = (asked.recipe.seeds || [0])[0];
  return h("div", { class: texts.length || result.own === ".wav" ? "samples wide" : "samples" }, Array.from({ length: result.samples }, (_, i) => {
    const path = `api/jobs/${job.id}/${i}`;
    const player = result.own === ".wav" && h("audio", { controls: true, preload: "none", "aria-label": `sound ${i + 1}` });
    if (player) blobAddress(`${path}.wav`).then((address) => { player.src = address; });
    return h("figure", { class: "sample" },
      texts.length ? h("pre", {}, texts[i]) : picture(`${path}.png`, `sample ${i + 1}, ${words}, seed ${seed + i}`), player,
      h("figcaption", {}, h("span", { title: scores.length ? "score: log-likelihood up to a constant" : "" }, scores.length ? `${result.classes ? `${result.classes[i].replaceAll("_", " ")} ` : ""}${rounded(scores[i])}` : result.classes ? result.classes[i].replaceAll("_", " ") : `seed ${seed + i}`),
        h("span", {},
          result.kind === "image" && h("button", { type: "button", class: "plain", title: "begin from this one", "aria-label": `begin from sample ${i + 1}`, onclick: () => from(path, i) }, "↻"),
          h("button", { type: "button", class: "plain", title: "save", "aria-label": `save sample ${i + 1}`, onclick: () => saveAs(`${path}${texts.length ? ".txt" : result.own || ".png"}`, `${asked.recipe.model.path}-${seed + i}${result.own || ".png"}`) }, "↓"))));
  }));
}

async function from(path, i) {
  const bytes = await fetch(await blobAddress(`${path}.png`)).then((answer) => answer.blob());
  beginFrom(await upload(`sample-${i + 1}.png`, bytes));
}

/** The trials that were kept so far, the best first. */
async function trials(job) {
  const lines = (await text(`api/jobs/${job.id}/trials`)).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  if (!lines.length) return h("p", { class: "soft" }, "no trial is done yet");
  const { knobs, metric } = lines[0].conditions;
  const found = lines.slice(1).filter((line) => typeof line.metric === "number");
  const most = Math.max(0, ...found.map((line) => line.key.samples));
  found.sort((a, b) => b.key.samples - a.key.samples || b.metric - a.metric);
  const round = (number) => Number(number.toPrecision(3));
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "trial"), knobs.map((knob) => h("th", { scope: "col" }, knob.name)), h("th", { scope: "col" }, "samples"), h("th", { scope: "col" }, metric))),
    h("tbody", {}, found.map((line, i) => h("tr", { class: i === 0 && line.key.samples === most ? "best" : "" }, h("td", {}, String(i + 1)), line.key.values.map((value) => h("td", {}, String(round(value)))), h("td", {}, String(line.key.samples)), h("td", {}, String(round(line.metric))))))));
}

function searched(job) {
  const { result } = job, table = h("div", {});
  trials(job).then((made) => fill(table, made));
  if (job.state !== "done") return table;
  const round = (number) => Number(Number(number).toPrecision(4));
  return h("div", {},
    h("p", {}, `Best of ${result.trials} trials with ${result.samples} samples in all: ${result.metric} ${round(result.value)} at `,
      result.knobs.map((name, i) => `${name} ${round(result.values[i])}`).join(", "), ". ",
      result.confirmed && `Again on ${result.confirmed.samples} other samples: ${round(result.confirmed.value)}.`),
    h("div", { class: "actions" },
      h("button", { type: "button", class: "main", onclick: () => draws(job) }, "Draw with these strengths"),
      h("button", { type: "button", onclick: () => saveAs(`api/jobs/${job.id}/preset.json`, "preset.json") }, "Save the preset")), table);
}

/** Samples of the search's own words by what it found. */
function draws(job) {
  const { asked } = job;
  const settings = { ...(asked.settings || {}), preset: job.result.preset };
  askAndGenerate({ model: asked.model, words: asked.objective, label: asked.label || "", told: asked.told || "", count: 8, seed: asked.seed || 0, settings, from: "", then: "", given: "", fit: "resize" });
  usePreset({ name: "found", preset: job.result.preset });
}

function head(job) {
  const recipe = job.asked.recipe, words = recipe ? recipe.objective : job.asked.objective;
  const model = recipe ? recipe.model.path : job.asked.model;
  const over = job.state !== "queued" && job.state !== "running";
  return h("div", {}, h("h2", {}, `${job.kind === "search" ? "Search" : model}${job.kind === "search" ? `: ${model}` : ""}`),
    words && h("pre", { class: "words" }, words),
    h("div", { class: "actions" },
      recipe && h("button", { type: "button", onclick: () => askRecipe(recipe) }, "Ask this again"),
      recipe && h("button", { type: "button", onclick: () => copy(commandOf(recipe)) }, "Copy as command"),
      job.state === "done" && recipe && h("button", { type: "button", onclick: () => saveAs(`api/jobs/${job.id}/sheet.png`, `${model}.png`) }, "Save the sheet"),
      h("button", { type: "button", onclick: () => end(job) }, over ? "Remove" : "Stop")));
}

async function end(job) {
  await remove(`api/jobs/${job.id}`).catch((error) => say(error.message));
  if (job.state === "queued" || job.state === "running") return;
  store.jobs.delete(job.id);
  if (store.chosen === job.id) choose("");
  tell("jobs");
}

function doing(job) {
  if (job.state === "failed") return h("p", { class: "bad", role: "alert" }, job.error);
  if (job.state === "stopped") return h("p", { class: "soft" }, "stopped");
  if (job.state === "done") return job.kind === "samples" && h("p", { class: "soft" }, `${job.result.samples} samples in ${job.result.seconds.toFixed(2)} s; ${job.result.text}${job.result.figures.scores ? "; below each sample its score" : ""}`);
  const preview = store.previews.get(job.id);
  return h("div", {}, h("p", { class: "soft" }, job.state === "queued" ? "waits for its turn" : job.note || "begins"),
    h("progress", { max: 1, value: job.share, "aria-label": "share done" }),
    preview && h("img", { class: "preview", src: preview, alt: "what there is so far" }));
}

const kExamples = [
  { title: "Emoji of every class", text: "A flow that is told its class: nine classes in turn.", form: { model: "emoji_flow", label: "all", count: 18, settings: { scale: 3, steps: 20 } } },
  { title: "A seven, by gradient", text: "A flow that knows no classes, steered by a judge of digits.", form: { model: "mnist_flow", words: "label(7, classifier=mnist_judge)", settings: { preset: "label" } } },
  { title: "A seven, by choosing", text: "A discrete distribution network: the same words, no gradient.", form: { model: "mnist_ddn", words: "label(7, classifier=mnist_judge)", settings: { shortlist: 32 } } },
  { title: "A king in Shakespeare", text: "Text drawn by uncovering letters, steered to say a word.", form: { model: "shakespeare", words: 'contains("king")', count: 2, settings: {} } },
  { title: "A spoken seven", text: "A spectrogram that becomes sound.", form: { model: "spoken_digits", words: "label(7, classifier=spoken_digits_judge)", label: "none", count: 4, settings: {} } },
  { title: "A polar molecule", text: "Atoms in space, steered to a dipole of 6 Debye.", form: { model: "molecules", words: "property(mu=6, predictor=molecule_properties)", count: 4, settings: {} } },
];

function welcome() {
  const here = kExamples.filter((example) => store.models.some((card) => card.name === example.form.model));
  const blank = { words: "", label: "", told: "", from: "", then: "", given: "", count: 8, seed: 0, fit: "resize" };
  return h("div", { class: "card" }, h("h2", {}, "Begin with one of these, or ask"),
    h("div", { class: "examples" }, here.map((example) => h("button", { type: "button", onclick: () => askAndGenerate({ ...blank, ...example.form }) }, h("b", {}, example.title), example.text))));
}

let shown = "";
function show(place) {
  const job = store.jobs.get(store.chosen);
  const key = job ? `${job.id} ${job.state}` : "none";
  // What is done is built once: players and pictures stay as they are.
  if (job && job.state !== "running" && key === shown) return;
  shown = key;
  if (!job) return fill(place, welcome());
  fill(place, h("div", { class: "card" }, head(job), doing(job), job.kind === "search" && job.state !== "queued" ? searched(job) : job.state === "done" && samples(job)));
}

export function buildStage(place) {
  on("chosen jobs preview", () => show(place));
  if (!store.chosen && newest().some((job) => job.state === "running")) choose(newest().find((job) => job.state === "running").id);
  show(place);
}
