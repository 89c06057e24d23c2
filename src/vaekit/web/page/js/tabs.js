// Tabs as WAI-ARIA describes them: arrows move between them, one panel is seen.
import { h, unique } from "./dom.js";

/** Keys and titles of the tools that a run has: rows need an encoder, paths continuous codes. */
export function toolsOf({ encoder, continuous }) {
  return [
    ["row", "Rows", encoder],
    ["walk", "Interpolate", continuous],
    ["arithmetic", "Arithmetic", continuous],
    ["compare", "Compare", encoder],
  ].filter(([, , possible]) => possible);
}

/** Tabs from [key, title, element]; `chosen(key)` is called when a person picks one. */
export function createTabs(panels, label, chosen) {
  const made = panels.map(([key, title, content]) => {
    const [tabId, panelId] = [unique("tab"), unique("panel")];
    const tab = h(
      "button",
      {
        type: "button",
        role: "tab",
        id: tabId,
        "aria-controls": panelId,
        onclick: () => pick(key),
      },
      title,
    );
    const panel = h(
      "div",
      { role: "tabpanel", id: panelId, "aria-labelledby": tabId, tabIndex: 0, class: "panel" },
      content,
    );
    return { key, tab, panel };
  });
  const bar = h(
    "div",
    { role: "tablist", "aria-label": label, onkeydown: move },
    made.map(({ tab }) => tab),
  );
  const element = h(
    "div",
    { class: "tabs" },
    bar,
    made.map(({ panel }) => panel),
  );

  function show(key) {
    for (const { key: each, tab, panel } of made) {
      const open = each === key;
      tab.setAttribute("aria-selected", String(open));
      tab.tabIndex = open ? 0 : -1;
      panel.hidden = !open;
    }
  }

  function pick(key) {
    show(key);
    chosen(key);
  }

  function move(event) {
    const now = made.findIndex(({ tab }) => tab === document.activeElement);
    const steps = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: made.length - 1 };
    if (now < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const next = made[(steps[event.key] + made.length) % made.length];
    pick(next.key);
    next.tab.focus();
  }

  return { element, show, keys: made.map(({ key }) => key) };
}
