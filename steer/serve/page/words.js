// The line of an objective: what may come next, and what its terms are.

/** The word that the caret stands in, and whether a call's brackets are around it. */
export function around(text, caret) {
  let depth = 0, call = "", start = caret;
  while (start > 0 && /[A-Za-z0-9_.-]/.test(text[start - 1])) --start;
  const stack = [];
  for (let i = 0, from = 0; i < start; ++i) {
    if (text[i] === "(") { stack.push(text.slice(from, i).match(/([a-z_]+)$/i)?.[1] || ""); from = i + 1; ++depth; }
    else if (text[i] === ")") { stack.pop(); --depth; from = i + 1; }
    else if (/[,+*-]/.test(text[i])) from = i + 1;
  }
  call = stack.at(-1) || "";
  const before = text.slice(0, start).match(/([a-z_]+)\s*=\s*$/i);
  return { start, typed: text.slice(start, caret), call, parameter: before ? before[1] : "", depth };
}

/** What may stand at the caret: [{text, meaning}]. */
export function offersAt(text, caret, words, names) {
  const here = around(text, caret);
  const fits = (name) => name.startsWith(here.typed) && name !== here.typed;
  if (!here.call || here.call === "rank") {
    if (text.slice(0, here.start).trimEnd().endsWith(")")) return [];
    return words.filter((word) => fits(word.name)).map((word) => ({
      text: `${word.name}(`, meaning: word.meaning, example: word.example,
    }));
  }
  const word = words.find((known) => known.name === here.call);
  if (!word) return [];
  const parameter = word.arguments.find((known) => known.name === here.parameter);
  if (parameter) {
    const choices = [...(parameter.choices || [])];
    if (parameter.type === "sample") choices.push(...names.uploads);
    if (parameter.type === "file") choices.push(...names.guides, ...names.models, ...names.uploads);
    return choices.filter(fits).map((choice) => ({ text: choice, meaning: parameter.meaning }));
  }
  const offers = word.arguments.filter((known) => fits(known.name)).map((known) => ({
    text: `${known.name}=`, meaning: known.meaning,
  }));
  const first = word.arguments.find((known) => known.positional);
  if (first && first.type === "sample" && /\(\s*$/.test(text.slice(0, here.start)))
    offers.unshift(...names.uploads.filter(fits).map((name) => ({ text: name, meaning: first.meaning })));
  return offers;
}

/** Puts an offer into the text; gives the text and the caret. */
export function taken(text, caret, offer) {
  const { start } = around(text, caret);
  return [text.slice(0, start) + offer.text + text.slice(caret), start + offer.text.length];
}
