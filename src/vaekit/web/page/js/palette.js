// Colours of classes: ten that people with any colour vision tell apart (Petroff 2021,
// arXiv:2107.02270), then the same ten with another shape.
import { isDark } from "./theme.js";

const COLORS = [
  "#3f90da",
  "#ffa90e",
  "#bd1f01",
  "#94a4a2",
  "#832db6",
  "#a96b59",
  "#e76300",
  "#b9ac70",
  "#717581",
  "#92dadd",
];
const ONE = "#3f90da";
// The four that are too dark for dark paper, lighter.
const LIGHTER = {
  "#bd1f01": "#f2604c",
  "#832db6": "#b477e0",
  "#a96b59": "#c98f7e",
  "#717581": "#a0a5b3",
};

/** Colour and shape (0 disc, 1 square, 2 diamond, 3 triangle) of a class; -1 has no class. */
export function mark(label) {
  if (label < 0) return { color: ONE, shape: 0 };
  const turn = Math.floor(label / COLORS.length);
  const color = COLORS[label % COLORS.length];
  return { color: (isDark() && LIGHTER[color]) || color, shape: turn % 4 };
}

/** Trace the outline of a shape around (x, y). */
export function trace(context, shape, x, y, radius) {
  context.beginPath();
  if (shape === 0) context.arc(x, y, radius, 0, 2 * Math.PI);
  else if (shape === 1)
    context.rect(x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius, 1.8 * radius);
  else polygon(context, shape === 2 ? 4 : 3, x, y, 1.2 * radius);
  context.closePath();
}

function polygon(context, corners, x, y, radius) {
  for (let k = 0; k < corners; k += 1) {
    const angle = (2 * Math.PI * k) / corners - Math.PI / 2;
    context.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
}
