// The form's values as a recipe, a recipe as a command line, and back.

/** Settings that the form shows by themselves, with their kind of input. */
export const kSettings = {
  method: { list: { diffusion: "methods", text: "token_methods" } },
  steps: { least: 1, most: 1000 }, strength: { least: 0 }, scale: {},
  solver: { list: { diffusion: "solvers", text: "token_solvers" } },
  beam: { least: 1, most: 256 }, top: { least: 0 }, particles: { least: 0, most: 256 },
  best_of: { least: 1, most: 256 }, temperature: { least: 0 }, shortlist: { least: 0 }, eta: { least: 0, most: 1 },
  recurrence: { least: 1 }, nucleus: { least: 0, most: 1 }, length: { least: 1 },
};

/** @param {any} form values: model, words, count, seed, label, told, settings, from, noise, then, thenNoise, fit */
export function recipeOf(form) {
  const recipe = {
    work: form.words.trim() ? "guide" : "sample", model: { path: form.model },
    count: Number(form.count), seeds: [Number(form.seed)], settings: { ...form.settings },
  };
  if (form.words.trim()) recipe.objective = form.words.trim();
  if (form.fit) recipe.fit = form.fit;
  const telling = {};
  if (form.label) telling.label = form.label;
  if (form.told) telling.value = form.told;
  if (form.given) telling.given = [form.given];
  if (form.given && form.fit) telling.fit = form.fit;
  if (Object.keys(telling).length) recipe.telling = telling;
  if (form.from) recipe.from = { files: [form.from], noise: Number(form.noise), fit: form.fit || "" };
  if (form.then) recipe.then = [{ model: { path: form.then }, noise: Number(form.thenNoise) }];
  if (recipe.work === "sample") delete recipe.fit;
  return recipe;
}

/** The form's values of a recipe. */
export function formOf(recipe) {
  const telling = recipe.telling || {}, from = recipe.from, then = (recipe.then || [])[0];
  return {
    model: recipe.model.path, words: recipe.objective || "", count: recipe.count || 1,
    seed: (recipe.seeds || [0])[0], label: telling.label || "", told: telling.value || "",
    given: (telling.given || [])[0] || "", settings: { ...(recipe.settings || {}) },
    from: from ? from.files[0] : "", noise: from ? from.noise : 0.5,
    then: then ? then.model.path : "", thenNoise: then ? then.noise : 0.5,
    fit: recipe.fit || telling.fit || (from && from.fit) || "",
  };
}

/** A word as a shell reads it. */
export function quoted(text) {
  return /^[A-Za-z0-9._/:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The same as a line for the terminal. */
export function commandOf(recipe) {
  const parts = ["steer", recipe.work, recipe.model.path];
  const add = (flag, value) => parts.push(flag, quoted(String(value)));
  if (recipe.objective) add("--objective", recipe.objective);
  add("-n", recipe.count || 1);
  add("--seed", (recipe.seeds || [0]).join(","));
  const telling = recipe.telling || {};
  if (telling.label) add("--label", telling.label);
  if (telling.value) add("--told", telling.value);
  for (const given of telling.given || []) add("--condition", given);
  for (const file of recipe.from ? recipe.from.files : []) add("--from", file);
  for (const stage of recipe.then || []) add("--then", stage.model.path);
  if (recipe.from) add("--noise", recipe.from.noise);
  for (const stage of recipe.then || []) add("--noise", stage.noise);
  const fit = recipe.fit || telling.fit || (recipe.from && recipe.from.fit);
  if (fit) add("--fit", fit);
  for (const [name, value] of Object.entries(recipe.settings || {})) {
    if (name === "preset") add("--preset", typeof value === "string" ? value : "preset.json");
    else if (name === "prior") parts.push("--prior");
    else if (name === "guidance" || name === "sampler") parts.push(...nested(`--${name}`, "", value));
    else add(`--${name.replaceAll("_", "-")}`, value);
  }
  return parts.join(" ");
}

function nested(flag, path, value) {
  if (value === null || typeof value !== "object") return [flag, quoted(`${path}=${value}`)];
  return Object.entries(value).flatMap(([key, inside]) => nested(flag, path ? `${path}.${key}` : key, inside));
}
