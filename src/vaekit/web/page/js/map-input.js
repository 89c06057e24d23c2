// Hands on a map: mouse, pen, fingers, wheel and keys become a few plain events.

const STEP = 12;
const FAR = 5; // pixels: less is a click, more is a drag

/**
 * Listen to an element. `hands` hears `hover(at)`, `leave()`, `pick(at)`, `draw(at, first)`,
 * `drawn()`, `pan(dx, dy)`, `zoom(at, factor)`, `step(dx, dy)`, `key(name)`.
 * `panning()` says whether a plain drag moves the map instead of drawing on it.
 */
export function listen(element, hands, panning) {
  const fingers = new Map();
  let drag = null; // {start, kind: "" | "draw" | "pan" | "pinch", last}

  const at = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const apart = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  const middle = ([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button > 1) return;
    element.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    if (fingers.size === 2) {
      drag = { kind: "pinch", last: [...fingers.values()] };
      return;
    }
    const pan = panning() || event.button === 1 || event.shiftKey;
    drag = { kind: "", wanted: pan ? "pan" : "draw", start: at(event), last: at(event) };
    hands.hover(at(event));
  });

  element.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) {
      hands.hover(at(event));
      return;
    }
    fingers.set(event.pointerId, at(event));
    if (drag?.kind === "pinch") pinch();
    else if (drag) follow(at(event));
  });

  function pinch() {
    const now = [...fingers.values()];
    if (now.length < 2) return;
    const [from, to] = [middle(drag.last), middle(now)];
    hands.pan(to[0] - from[0], to[1] - from[1]);
    hands.zoom(to, apart(now) / Math.max(1, apart(drag.last)));
    drag.last = now;
  }

  function follow(here) {
    if (!drag.kind && apart([drag.start, here]) > FAR) {
      drag.kind = drag.wanted;
      if (drag.kind === "draw") hands.draw(drag.start, true);
    }
    if (drag.kind === "pan") hands.pan(here[0] - drag.last[0], here[1] - drag.last[1]);
    else if (drag.kind === "draw") hands.draw(here, false);
    if (drag.kind !== "pan") hands.hover(here);
    drag.last = here;
  }

  function release(event) {
    if (!fingers.delete(event.pointerId)) return;
    if (drag?.kind === "draw") hands.drawn();
    else if (drag?.kind === "" && event.type === "pointerup") hands.pick(at(event));
    if (fingers.size === 0) drag = null;
    if (event.pointerType !== "mouse") hands.leave();
  }
  element.addEventListener("pointerup", release);
  element.addEventListener("pointercancel", release);
  element.addEventListener("pointerleave", () => fingers.size === 0 && hands.leave());

  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      hands.zoom(at(event), Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)));
    },
    { passive: false },
  );

  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = arrows[event.key];
    if (arrow) hands.step(...arrow.map((each) => each * STEP * (event.shiftKey ? 5 : 1)));
    else if (!hands.key(event.key)) return;
    event.preventDefault();
  });
}
