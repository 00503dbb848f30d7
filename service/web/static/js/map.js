// The map of alarms: where each can be, what the cameras look at, roads and objects; in step with a list.
//
// alarmMap(element, { dataUrl, styleUrl, streamUrl, onSelect }) -> { select(id), refresh(), remove() }
// Without a file of tiles it draws a plain grid. Everything comes from this host; text is HTML, so no fonts are needed.

import { board } from "./map/board.js";
import { cluster, marker, sprite } from "./map/marks.js";
import { GRID, SOURCES, grid, style, zoomed } from "./map/style.js";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const LOOK_AGAIN_MS = 10_000;
const SOON_MS = 250;
const CLOSE_UP = 16;
const ROOM_PX = 56;
const MAPLIBRE = "/static/vendor/maplibre-gl.mjs";
const WORKER = "/static/vendor/maplibre-gl-worker.mjs";
const SHEETS = ["/static/vendor/maplibre-gl.css", "/static/map.css"];
const SYMBOLS = "/map/symbols.svg";

export function alarmMap(element, { dataUrl, styleUrl = null, streamUrl = null, onSelect = () => {} }) {
  const room = new Room(element, { dataUrl, styleUrl, streamUrl, onSelect });
  room.start();
  return { select: (id) => room.select(id), refresh: () => room.refresh(), remove: () => room.remove() };
}

class Room {
  constructor(element, given) {
    Object.assign(this, given);
    this.element = element;
    this.alerts = [];
    this.regions = [];
    this.known = { cameras: [], views: [], objects: [], roads: [] };
    this.chosen = null;
    this.unseen = null;
    this.marks = new Map();
    this.map = null;
    this.gone = false;
    this.seen = matchMedia("(prefers-color-scheme: dark)");
    this.repaint = () => this.map?.setStyle(this.drawing());
  }

  async start() {
    for (const href of SHEETS) sheet(href);
    this.element.classList.add("alarm-map");
    let first;
    try {
      first = await this.fetch(["alerts", "cameras", "objects", "roads"]);
    } catch {
      this.again();
      return;
    }
    if (this.gone) return;
    this.words = first.words;
    this.take(first);
    this.board = board(this.element, this.words, { pick: (id) => this.pick(id), zoom: (by) => this.zoom(by), all: () => this.fit() });
    this.board.show(this.alerts, this.chosen);
    this.listen();
    try {
      await this.draw(first.tiles ?? null);
    } catch (error) {
      if (!this.gone) this.board.plain();
      console.warn("The map is not drawn.", error);
    }
  }

  /** The first look failed: nothing is shown yet, so try until something is. */
  again() {
    if (!this.gone) this.timer = setTimeout(() => this.start(), LOOK_AGAIN_MS);
  }

  async draw(tiles) {
    if (!document.createElement("canvas").getContext("webgl2")) throw new Error("no WebGL");
    const [library, symbols] = await Promise.all([import(MAPLIBRE), sprite(SYMBOLS)]);
    if (this.gone) return;
    library.setWorkerUrl(new URL(WORKER, location.href).href);
    this.library = library;
    this.symbols = symbols;
    this.tiles = tiles;
    this.base = this.styleUrl ? await (await fetch(this.styleUrl)).json() : null;
    const bounds = this.bounds();
    this.map = new library.Map({
      container: this.board.canvas,
      style: this.drawing(),
      ...(bounds ? { bounds, fitBoundsOptions: this.fitting() } : { center: [76.93, 43.25], zoom: 10 }),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: 20,
      minZoom: 3,
      fadeDuration: 0,
      locale: { "Map.Title": this.words.label },
    });
    this.map.keyboard.disableRotation();
    this.map.touchZoomRotate.disableRotation();
    this.map.on("styledata", () => this.paint());
    this.map.on("move", () => this.line());
    this.map.on("moveend", () => this.place());
    this.map.on("mousemove", (event) => this.hint(event));
    this.seen.addEventListener("change", this.repaint);
    await new Promise((resolve) => this.map.once("load", resolve));
    if (this.gone) return;
    this.paint();
    this.place();
    if (this.chosen) this.go(this.chosen);
    this.element.dataset.ready = "";
  }

  drawing() {
    return style(this.element, this.tiles, this.base);
  }

  fitting() {
    const { clientWidth: wide, clientHeight: high } = this.board.canvas;
    const edge = Math.max(8, Math.min(64, wide / 8, high / 8));
    const padding = { top: edge, right: edge, bottom: edge, left: edge + this.board.covered };
    return { padding, maxZoom: CLOSE_UP };
  }

