// What a scene is made of: its parts, the points that draw them, and what new parts begin as.
//
// A part has a key, the path to it in the camera file: "zones/2", "calibration/points/0". So has a point of it. The
// value at a point's path is an array whose numbers from `offset` on are x and y, in fractions of the picture.

export const GENERAL = "camera";
const DRAWN = ["lines", "zones", "signals"];
const PLAIN = ["forbidden", "roadworks"];
const FACTS = { points: "point", lengths: "length", along: "along", across: "across", straight: "straight" };
const DIGITS = 1e5;

/** Of how many points a new part is drawn, at least and at most. */
const DRAW = {
  line: [2, 2], zone: [3, Infinity], signal: [2, 2],
  point: [1, 1], length: [2, 2], along: [2, 2], across: [2, 2], straight: [3, Infinity],
};

export function at(scene, path) {
  return path.split("/").reduce((here, step) => here?.[step], scene);
}

/** All parts in the order of the list. */
export function parts(scene) {
  const found = [];
  for (const list of DRAWN) for (const k of (scene[list] ?? []).keys()) found.push(`${list}/${k}`);
  for (const fact of Object.keys(FACTS)) {
    for (const k of (scene.calibration?.[fact] ?? []).keys()) found.push(`calibration/${fact}/${k}`);
  }
  for (const list of PLAIN) for (const k of (scene[list] ?? []).keys()) found.push(`${list}/${k}`);
  return found;
}

export function listOf(key) {
  return key.split("/")[0];
}

export function isDrawn(key) {
  return DRAWN.includes(listOf(key)) || listOf(key) === "calibration";
}

/** The words for a part: what it is, and its id. */
export function nameOf(scene, key, say) {
  const part = at(scene, key);
  const [list, second, third] = key.split("/");
  if (key === GENERAL) return say("general");
  if (list === "calibration") return `${say(`part.${FACTS[second]}`)} ${Number(third) + 1}`;
  if (list === "lines") return `${say(`line.${part.kind}`)} ${part.id}`;
  if (list === "zones") return `${say(`zone.${part.kind}`)} ${part.id}`;
  if (list === "roadworks") return `${say("part.roadworks")} ${Number(second) + 1}`;
  return `${say(`part.${list}`)} ${part.id}`;
}

/** The lines a part is drawn of: points in order, whether closed, a box of two corners, an arrow. */
export function shapes(scene, key) {
  const part = at(scene, key);
  const [list, second] = key.split("/");
  const row = (path, more) => ({ points: at(scene, path).map((_, k) => ({ path: `${path}/${k}`, offset: 0 })), path, ...more });
  const box = (path) => ({ points: [{ path, offset: 0 }, { path, offset: 2 }], path, box: true });
  if (list === "signals") return [box(`${key}/box`), ...(part.sections ?? []).map((_, k) => box(`${key}/sections/${k}/box`))];
  if (list === "lines" || list === "zones") {
    const found = [row(`${key}/points`, { closed: list === "zones", grows: list === "zones" })];
    if (part.direction) found.push(row(`${key}/direction`, { arrow: true }));
    return found;
  }
  if (second === "points") return [{ points: [{ path: `${key}/picture`, offset: 0 }], path: key, single: true }];
  if (second === "lengths") return [row(`${key}/picture`, {})];
  if (list === "calibration") return [row(key, { grows: second === "straight" })];
  return [];
}

export function least(key) {
  return listOf(key) === "zones" || key.includes("/straight/") ? 3 : 2;
}

export function place(scene, point) {
  const value = at(scene, point.path);
  return [value[point.offset], value[point.offset + 1]];
}

export function move(scene, point, [x, y]) {
  const value = at(scene, point.path);
  value[point.offset] = fraction(x);
  value[point.offset + 1] = fraction(y);
}

export function fraction(value) {
  return Math.round(Math.min(1, Math.max(0, value)) * DIGITS) / DIGITS;
}

/** Corners of boxes in their order: the upper left first. */
export function settle(scene, key) {
  for (const shape of shapes(scene, key)) {
    if (!shape.box) continue;
    const box = at(scene, shape.path);
    for (const k of [0, 1]) if (box[k] > box[k + 2]) [box[k], box[k + 2]] = [box[k + 2], box[k]];
  }
}

