// Marks of alarms: a button each with its sign, or one with the number of those that would cover one another.

const WEIGHT = { high: 0, medium: 1, low: 2 };
export const SVG = "http://www.w3.org/2000/svg";

/** The drawings of the pages' icons, by name. */
export async function sprite(url) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) return new Map();
  const read = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
  return new Map([...read.querySelectorAll("symbol")].map((one) => [one.id, one]));
}

/** Alarms that lie within `room` pixels of the gravest of them share a mark; the chosen one keeps its own. */
export function cluster(alerts, project, room, chosen) {
  const rank = (one) => [one.id === chosen ? 0 : 1, one.properties.open ? 0 : 1, one.properties.fresh ? 0 : 1, WEIGHT[one.properties.severity] ?? 2];
  const ordered = alerts.map((one) => ({ one, rank: rank(one), at: project(one.geometry.coordinates) }));
  ordered.sort((a, b) => a.rank.map((value, k) => value - b.rank[k]).find((value) => value) ?? a.one.id.localeCompare(b.one.id));
  const groups = [];
  const cells = new Map();
  const cell = (x, y) => `${Math.floor(x / room)}:${Math.floor(y / room)}`;
  for (const { one, at } of ordered) {
    const near = one.id === chosen ? null : neighbour(cells, at, room, cell);
    if (near) {
      near.alerts.push(one);
      continue;
    }
    const group = { alerts: [one], at: one.geometry.coordinates, px: at, alone: one.id === chosen };
    groups.push(group);
    if (group.alone) continue;
    const key = cell(at.x, at.y);
    cells.set(key, [...(cells.get(key) ?? []), group]);
  }
  for (const group of groups) {
    group.key = group.alerts.map((one) => `${one.id}:${one.properties.version}`).join(" ") + (group.alone ? "!" : "");
  }
  return groups;
}

function neighbour(cells, at, room, cell) {
  for (const dx of [-room, 0, room]) {
    for (const dy of [-room, 0, room]) {
      const found = (cells.get(cell(at.x + dx, at.y + dy)) ?? []).find((one) => Math.hypot(one.px.x - at.x, one.px.y - at.y) < room);
      if (found) return found;
    }
  }
  return null;
}

/** The button of a group. */
export function marker(group, words, symbols, chosen) {
  const first = group.alerts[0];
  const said = first.properties;
  const many = group.alerts.length > 1;
  const button = document.createElement("button");
  button.type = "button";
  button.className = `map-mark ${said.severity}`;
  button.classList.toggle("fresh", group.alerts.some((one) => one.properties.fresh));
  button.classList.toggle("closed", !said.open);
  button.classList.toggle("many", many);
  button.classList.toggle("drill", said.drill);
  button.append(symbol(symbols, said.kind));
  if (many) {
    const count = document.createElement("b");
    count.textContent = group.alerts.length;
    button.append(count);
  } else {
    button.setAttribute("aria-pressed", first.id === chosen ? "true" : "false");
    button.dataset.alarm = first.id;
  }
  const text = many ? words.many.replace("{n}", group.alerts.length) : line(first, words);
  button.setAttribute("aria-label", text);
  button.title = text;
  return button;
}

/** An alarm in one line. */
export function line(one, words) {
  const { title, state_words: state, where, source_words: how, drill, open } = one.properties;
  return [drill ? words.drill : "", title, where, open ? state : words.closed, how].filter(Boolean).join(", ");
}

function symbol(symbols, name) {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("viewBox", "0 0 24 24");
  drawn.setAttribute("aria-hidden", "true");
  const found = symbols.get(name) ?? symbols.get("warn");
  for (const part of found?.children ?? []) drawn.append(document.importNode(part, true));
  return drawn;
}
