// Requests: what went wrong becomes an Error with the sentence that the server gave.
import { block } from "./block.js";

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

async function sentence(response) {
  try {
    return (await response.json()).error;
  } catch {
    return null;
  }
}

/** Fetch, and ask again while the answer is "still working" or "full just now". */
export async function ask(
  address,
  { method = "GET", body, type, onProgress, patience = 600 } = {},
) {
  const headers = type ? { "Content-Type": type } : {};
  for (let tries = 0; tries < patience; tries += 1) {
    const response = await fetch(address, { method, body, headers });
    if (response.status === 202) {
      onProgress?.((await response.json()).done ?? 0);
      await pause(1);
    } else if (response.status === 503 && tries < 5) {
      await pause(Math.min(5, Number(response.headers.get("Retry-After")) || 1));
    } else if (!response.ok) {
      const said = await sentence(response);
      throw new Error(said || `The server answered ${response.status} to ${address}.`);
    } else {
      return response;
    }
  }
  throw new Error("The server is still working on this. Try again later.");
}

/** An answer in JSON. */
export async function askJson(address, options) {
  return (await ask(address, options)).json();
}

/** An answer in binary, with its type and shape in the headers. */
export async function askBlock(address, options) {
  const response = await ask(address, options);
  const shape = response.headers.get("X-Shape").split(",").map(Number);
  return block(await response.arrayBuffer(), response.headers.get("X-Dtype"), shape);
}

/** A request that carries JSON. */
export function json(value) {
  return { method: "POST", body: JSON.stringify(value), type: "application/json" };
}
