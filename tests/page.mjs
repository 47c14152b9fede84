// The page's modules that need no browser: node --test tests/page.mjs
import assert from "node:assert/strict";
import test from "node:test";

import { eventsIn } from "../steer/serve/page/events.js";
import { commandOf, formOf, quoted, recipeOf } from "../steer/serve/page/recipe.js";
import { around, offersAt, taken } from "../steer/serve/page/words.js";

const words = [
  { name: "inpaint", meaning: "fills", arguments: [
    { name: "image", type: "sample", positional: true }, { name: "mask", type: "file", choices: ["left", "right"] }] },
  { name: "label", meaning: "a class", arguments: [
    { name: "class", type: "text", positional: true }, { name: "classifier", type: "file" }] },
  { name: "rank", meaning: "ranks", arguments: [] },
];
const names = { models: ["mnist_flow", "mnist_judge"], guides: ["own"], uploads: ["me.png"] };
const offered = (text, caret = text.length) => offersAt(text, caret, words, names).map((offer) => offer.text);

test("words are offered where a term begins", () => {
  assert.deepEqual(offered(""), ["inpaint(", "label(", "rank("]);
  assert.deepEqual(offered("la"), ["label("]);
  assert.deepEqual(offered("0.5*inpaint(me.png, mask=left) + i"), ["inpaint("]);
  assert.deepEqual(offered("rank(0.5*l"), ["label("]);
});

test("arguments and their values are offered within a call", () => {
  assert.deepEqual(offered("label("), ["class=", "classifier="]);
  assert.deepEqual(offered("inpaint("), ["me.png", "image=", "mask="]);
  assert.deepEqual(offered("inpaint(me.png, m"), ["mask="]);
  assert.deepEqual(offered("inpaint(me.png, mask=l"), ["left"]);
  assert.deepEqual(offered("label(3, classifier=mn"), ["mnist_flow", "mnist_judge"]);
  assert.deepEqual(offered("rank(label(3, classifier=o"), ["own"]);
  assert.deepEqual(offered("label(3, classifier=own)"), []);
  assert.deepEqual(offered("nothing("), []);
});

test("an offer takes the place of what was typed, wherever the caret is", () => {
  assert.deepEqual(taken("la", 2, { text: "label(" }), ["label(", 6]);
  assert.deepEqual(taken("label(3, cl) + rank(", 11, { text: "classifier=" }), ["label(3, classifier=) + rank(", 20]);
  assert.equal(around("inpaint(me.png, mask=le", 23).parameter, "mask");
});

const form = {
  model: "emoji_flow", words: " label(3, classifier=j) ", count: "4", seed: "7", label: "all", told: "", given: "",
  settings: { steps: 20, preset: "class" }, from: "me.png", noise: "0.4", then: "emoji64_flow", thenNoise: "0.3", fit: "resize",
};

test("a form becomes a recipe and a recipe a form", () => {
  const recipe = recipeOf(form);
  assert.deepEqual(recipe, {
    work: "guide", model: { path: "emoji_flow" }, count: 4, seeds: [7], settings: { steps: 20, preset: "class" },
    objective: "label(3, classifier=j)", fit: "resize", telling: { label: "all" },
    from: { files: ["me.png"], noise: 0.4, fit: "resize" }, then: [{ model: { path: "emoji64_flow" }, noise: 0.3 }],
  });
  assert.deepEqual(recipeOf(formOf(recipe)), recipe);
  assert.deepEqual(recipeOf({ ...form, words: "", from: "", then: "", label: "", settings: {} }),
    { work: "sample", model: { path: "emoji_flow" }, count: 4, seeds: [7], settings: {} });
});

test("a recipe becomes a command that a shell reads", () => {
  assert.equal(commandOf(recipeOf(form)), "steer guide emoji_flow --objective 'label(3, classifier=j)' -n 4 --seed 7 " +
    "--label all --from me.png --then emoji64_flow --noise 0.4 --noise 0.3 --fit resize --steps 20 --preset class");
  assert.equal(commandOf({ work: "sample", model: { path: "m" }, settings: { best_of: 8, prior: true, guidance: { climb: { rho: 2 } } } }),
    "steer sample m -n 1 --seed 0 --best-of 8 --prior --guidance climb.rho=2");
  assert.equal(quoted("it's"), "'it'\\''s'");
  assert.equal(quoted("a.b/c"), "a.b/c");
});

test("events are whole or wait", () => {
  const [events, rest] = eventsIn(": here\n\nevent: job\ndata: {\"a\":1}\n\nevent: jo");
  assert.deepEqual(events, [{ name: "job", data: "{\"a\":1}" }]);
  assert.equal(rest, "event: jo");
  assert.deepEqual(eventsIn(`${rest}b\ndata: 2\n\n`), [[{ name: "job", data: "2" }], ""]);
});
