// Elements without a framework and without a string of HTML.

/** Make an element: `on...` is a listener, other properties are set as such or as attributes. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) set(element, key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function set(element, key, value) {
  if (value === undefined || value === null) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key === "class") element.className = value;
  else if (key in element && !key.includes("-") && key !== "list") element[key] = value;
  else element.setAttribute(key, value);
}

/** A labelled control: the text first, then what it names. */
export function field(text, control, extra = "") {
  return h("label", { class: `field ${extra}`.trim() }, h("span", {}, text), control);
}

/** A list to choose from; `options` holds [value, text]. */
export function select(options, props = {}) {
  const list = h("select", { onchange: props.onchange });
  fill(list, options, props.value);
  if (props.label) list.setAttribute("aria-label", props.label);
  return list;
}

/** Put other options into a list, and choose one. */
export function fill(list, options, value) {
  list.replaceChildren(...options.map(([key, text]) => h("option", { value: key }, text)));
  if (value !== undefined) list.value = value;
}

/** A button that does one thing. */
export function button(text, onclick, props = {}) {
  return h("button", { type: "button", onclick, ...props }, text);
}

let made = 0;

/** An id that nothing else on the page has. */
export function unique(prefix) {
  made += 1;
  return `${prefix}-${made}`;
}
