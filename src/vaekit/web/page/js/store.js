// What a person has chosen. Everything in it is plain data, so that an address can hold it.

/** A store: `get`, `set` a part of it, `on` to hear when any of some keys changed. */
export function createStore(first) {
  let state = { ...first };
  const listeners = [];
  return {
    get: () => state,
    set(patch) {
      const changed = Object.keys(patch).filter((key) => !same(state[key], patch[key]));
      if (changed.length === 0) return;
      state = { ...state, ...patch };
      for (const { keys, hear } of [...listeners]) {
        if (!keys || changed.some((key) => keys.includes(key))) hear(state, changed);
      }
    },
    on(keys, hear) {
      const listener = { keys, hear };
      listeners.push(listener);
      return () => listeners.splice(listeners.indexOf(listener), 1);
    },
  };
}

function same(one, other) {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
