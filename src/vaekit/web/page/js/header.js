// The line at the top: which run this is, and what is known of it.
import { button, h, select } from "./dom.js";
import { several, tell } from "./numbers.js";
import { themeSwitch } from "./theme.js";

/** The header of the page. */
export function createHeader({ overview, runs, index, messages }) {
  const name = runs.names.length > 1 ? chooser(runs, index) : h("h1", {}, overview.name);
  const link = button(
    "Copy link",
    async () => {
      try {
        await navigator.clipboard.writeText(location.href);
        messages.tell("The link holds everything that is set on this page.");
      } catch {
        messages.tell(
          "This browser gives no access to the clipboard: copy the address of the page, it holds everything.",
        );
      }
    },
    { class: "quiet" },
  );
  return [
    name,
    h("p", { class: "soft facts-line" }, factsOf(overview).join(" · ")),
    h("div", { class: "buttons" }, link, themeSwitch()),
  ];
}

function chooser(runs, index) {
  const list = select(
    runs.names.map((name, k) => [String(k), name]),
    {
      value: String(index),
      onchange: () => {
        location.hash = list.value === "0" ? "" : `#run=${list.value}`;
        location.reload();
      },
    },
  );
  list.setAttribute("aria-label", "Run");
  return h("h1", {}, list);
}

function factsOf({
  kind,
  shape,
  columns,
  latent_dim: width,
  continuous,
  encoder,
  dims,
  rows,
  split,
  likelihood,
  prior,
  evaluation,
}) {
  const active = dims.filter((dim) => dim.active).length;
  const seen =
    kind === "table" ? several(columns.length, "column") : `${shape[2]} × ${shape[1]} pixels`;
  const facts = [
    seen,
    continuous
      ? `${several(width, "dimension")}${encoder ? `, ${active} active` : ""}`
      : several(width, "discrete dimension"),
    encoder ? several(rows, `${split} row`) : "no encoder",
    `prior ${prior}`,
    likelihood,
  ];
  if (evaluation?.elbo !== undefined && evaluation.elbo !== null)
    facts.push(`ELBO ${tell(evaluation.elbo, 4)} nats`);
  return facts;
}