/** What can be drawn, as pairs of a code and its words, in groups. */
export function drawable(choices, say) {
  return [
    [say("part.zones"), choices.zone.map((kind) => [`zone:${kind}`, say(`zone.${kind}`)])],
    [say("part.lines"), choices.line.map((kind) => [`line:${kind}`, say(`line.${kind}`)])],
    [say("part.signals"), [["signal:", say("part.signals")]]],
    [say("part.calibration"), Object.values(FACTS).map((fact) => [`${fact}:`, say(`part.${fact}`)])],
  ];
}

export function drawing(code) {
  const [what, kind] = code.split(":");
  const [low, high] = DRAW[what];
  return { code, what, kind, low, high, points: [] };
}

/** Put a new part into the scene; gives its key. */
export function add(scene, { what, kind, points }) {
  const drawn = points.map(([x, y]) => [fraction(x), fraction(y)]);
  if (what === "line" || what === "zone") return push(scene, `${what}s`, { id: free(scene, `${what}s`, kind), kind, points: drawn });
  if (what === "signal") {
    const key = push(scene, "signals", { id: free(scene, "signals", "signal"), box: drawn.flat() });
    settle(scene, key);
    return key;
  }
  scene.calibration ??= {};
  const fact = Object.keys(FACTS).find((name) => FACTS[name] === what);
  const begun = { point: { picture: drawn[0], ground_m: [0, 0] }, length: { picture: drawn, metres: 3 } }[what] ?? drawn;
  scene.calibration[fact] ??= [];
  scene.calibration[fact].push(begun);
  return `calibration/${fact}/${scene.calibration[fact].length - 1}`;
}

export function addPlain(scene, list) {
  const [from, to] = [scene.zones?.[0]?.id ?? "", scene.zones?.[1]?.id ?? scene.zones?.[0]?.id ?? ""];
  const begun = list === "forbidden"
    ? { id: free(scene, list, "way"), kind: "turn", start: from, end: to }
    : { start: new Date().toISOString(), end: new Date(Date.now() + 86_400_000).toISOString() };
  return push(scene, list, begun);
}

function push(scene, list, part) {
  scene[list] ??= [];
  scene[list].push(part);
  return `${list}/${scene[list].length - 1}`;
}

function free(scene, list, stem) {
  const taken = new Set((scene[list] ?? []).map((one) => one.id));
  const base = stem.replaceAll("_", "-");
  for (let n = 1; ; n += 1) if (!taken.has(`${base}-${n}`)) return `${base}-${n}`;
}

export function drop(scene, key) {
  const steps = key.split("/");
  const index = Number(steps.pop());
  at(scene, steps.join("/")).splice(index, 1);
  const left = Object.values(scene.calibration ?? {}).some((value) => Array.isArray(value) && value.length);
  if (steps[0] === "calibration" && !left) delete scene.calibration;
}

/** A point after another, half-way to the next; gives its path. */
export function insertAfter(scene, shape, index, where = null) {
  const row = at(scene, shape.path);
  const next = row[index + 1] ?? (shape.closed ? row[0] : null);
  const here = row[index];
  const before = row[index - 1] ?? here;
  const half = next ? here.map((value, k) => (value + next[k]) / 2) : here.map((value, k) => value + (value - before[k]) / 2);
  row.splice(index + 1, 0, (where ?? half).map(fraction));
  return `${shape.path}/${index + 1}`;
}

/** An arrow to begin with: across a line, up the picture in a zone. */
export function firstArrow(key, points) {
  const middle = [0, 1].map((k) => points.reduce((sum, point) => sum + point[k], 0) / points.length);
  let [dx, dy] = [0, -0.06];
  if (listOf(key) === "lines") {
    const [ax, ay] = [points[1][0] - points[0][0], points[1][1] - points[0][1]];
    const long = Math.hypot(ax, ay) || 1;
    [dx, dy] = [(ay / long) * 0.06, (-ax / long) * 0.06];
  }
  return [[middle[0] - dx, middle[1] - dy].map(fraction), [middle[0] + dx, middle[1] + dy].map(fraction)];
}
