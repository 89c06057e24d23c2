// Pixels in an address: base64 with the two letters that an address may hold.

/** Bytes as text. */
export function toText(bytes) {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Text as bytes. */
export function fromText(text) {
  const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Array.from(letters, (letter) => letter.charCodeAt(0));
}
