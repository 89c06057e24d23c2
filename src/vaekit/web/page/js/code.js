// The code: set by a person, passed over by the pointer, or led along by a film.

/** Show codes in the decoded panel, the sliders and the map alike. */
export function createCode({ store, decoded, sliders, map }) {
  /** Back to the code that is set. */
  function rest() {
    const { z } = store.get();
    sliders.show(z);
    decoded.show(z, "The code as set", true);
    map.set({ code: map.chart()?.place(z), ghost: null });
  }

  return {
    rest,
    pass(code) {
      decoded.show(code, "Under the pointer");
      sliders.show(code);
    },
    film: {
      frame({ codes, block }, k) {
        decoded.put(block, k, `Frame ${k + 1} of ${block.count}`);
        sliders.show(codes[k]);
        map.set({ ghost: map.chart()?.place(codes[k]) });
      },
      end: rest,
    },
  };
}
