// The page opens: find the runs, read the address, build the explorer.
import { createApp } from "./app.js";
import { createHeader } from "./header.js";
import { askJson } from "./http.js";
import { keepLink, readLink, readPairs } from "./link.js";
import { createMessages } from "./message.js";
import { remember, serverRuns } from "./source-server.js";
import { staticSource } from "./source-static.js";
import { createStore } from "./store.js";
import { toolsOf } from "./tabs.js";

/** What is set when the address says nothing. */
function beginning(overview, run) {
  const means = overview.class_places;
  const zero = new Array(overview.latent_dim).fill(0);
  const place = (k) => {
    if (means.length > 1) return `class:${means[k % means.length].label}`;
    return overview.rows ? `row:${Math.min(k, overview.rows - 1)}` : `code:${zero}`;
  };
  return {
    run,
    other: null,
    plane: overview.planes[0]?.id ?? "",
    z: zero,
    view: null,
    layers: "p",
    column: 0,
    hidden: [],
    tab: toolsOf(overview)[0]?.[0] ?? "row",
    temperature: 1,
    input: null,
    seed: 0,
    a: place(0),
    b: place(1),
    c: place(2),
    scale: 1,
    from: place(0),
    to: place(1),
    way: "linear",
    path: null,
  };
}

function staticRuns({ runs }) {
  const once = remember();
  return {
    names: runs.map((address) => address.slice(0, address.lastIndexOf("/"))),
    open: (index) => once(index, () => staticSource(runs[index])),
  };
}

async function named(runs, site) {
  if (site.mode !== "static") return runs;
  const sources = await Promise.all(runs.names.map((_, index) => runs.open(index)));
  return { ...runs, names: sources.map(({ overview }) => overview.name) };
}

async function start() {
  const messages = createMessages();
  document.body.append(messages.element);
  const [main, header] = [document.querySelector("main"), document.querySelector("header")];
  const loading = document.getElementById("loading");
  try {
    const site = await askJson("./site.json");
    const runs = await named(site.mode === "static" ? staticRuns(site) : await serverRuns(), site);
    const wanted = Number(readPairs(location.hash).run ?? 0);
    const index = runs.names[wanted] === undefined ? 0 : wanted;
    const source = await runs.open(index);
    const first = beginning(source.overview, index);
    const linked = readLink(location.hash, source.overview);
    const store = createStore({ ...first, ...linked, run: index });
    document.title = `${source.overview.name}: latent explorer`;
    header.replaceChildren(...createHeader({ overview: source.overview, runs, index, messages }));
    loading.remove();
    await createApp({ source, runs, store, messages, main, placed: "z" in linked });
    keepLink(store, { ...first, run: 0 }, source.overview);
  } catch (error) {
    loading.textContent = error.message;
    loading.className = "message wrong";
  }
}

start();
