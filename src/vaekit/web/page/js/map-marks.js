// What the open tab shows on the map: a posterior, a walk, or the terms of a sum.

const NOTHING = { posterior: null, walk: null, places: [] };

/** Marks of tabs; each keeps what it found, and the open one is seen. */
export function createMarks({ map, store }) {
  const found = { posterior: null, walk: null, sum: [] };
  const ways = {
    row: (chart) => found.posterior && { posterior: posteriorOn(chart, found.posterior) },
    walk: (chart) => found.walk && { walk: found.walk.map(chart.place) },
    arithmetic: (chart) => ({
      places: found.sum.map(({ code, text }) => ({ at: chart.place(code), text })),
    }),
  };

  function show() {
    const chart = map.chart();
    if (chart) map.set({ ...NOTHING, ...ways[store.get().tab]?.(chart) });
  }

  store.on(["tab"], show);
  return {
    show,
    /** Something new was found. */
    keep(patch) {
      Object.assign(found, patch);
      show();
    },
  };
}

/** A posterior as it lies on a chart. */
export function posteriorOn(chart, { mean, spread, draws }) {
  return {
    mean: chart.place(mean),
    covariance: chart.spread(spread),
    draws: draws.map(chart.place),
  };
}
