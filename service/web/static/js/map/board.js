// What stands around the map: tools, the scale, a line of words, and the same alarms as a list.

import { SVG, line } from "./marks.js";

/** Build it into an element. */
export function board(element, words, { pick, zoom, all }) {
  const canvas = part("div", "map-canvas");
  const tools = part("div", "map-tools");
  tools.append(tool("M12 4v16M4 12h16", words.zoom_in, () => zoom(1)), tool("M4 12h16", words.zoom_out, () => zoom(-1)));
  tools.append(tool("M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M9 12h6M12 9v6", words.whole_city, all));
  const scale = part("p", "map-scale");
  const bar = part("span", "map-bar");
  const length = part("span", "");
  scale.append(bar, length);
  const hint = part("p", "map-hint");
  const state = part("p", "map-state");
  state.setAttribute("role", "status");
  const list = part("details", "map-list");
  const summary = part("summary", "");
  const items = part("ul", "");
  list.append(summary, items);
  element.replaceChildren(canvas, tools, scale, hint, state, list);

  return {
    canvas,
    /** How much of the left the list covers, pixels. */
    get covered() {
      return list.open && element.clientWidth > 2 * list.offsetWidth ? list.offsetWidth : 0;
    },
    show(alerts, chosen) {
      summary.textContent = `${words.list}: ${alerts.length}`;
      const ordered = [...alerts].sort((a, b) => b.properties.t_detect.localeCompare(a.properties.t_detect));
      items.replaceChildren(...(ordered.length ? ordered.map((one) => item(one)) : [part("li", "", words.none)]));

      function item(one) {
        const row = part("li", one.properties.open ? "" : "closed");
        const button = part("button", one.properties.severity, line(one, words));
        button.type = "button";
        button.setAttribute("aria-pressed", one.id === chosen ? "true" : "false");
        button.addEventListener("click", () => pick(one.id));
        row.append(button);
        return row;
      }
    },
    /** No map can be drawn: the list alone. */
    plain() {
      element.classList.add("plain");
      list.open = true;
      canvas.textContent = words.no_gl;
    },
    /** Alarms that lie at one place: the list tells them apart. */
    open(alerts) {
      list.open = true;
      pick(alerts[0].id);
    },
    scale(px, metres, said) {
      bar.replaceChildren(bars(px));
      length.textContent = metres < 1000 ? `${metres} ${said.m}` : `${metres / 1000} ${said.km}`;
    },
    say(text) {
      if (state.textContent !== text) state.textContent = text;
    },
    hint(text) {
      if (hint.textContent !== text) hint.textContent = text;
    },
    remove() {
      element.replaceChildren();
    },
  };
}

function part(name, style, text = "") {
  const made = document.createElement(name);
  if (style) made.className = style;
  if (text) made.textContent = text;
  return made;
}

function tool(path, label, act) {
  const button = part("button", "");
  button.append(drawing(path, { viewBox: "0 0 24 24" }));
  button.type = "button";
  button.setAttribute("aria-label", label);
  button.title = label;
  button.addEventListener("click", act);
  return button;
}

/** A bar of a width in pixels, as a drawing: pages take no inline style. */
function bars(px) {
  const wide = Math.round(px);
  return drawing(`M1 0V5H${wide - 1}V0`, { width: wide, height: 6 });
}

function drawing(d, shape) {
  const drawn = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ ...shape, "aria-hidden": "true" })) drawn.setAttribute(name, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", d);
  drawn.append(path);
  return drawn;
}