  async fetch(layers) {
    const url = new URL(this.dataUrl, location.href);
    for (const one of layers) url.searchParams.append("layer", one);
    if (UUID.test(this.chosen ?? "")) url.searchParams.set("also", this.chosen);
    if (document.documentElement.lang) url.searchParams.set("lang", document.documentElement.lang);
    const answer = await fetch(url, { headers: { accept: "application/geo+json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  }

  take(data) {
    const of = (layer) => data.features.filter((one) => one.properties.layer === layer);
    this.alerts = of("alert");
    this.regions = of("region");
    for (const [name, layer] of [["cameras", "camera"], ["views", "view"], ["objects", "object"], ["roads", "road"]]) {
      const found = of(layer);
      if (found.length) this.known[name] = found;
    }
  }

  listen() {
    if (this.streamUrl) {
      this.stream = new EventSource(this.streamUrl);
      this.stream.addEventListener("alert", () => this.refresh());
      this.stream.addEventListener("end", () => this.stream.close());
    }
    this.clock = setInterval(() => this.refresh(), LOOK_AGAIN_MS);
  }

  /** Several changes at once ask once. */
  refresh() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), SOON_MS);
  }

  async look() {
    if (!this.board || this.gone) return;
    try {
      this.take(await this.fetch(["alerts"]));
      this.board.say("");
    } catch {
      this.board.say(this.words.lost);
      return;
    }
    if (this.gone) return;
    this.board.show(this.alerts, this.chosen);
    this.paint();
    this.place();
    if (this.unseen && this.alerts.some((one) => one.id === this.unseen)) this.go(this.unseen);
  }

  paint() {
    const { map } = this;
    if (!map?.getSource(SOURCES.region)) return;
    const put = (name, features) => map.getSource(name).setData({ type: "FeatureCollection", features });
    const marked = (one) => ({ ...one, properties: { ...one.properties, chosen: one.id === this.chosen } });
    put(SOURCES.region, this.regions.map(marked));
    put(SOURCES.view, this.known.views);
    put(SOURCES.camera, this.known.cameras);
    put(SOURCES.object, this.known.objects);
    put(SOURCES.road, this.known.roads);
    this.line();
  }

  /** The grid of the part in view. */
  line() {
    const source = this.map?.getSource(GRID);
    if (!source) return;
    const found = grid(this.map.getBounds(), this.map.getZoom());
    if (found.key === this.gridded) return;
    this.gridded = found.key;
    source.setData(found.data);
  }

  /** Marks of alarms, those that would lie on one another as one with their number. */
  place() {
    const { map } = this;
    if (!map) return;
    const groups = cluster(this.alerts, (at) => map.project(at), ROOM_PX, this.chosen);
    const wanted = new Map(groups.map((one) => [one.key, one]));
    for (const [key, mark] of this.marks) {
      if (wanted.has(key)) continue;
      mark.remove();
      this.marks.delete(key);
    }
    for (const [key, group] of wanted) {
      if (this.marks.has(key)) continue;
      const button = marker(group, this.words, this.symbols, this.chosen);
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        if (group.alerts.length === 1) this.pick(group.alerts[0].id);
        else this.close(group);
      });
      this.marks.set(key, new this.library.Marker({ element: button }).setLngLat(group.at).addTo(map));
    }
    const size = zoomed(map);
    this.board.scale(size.px, size.metres, this.words);
  }

  /** Come nearer to alarms that share a mark; those at one place open the first. */
  close(group) {
    const bounds = new this.library.LngLatBounds();
    for (const one of group.alerts) bounds.extend(one.geometry.coordinates);
    const [west, south] = bounds.getSouthWest().toArray();
    const [east, north] = bounds.getNorthEast().toArray();
    const near = Math.max(east - west, north - south) < 1e-4;
    if (near && this.map.getZoom() >= CLOSE_UP) this.board.open(group.alerts);
    else this.map.fitBounds(bounds, { ...this.fitting(), maxZoom: near ? CLOSE_UP + 1 : 18, ...this.still() });
  }

  pick(id) {
    this.select(id);
    this.onSelect(id);
  }

  select(id) {
    this.chosen = id;
    this.board?.show(this.alerts, id);
    for (const mark of this.marks.values()) mark.remove();
    this.marks.clear();
    this.paint();
    if (!this.alerts.some((one) => one.id === id)) {
      this.unseen = id;
      this.refresh();
    }
    if (this.map) {
      this.place();
      this.go(id);
    }
  }

  /** Show an alarm with all of where it can be. */
  go(id) {
    const one = this.alerts.find((alert) => alert.id === id);
    if (!one || !this.map) return;
    this.unseen = null;
    const bounds = new this.library.LngLatBounds().extend(one.geometry.coordinates);
    const region = this.regions.find((found) => found.id === id);
    for (const point of region?.geometry.coordinates[0] ?? []) bounds.extend(point);
    this.map.fitBounds(bounds, { ...this.fitting(), ...this.still() });
  }

  still() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches ? { duration: 0 } : { duration: 400 };
  }

  zoom(by) {
    this.map?.zoomTo(this.map.getZoom() + by, this.still());
  }

  bounds() {
    const places = [...this.alerts, ...this.known.cameras, ...this.known.objects].map((one) => one.geometry.coordinates);
    if (!places.length) for (const road of this.known.roads) places.push(...road.geometry.coordinates.flat());
    if (!places.length) return null;
    const bounds = new this.library.LngLatBounds();
    for (const one of places) bounds.extend(one);
    return bounds;
  }

  fit() {
    const bounds = this.map && this.bounds();
    if (bounds) this.map.fitBounds(bounds, { ...this.fitting(), ...this.still() });
  }

  /** The camera or object under the pointer, by its name. */
  hint(event) {
    const layers = [SOURCES.camera, SOURCES.object].filter((one) => this.map.getLayer(one));
    const found = layers.length ? this.map.queryRenderedFeatures(event.point, { layers })[0] : null;
    const what = found && (found.layer.id === SOURCES.camera ? this.words.camera : this.words.object);
    this.board.hint(found ? `${what}: ${found.properties.title}` : "");
  }

  remove() {
    this.gone = true;
    clearTimeout(this.timer);
    clearInterval(this.clock);
    this.stream?.close();
    this.seen.removeEventListener("change", this.repaint);
    this.map?.remove();
    this.board?.remove();
    this.element.classList.remove("alarm-map");
    delete this.element.dataset.ready;
  }
}

function sheet(href) {
  if (document.querySelector(`link[rel="stylesheet"][href^="${href}"]`)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  document.head.append(link);
}
