// Elements from plain calls. Text goes in as text, never as HTML.

/** @param {string} tag @param {Record<string, any>} [props] @param {...any} kids */
export function h(tag, props = {}, ...kids) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && name !== "list" && typeof value !== "object") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...kids.flat().filter((kid) => kid !== undefined && kid !== null && kid !== false));
  return element;
}

/** Puts these in place of all children. */
export function fill(element, ...kids) {
  element.replaceChildren(...kids.flat().filter((kid) => kid !== undefined && kid !== null && kid !== false));
}

/** A labelled input. */
export function field(text, input) {
  return h("label", {}, h("span", {}, text), input);
}

/** Says something to those who listen. */
export function say(text) {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
}
