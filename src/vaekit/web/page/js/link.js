// The address holds the state: what is after # can be kept, sent and opened again.
import { settled } from "./latest.js";
import { isPlane } from "./plane.js";
import { toolsOf } from "./tabs.js";
import { codeText, isPlace } from "./where.js";

const numbers = (text) => text.split(",").map(Number);
const finite = (list) => list.every(Number.isFinite);
const words = (...known) => ({
  write: String,
  read: (text) => text,
  good: (value) => known.includes(value),
});
const between = (low, high) => ({
  write: (value) => String(Number(value.toFixed(3))),
  read: Number,
  good: (value) => value >= low && value <= high,
});
const whole = (low, high) => ({
  write: String,
  read: Number,
  good: (value, run) => Number.isInteger(value) && value >= low && value < high(run),
});
const place = { write: String, read: (text) => text, good: isPlace };

/** How each key is written, read and judged; what is not good is left out. */
const KEYS = {
  run: whole(0, () => 1000),
  other: whole(0, () => 1000),
  plane: { write: String, read: (text) => text, good: (id, run) => isPlane(run, id) },
  z: {
    write: codeText,
    read: numbers,
    good: (code, run) => code.length === run.latent_dim && finite(code),
  },
  view: {
    write: (view) => view.map((value) => Number(value.toPrecision(6))).join(","),
    read: numbers,
    good: (view) => view.length === 3 && finite(view) && view[2] > 0,
  },
  layers: { write: String, read: (text) => text, good: (text) => /^(p?m?|none)$/.test(text) },
  column: whole(0, (run) => run.columns.length || 1),
  hidden: { write: (list) => list.join(","), read: numbers, good: finite },
  tab: {
    write: String,
    read: (text) => text,
    good: (tab, run) => toolsOf(run).some(([key]) => key === tab),
  },
  temperature: between(0, 3),
  input: { write: String, read: (text) => text, good: (text, run) => isInput(text, run) },
  seed: whole(0, () => 2 ** 31),
  a: place,
  b: place,
  c: place,
  from: place,
  to: place,
  scale: between(-5, 5),
  way: words("linear", "spherical", "density"),
  path: {
    write: (list) =>
      list.map((each) => each.map((value) => Number(value.toPrecision(4))).join(",")).join(";"),
    read: (text) => text.split(";").map(numbers),
    good: (list) => list.length > 1 && list.every((each) => each.length === 2 && finite(each)),
  },
};

/** "row:5", "pixels:BASE64" or "cells:1,,3" that fits this run. */
function isInput(text, run) {
  const [kind, rest = ""] = text.split(":");
  if (kind === "row")
    return Number.isInteger(Number(rest)) && Number(rest) >= 0 && Number(rest) < run.rows;
  if (kind === "cells")
    return run.kind === "table" && rest.split(",").length === run.columns.length;
  return kind === "pixels" && run.kind === "image" && /^[\w-]*$/.test(rest);
}

/** The state as text; keys that are as in `first` are left out, but the code is always there. */
export function writeLink(state, first) {
  const parts = Object.entries(KEYS)
    .filter(
      ([key]) =>
        state[key] !== null &&
        (key === "z" || JSON.stringify(state[key]) !== JSON.stringify(first[key])),
    )
    .map(([key, { write }]) => `${key}=${write(state[key])}`);
  return parts.length ? `#${parts.join("&")}` : "";
}

/** Pairs of an address, not yet judged. */
export function readPairs(hash) {
  return Object.fromEntries(
    hash
      .replace(/^#/, "")
      .split("&")
      .filter(Boolean)
      .map((part) => {
        const [key, value = ""] = part.split("=");
        try {
          return [key, decodeURIComponent(value)];
        } catch {
          return [key, ""];
        }
      }),
  );
}

/** The part of a state that an address holds and this run understands. */
export function readLink(hash, overview) {
  const found = {};
  for (const [key, text] of Object.entries(readPairs(hash))) {
    if (!(key in KEYS) || text === "") continue;
    const value = KEYS[key].read(text);
    if (KEYS[key].good(value, overview)) found[key] = value;
  }
  return found;
}

/** Keep the address as the store is, and the store as the address is. */
export function keepLink(store, first, overview) {
  let mine = location.hash;
  const write = settled(() => {
    mine = writeLink(store.get(), first);
    history.replaceState(null, "", mine || location.pathname + location.search);
  }, 250);
  store.on(null, write);
  addEventListener("hashchange", () => {
    if (location.hash === mine) return;
    if (Number(readPairs(location.hash).run ?? first.run) !== store.get().run) location.reload();
    else store.set({ ...first, ...readLink(location.hash, overview) });
  });
}
