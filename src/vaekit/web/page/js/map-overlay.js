// What lies over the points of a map: the code, a posterior, a path, the row under the pointer.

const HALO = 4;

/** Draw everything that is set; `colors` has ink, page, accent. */
export function drawOverlay(context, view, marks, colors) {
  const [width, height] = view.size();
  context.clearRect(0, 0, width, height);
  if (marks.posterior) posterior(context, view, marks.posterior, colors);
  if (marks.walk?.length > 1) line(context, marks.walk.map(view.toScreen), colors, colors.second);
  if (marks.path?.length > 1) line(context, marks.path.map(view.toScreen), colors, colors.accent);
  for (const each of marks.places ?? []) named(context, view.toScreen(each.at), each.text, colors);
  if (marks.row) ring(context, view.toScreen(marks.row), 8, colors);
  if (marks.code) cross(context, view.toScreen(marks.code), colors);
  if (marks.ghost) ring(context, view.toScreen(marks.ghost), 5, colors);
}

/** Stroke twice: wide in the colour of the page, then thin, so that it is seen on anything. */
function stroke(context, colors, ink, width) {
  context.strokeStyle = colors.page;
  context.lineWidth = width + HALO;
  context.stroke();
  context.strokeStyle = ink;
  context.lineWidth = width;
  context.stroke();
}

function ring(context, [x, y], radius, colors) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  stroke(context, colors, colors.ink, 2);
}

function cross(context, [x, y], colors) {
  context.beginPath();
  context.arc(x, y, 9, 0, 2 * Math.PI);
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ]) {
    context.moveTo(x + 5 * dx, y + 5 * dy);
    context.lineTo(x + 14 * dx, y + 14 * dy);
  }
  stroke(context, colors, colors.accent, 2);
}

function line(context, points, colors, ink) {
  context.lineJoin = context.lineCap = "round";
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  stroke(context, colors, ink, 2.5);
  for (const [index, radius] of [
    [0, 4],
    [points.length - 1, 6],
  ]) {
    context.beginPath();
    context.arc(...points[index], radius, 0, 2 * Math.PI);
    context.fillStyle = ink;
    context.fill();
  }
}

/** Mean and the ellipses of one and two standard deviations, and codes drawn from it. */
function posterior(context, view, { mean, covariance, draws }, colors) {
  const [x, y] = view.toScreen(mean);
  if (covariance) {
    const { long, short, angle } = ellipse(covariance);
    for (const times of [2, 1]) {
      const [a, b] = [times * long * view.scale(), times * short * view.scale()];
      context.beginPath();
      context.ellipse(x, y, Math.max(a, 1), Math.max(b, 1), -angle, 0, 2 * Math.PI);
      stroke(context, colors, colors.second, times === 1 ? 2 : 1);
    }
  }
  context.fillStyle = colors.second;
  for (const [dx, dy] of (draws ?? []).map(view.toScreen)) {
    context.beginPath();
    context.arc(dx, dy, 2.5, 0, 2 * Math.PI);
    context.fill();
  }
  context.beginPath();
  context.arc(x, y, 4.5, 0, 2 * Math.PI);
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = colors.page;
  context.stroke();
}

/** Half axes and direction of the unit ellipse of a covariance [xx, xy, yy]. */
export function ellipse([xx, xy, yy]) {
  const middle = (xx + yy) / 2;
  const apart = Math.hypot((xx - yy) / 2, xy);
  return {
    long: Math.sqrt(middle + apart),
    short: Math.sqrt(Math.max(0, middle - apart)),
    angle: Math.atan2(2 * xy, xx - yy) / 2,
  };
}

/** A letter in a disc. */
function named(context, [x, y], text, colors) {
  context.beginPath();
  context.arc(x, y, 11, 0, 2 * Math.PI);
  context.fillStyle = colors.second;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = context.fillStyle = colors.page;
  context.stroke();
  context.font = "700 13px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y + 1);
  context.textBaseline = "alphabetic";
}
