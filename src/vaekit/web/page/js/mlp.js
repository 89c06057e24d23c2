// The decoder in the browser: layer after layer, in double precision, from weights in one array.

const SQRT_HALF = Math.SQRT1_2;

/**
 * The error function.
 *
 * A Taylor series near 0 and the continued fraction of erfc beyond (Abramowitz and Stegun
 * 7.1.5 and 7.1.14), right to 1e-12: nothing shorter keeps up with PyTorch's exact gelu.
 */
export function erf(x) {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  return Math.sign(x) * (size < 2.5 ? series(size) : 1 - tail(size));
}

function series(x) {
  let term = x;
  let sum = x;
  for (let n = 1; n < 60 && Math.abs(term) > 1e-16; n += 1) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function tail(x) {
  let value = x;
  for (let n = 60; n > 0; n -= 1) value = x + n / 2 / value;
  return Math.exp(-x * x) / (value * Math.sqrt(Math.PI));
}

const ACTIVATIONS = {
  relu: (x) => (x > 0 ? x : 0),
  tanh: Math.tanh,
  gelu: (x) => 0.5 * x * (1 + erf(x * SQRT_HALF)),
  softplus: (x) => (x > 20 ? x : Math.log1p(Math.exp(x))),
};

const sigmoid = (l) => 1 / (1 + Math.exp(-l));

/** Mean of a continuous Bernoulli with a logit (Loaiza-Ganem and Cunningham 2019, eq. 8). */
function continuousBernoulli(l) {
  if (Math.abs(l) < 0.05) return 0.5 + l / 12 - (l * l * l) / 720;
  return -1 / Math.expm1(-l) - 1 / l; // an infinite exponential leaves the right limit
}

const each = (mean) => (values) => values.map(mean);

const MEANS = {
  sigmoid: () => each(sigmoid),
  identity: () => each((l) => l),
  "continuous-bernoulli": () => each(continuousBernoulli),
  "discretized-logistic":
    ({ levels }) =>
    (values) =>
      logistic(values, levels - 1),
};

/** Mean of a logistic cut into levels: half of the numbers are places, half raw log-variances. */
function logistic(values, steps) {
  const softplus = ACTIVATIONS.softplus;
  return values.slice(0, values.length / 2).map((place, f) => {
    const raw = values[values.length / 2 + f];
    const scale = Math.exp((softplus(30 - softplus(15 - raw)) - 15) / 2);
    let sum = 0;
    for (let j = 0.5; j < steps; j += 1) sum += sigmoid((place - j / steps) / scale);
    return sum / steps;
  });
}

function linear(layer, weights, input) {
  const output = new Float64Array(layer.out);
  for (let o = 0, w = layer.weight; o < layer.out; o += 1) {
    let sum = weights[layer.bias + o];
    for (let i = 0; i < layer.in; i += 1, w += 1) sum += weights[w] * input[i];
    output[o] = sum;
  }
  return output;
}

function known(table, name) {
  if (!(name in table))
    throw new Error(`This page knows no "${name}" in a decoder: export the site again.`);
  return table[name];
}

/** A function from a code to F decoded numbers, in the units of the data (images: 0 to 1). */
export function createDecoder(spec, weights) {
  const mean = known(MEANS, spec.mean)(spec);
  const layers = spec.layers.map((layer) =>
    layer.kind === "linear"
      ? (input) => linear(layer, weights, input)
      : (input) => input.map(known(ACTIVATIONS, layer.name)),
  );
  return (code) => {
    let values = Float64Array.from(code);
    for (const layer of layers) values = layer(values);
    return mean(values).map((m, f) => m * weights[spec.gain + f] + weights[spec.offset + f]);
  };
}
