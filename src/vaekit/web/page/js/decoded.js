// The decoded thing: what a code means, shown as fast as answers come.
import { h } from "./dom.js";
import { latest } from "./latest.js";
import { createOne } from "./rows-view.js";

/** A panel; `show(code, caption)` decodes, at most one request at a time; `hear(values)` of each. */
export function createDecoded({ source, failed, hear }) {
  const one = createOne(source.overview, "What the code decodes to");
  const caption = h("p", { class: "caption" });
  const pace = h("p", { class: "soft pace" });
  const said = h("div", { class: "said" }, caption, pace);
  const element = h("div", { class: "decoded" }, one.element, said);
  let given = null;
  let started = 0;
  const request = latest(
    (wanted) => {
      started = performance.now();
      return source.decode([wanted.code]);
    },
    (block, wanted) => {
      put(block, 0, wanted.text);
      pace.textContent = `decoded in ${Math.max(1, Math.round(performance.now() - started))} ms`;
      if (wanted.kept) hear?.(block);
    },
    failed,
  );

  function put(block, index, text) {
    one.show(block, index, given);
    caption.textContent = text;
    element.dataset.shown = String(Number(element.dataset.shown ?? 0) + 1);
  }

  return {
    element,
    said,
    /** `kept`: the code is chosen, not only passed over. */
    show: (code, text, kept = false) => request.ask({ code, text, kept }),
    /** Show what is decoded already, such as a frame of a film. */
    put(block, index, text) {
      request.cancel();
      put(block, index, text);
    },
    /** Cells of a row that a person gave, to be marked beside the decoded ones. */
    give(values) {
      given = values;
    },
  };
}
