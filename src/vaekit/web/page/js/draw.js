// A pad to draw a digit on: white ink on black, with mouse, pen or finger.
import { button, h } from "./dom.js";

const SIDE = 224;

/** A pad for pictures of so many pixels; `changed(blob)` gets a PNG after every stroke. */
export function createPad(pixels, changed) {
  const canvas = h("canvas", {
    class: "pad",
    width: SIDE,
    height: SIDE,
    role: "img",
    "aria-label": "Drawing pad: draw with mouse, pen or finger",
  });
  const context = canvas.getContext("2d");
  const element = h(
    "div",
    { class: "pad-box" },
    h("p", { class: "soft" }, "Draw here"),
    canvas,
    button("Clear the pad", clear),
  );
  let last = null;

  function clear() {
    context.fillStyle = "#000";
    context.fillRect(0, 0, SIDE, SIDE);
  }

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * SIDE) / box.width,
      ((event.clientY - box.top) * SIDE) / box.height,
    ];
  };

  function stroke(from, to) {
    context.strokeStyle = "#fff";
    context.lineWidth = SIDE * Math.max(1 / 12, 1.4 / pixels);
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
    stroke(last, last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    // Between two frames a pen says more than once where it was.
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      const next = at(each);
      stroke(last, next);
      last = next;
    }
  });
  const end = () => {
    if (!last) return;
    last = null;
    canvas.toBlob(changed, "image/png");
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  clear();
  return { element, clear };
}
