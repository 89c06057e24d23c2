// How numbers are written: few digits, a real minus sign, no exponent where none is needed.

/** A number to look at: `digits` significant ones. */
export function tell(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-3 ? value.toExponential(digits - 1) : plain(value, digits);
  return text.replaceAll("-", "−");
}

function plain(value, digits) {
  const decimals = digits - 1 - Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(clamp(decimals, 0, digits + 1));
}

/** A number of things: 1 row, 2 rows. */
export function several(count, one) {
  return `${whole(count)} ${one}${count === 1 ? "" : "s"}`;
}

/** A coordinate of a code: always two decimals, so that columns of them do not jump. */
export function place(value) {
  return value.toFixed(2).replace("-", "−");
}

/** A whole number with narrow spaces: 10 000. */
export function whole(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** Keep a value between two others. */
export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
