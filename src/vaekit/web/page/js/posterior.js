// What a run makes of one input: asked once, shown in two tabs.
import { h } from "./dom.js";
import { blockOf } from "./input.js";
import { tell } from "./numbers.js";
import { joined, showMany } from "./rows-view.js";
import { standing } from "./standing.js";

/** Encode a request, decode its mean and draws, and say where its likelihood stands. */
export async function look(source, request, { draws, seed }) {
  const [input, code] = await Promise.all([
    blockOf(request, source),
    source.encode({ ...request, draws, seed }),
  ]);
  const [decoded, reference] = await Promise.all([
    source.decode([code.mean, ...code.draws]),
    code.log_likelihood === null ? null : source.reference(),
  ]);
  return { request, input, code, decoded, reference };
}

/** The input beside its reconstructions. */
export function rebuilt(overview, { input, code, decoded }) {
  const captions = [overview.continuous ? "Mean code" : "Mode", ...code.draws.map((_, k) => `Draw ${k + 1}`)];
  if (!input) return showMany(overview, decoded, captions);
  return showMany(overview, joined(input, decoded), ["Given", ...captions]);
}

/** Numbers about it. */
export function facts({ code, reference }) {
  const lines = [];
  if (code.log_likelihood !== null) {
    if (reference?.values.length && code.percentile !== null)
      lines.push(standing(code.log_likelihood, code.percentile, reference));
    else
      lines.push(
        h("p", {}, `log p(x) ${tell(code.log_likelihood, 4)} nats (${code.samples} samples).`),
      );
  }
  if (code.rate !== null && code.rate !== undefined)
    lines.push(
      h("p", { class: "soft" }, `The code carries ${tell(code.rate, 3)} nats (KL to the prior).`),
    );
  if (code.log_likelihood !== null && code.reference_ready === false) {
    lines.push(
      h("p", { class: "soft" }, "The likelihoods of the test rows are still being computed."),
    );
  }
  if (code.note) lines.push(h("p", { class: "soft" }, sentence(code.note)));
  return h("div", { class: "facts" }, lines);
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
