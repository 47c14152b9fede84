// A small drawing of the model's own size: strokes to follow, or a mask to fill.

import { upload } from "./api.js";
import { field, h } from "./dom.js";

const kUndos = 100;

/** Opens the drawing; gives the name of the upload and what it is ("strokes" or "mask"), or null. */
export function draw(side) {
  return new Promise((resolve) => {
    const canvas = h("canvas", { class: "canvas", width: side, height: side, tabIndex: 0, "aria-label": "drawing" });
    const brush = canvas.getContext("2d", { willReadFrequently: true });
    const colour = h("input", { type: "color", value: "#e02020" });
    const size = h("input", { type: "range", min: 1, max: Math.max(4, side >> 2), value: Math.max(1, side >> 4) });
    const kind = h("select", {}, h("option", { value: "strokes" }, "strokes: follow these colours"),
      h("option", { value: "mask" }, "mask: fill what is drawn"));
    const erase = h("input", { type: "checkbox" });
    const undos = [];
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width * side, (event.clientY - box.top) / box.height * side];
    };
    let last = null;
    // Whole pixels: what is seen is what the model gets.
    const dab = (x, y) => {
      const radius = Number(size.value) / 2;
      brush.globalCompositeOperation = erase.checked ? "destination-out" : "source-over";
      brush.fillStyle = kind.value === "mask" ? "#ffffff" : colour.value;
      for (let py = Math.floor(y - radius); py <= y + radius; ++py)
        for (let px = Math.floor(x - radius); px <= x + radius; ++px)
          if ((px + 0.5 - x) ** 2 + (py + 0.5 - y) ** 2 <= Math.max(radius * radius, 0.5)) brush.fillRect(px, py, 1, 1);
    };
    const line = ([ax, ay], [bx, by]) => {
      const count = Math.ceil(Math.hypot(bx - ax, by - ay) * 2) + 1;
      for (let i = 0; i <= count; ++i) dab(ax + (bx - ax) * i / count, ay + (by - ay) * i / count);
    };
    canvas.addEventListener("pointerdown", (event) => {
      undos.push(brush.getImageData(0, 0, side, side));
      if (undos.length > kUndos) undos.shift();
      canvas.setPointerCapture(event.pointerId);
      last = at(event);
      dab(...last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      const next = at(event);
      line(last, next);
      last = next;
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { last = null; });
    const undo = () => undos.length && brush.putImageData(undos.pop(), 0, 0);
    const dialog = h("dialog", {});
    const close = (answer) => { dialog.close(); dialog.remove(); resolve(answer); };
    const done = () => {
      const out = h("canvas", { width: side, height: side });
      const flat = out.getContext("2d");
      if (kind.value === "mask") { flat.fillStyle = "#000000"; flat.fillRect(0, 0, side, side); }
      flat.drawImage(canvas, 0, 0);
      out.toBlob(async (blob) => close({ name: await upload(`${kind.value}.png`, blob), kind: kind.value }), "image/png");
    };
    dialog.append(h("h2", {}, `Draw, ${side} pixels a side`), canvas,
      h("div", { class: "row" }, field("this is a", kind), field("colour", colour)),
      field("size of the brush", size),
      h("label", {}, erase, " erase"),
      h("div", { class: "actions" },
        h("button", { type: "button", class: "main", onclick: done }, "Use it"),
        h("button", { type: "button", onclick: undo }, "Undo"),
        h("button", { type: "button", onclick: () => { undos.push(brush.getImageData(0, 0, side, side)); brush.clearRect(0, 0, side, side); } }, "Clear"),
        h("button", { type: "button", onclick: () => close(null) }, "Cancel")));
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "z" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); undo(); }
    });
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(null); });
    document.body.append(dialog);
    dialog.showModal();
  });
}
