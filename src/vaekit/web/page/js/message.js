// Short messages at the foot of the page: what went wrong, or what was done.
import { button, h } from "./dom.js";

const STAY = 9000;

/** A place for messages that screen readers announce. */
export function createMessages() {
  const element = h("div", { class: "messages", role: "status", "aria-live": "polite" });
  function say(text, kind) {
    const known = [...element.children].find((each) => each.firstChild.textContent === text);
    known?.remove();
    const note = h("div", { class: `message ${kind}` }, h("p", {}, text));
    note.append(button("Close", () => note.remove(), { class: "quiet" }));
    element.append(note);
    while (element.children.length > 3) element.firstChild.remove();
    setTimeout(() => note.remove(), STAY);
  }
  return {
    element,
    tell: (text) => say(text, "plain"),
    fail: (error) => say(sentence(error), "wrong"),
  };
}

function sentence(error) {
  if (error instanceof TypeError && /fetch/i.test(error.message)) {
    return "The server does not answer. Is `vaekit explore` still running?";
  }
  return error.message || String(error);
}
