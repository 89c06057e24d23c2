// Light or dark: what the system says, until a person says otherwise.
import { button } from "./dom.js";

const KEY = "vaekit-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = [];

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // a browser that keeps nothing still has its own preference
  }
}

function keep(value) {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    /* kept for this visit only */
  }
}

/** Whether the page is dark now. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : dark.matches;
}

/** Hear when colours change: canvases have to be drawn anew. */
export function onTheme(hear) {
  listeners.push(hear);
}

/** The colour that a custom property has now, as a canvas takes it. */
export function color(name) {
  const probe = document.getElementById("probe");
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

/** The switch; call once. */
export function themeSwitch() {
  const saved = stored();
  if (saved === "dark" || saved === "light") document.documentElement.dataset.theme = saved;
  const control = button("", () => {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    keep(next);
    changed();
  });
  control.className = "quiet";
  function changed() {
    control.textContent = isDark() ? "Light" : "Dark";
    control.setAttribute("aria-label", `Switch to ${isDark() ? "light" : "dark"} colours`);
    for (const hear of listeners) hear();
  }
  dark.addEventListener("change", changed);
  changed();
  return control;
}
