// Work that follows a pointer: at most one request in flight, and only the newest one waits.

/**
 * Wrap an asynchronous `work(argument)`.
 *
 * While one call is under way a newer argument replaces the one that waits, so that a slow
 * answer delays the next but never lines them up. `done(result, argument)` hears of each answer
 * that was not overtaken by `cancel`.
 */
export function latest(work, done, failed) {
  let busy = false;
  let waiting = null;
  let turn = 0;
  async function go(argument) {
    busy = true;
    const mine = turn;
    try {
      const result = await work(argument);
      if (mine === turn) done(result, argument);
    } catch (error) {
      if (mine === turn) failed(error);
    }
    busy = false;
    const next = waiting;
    waiting = null;
    if (next) go(next.argument);
  }
  return {
    ask(argument) {
      if (busy) waiting = { argument };
      else go(argument);
    },
    cancel() {
      turn += 1;
      waiting = null;
    },
  };
}

/** Call once, when nothing came for a while. */
export function settled(work, milliseconds) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), milliseconds);
  };
}
