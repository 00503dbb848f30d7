// What the map draws beneath the marks: tiles where there are any, a grid, roads, views, cameras, objects, regions.

export const GRID = "grid";
export const SOURCES = { road: "road", view: "view", camera: "camera", object: "object", region: "region" };

const EMPTY = { type: "FeatureCollection", features: [] };
const STEPS_M = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000];
const SQUARE_PX = 90;
const METRES_A_DEGREE = 111_320;
const MOST_LINES = 80;

/** A style: `base` of one's own, else tiles, else a plain ground; colours are those of the page. */
export function style(element, tiles, base) {
  const colour = colours(element);
  const sources = {};
  for (const name of [GRID, ...Object.values(SOURCES)]) sources[name] = { type: "geojson", data: EMPTY };
  const beneath = base ? base.layers : [{ id: "ground", type: "background", paint: { "background-color": colour.ground } }];
  if (tiles && !base) {
    const url = new URL(tiles.path, location.href).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
    const source = { tiles: [url], minzoom: tiles.minzoom, maxzoom: tiles.maxzoom };
    if (tiles.bounds) source.bounds = tiles.bounds;
    sources.tiles = tiles.vector ? { type: "vector", ...source } : { type: "raster", tileSize: 256, ...source };
    beneath.push(...(tiles.vector ? streets(colour) : [{ id: "tiles", type: "raster", source: "tiles" }]));
  }
  return {
    version: 8,
    ...(base?.sprite ? { sprite: base.sprite } : {}),
    ...(base?.glyphs ? { glyphs: base.glyphs } : {}),
    sources: { ...base?.sources, ...sources },
    layers: [...beneath, ...own(colour, Boolean(tiles || base))],
  };
}

function own(colour, tiled) {
  const severity = ["match", ["get", "severity"], "high", colour.bad, "medium", colour.warn, colour.calm];
  const live = (open, closed) => ["case", ["get", "open"], open, closed];
  return [
    ...(tiled ? [] : [{ id: GRID, type: "line", source: GRID, paint: { "line-color": colour.line, "line-width": 1 } }]),
    {
      id: SOURCES.road, type: "line", source: SOURCES.road, layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": colour.edge, "line-opacity": tiled ? 0.35 : 0.8, "line-width": ["interpolate", ["linear"], ["zoom"], 10, 1, 15, 3, 18, 8] },
    },
    { id: SOURCES.view, type: "fill", source: SOURCES.view, minzoom: 13, paint: { "fill-color": colour.accent, "fill-opacity": 0.18 } },
    {
      id: SOURCES.region, type: "fill", source: SOURCES.region,
      paint: { "fill-color": severity, "fill-opacity": live(["case", ["get", "chosen"], 0.28, 0.14], 0.04) },
    },
    {
      id: "region-edge", type: "line", source: SOURCES.region,
      paint: { "line-color": severity, "line-opacity": live(1, 0.3), "line-width": ["case", ["get", "chosen"], 3, 1.5], "line-dasharray": [2, 1.5] },
    },
    {
      id: SOURCES.camera, type: "circle", source: SOURCES.camera,
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 3, 16, 6], "circle-color": colour.surface,
        "circle-stroke-color": colour.accent, "circle-stroke-width": 2,
      },
    },
    {
      id: SOURCES.object, type: "circle", source: SOURCES.object,
      paint: { "circle-radius": 5, "circle-color": colour.calm, "circle-stroke-color": colour.surface, "circle-stroke-width": 2 },
    },
  ];
}

/** Streets, water and houses of the usual layers of vector tiles (OpenMapTiles); names stay out, they need fonts. */
function streets(colour) {
  const of = (id, type, layer, paint, more = {}) => ({ id: `tile-${id}`, type, source: "tiles", "source-layer": layer, paint, ...more });
  const wide = (thin, thick) => ["interpolate", ["exponential", 1.6], ["zoom"], 8, 0.4, 13, thin, 18, thick];
  const road = (...classes) => ["in", ["get", "class"], ["literal", classes]];
  return [
    of("land", "fill", "landcover", { "fill-color": colour.good, "fill-opacity": 0.08 }),
    of("park", "fill", "park", { "fill-color": colour.good, "fill-opacity": 0.12 }),
    of("water", "fill", "water", { "fill-color": colour.accent, "fill-opacity": 0.3 }),
    of("stream", "line", "waterway", { "line-color": colour.accent, "line-opacity": 0.4 }),
    of("house", "fill", "building", { "fill-color": colour.edge, "fill-opacity": 0.28 }, { minzoom: 13 }),
    of("rail", "line", "transportation", { "line-color": colour.edge, "line-dasharray": [3, 2] }, { filter: road("rail") }),
    of("minor", "line", "transportation", { "line-color": colour.surface, "line-width": wide(1, 12) }, { filter: road("minor", "service", "street", "track"), minzoom: 12 }),
    of("main", "line", "transportation", { "line-color": colour.surface, "line-width": wide(2.5, 20) }, { filter: road("primary", "secondary", "tertiary", "trunk", "motorway") }),
    of("border", "line", "boundary", { "line-color": colour.edge, "line-opacity": 0.5 }),
  ];
}

function colours(element) {
  const shown = getComputedStyle(element);
  const read = (name, otherwise) => shown.getPropertyValue(`--${name}`).trim() || otherwise;
  return {
    ground: read("sunken", "#e4e9ee"), surface: read("surface", "#ffffff"), line: read("line", "#c9d2da"),
    edge: read("edge", "#75838f"), accent: read("accent", "#0a5a8c"), good: read("good", "#17663a"),
    bad: read("bad", "#a3161d"), warn: read("warn", "#7a4a00"), calm: read("calm", "#3f4f9d"),
  };
}

/** Squares of a round number of metres over the part in view, in steps that fit the zoom. */
export function grid(bounds, zoom) {
  const middle = bounds.getCenter();
  const shrink = Math.max(Math.cos((middle.lat * Math.PI) / 180), 0.05);
  const metres = SQUARE_PX * pixel(zoom, shrink);
  const step = STEPS_M.find((one) => one >= metres) ?? STEPS_M.at(-1);
  const up = step / METRES_A_DEGREE;
  const across = up / Math.max(Math.cos((Math.round(middle.lat) * Math.PI) / 180), 0.05);
  const first = { x: Math.floor(bounds.getWest() / across), y: Math.floor(bounds.getSouth() / up) };
  const count = {
    x: Math.min(MOST_LINES, Math.ceil(bounds.getEast() / across) - first.x),
    y: Math.min(MOST_LINES, Math.ceil(bounds.getNorth() / up) - first.y),
  };
  const [west, east] = [(first.x - 1) * across, (first.x + count.x + 1) * across];
  const [south, north] = [(first.y - 1) * up, (first.y + count.y + 1) * up];
  const lines = [];
  for (let k = 0; k <= count.x; k += 1) lines.push([[(first.x + k) * across, south], [(first.x + k) * across, north]]);
  for (let k = 0; k <= count.y; k += 1) lines.push([[west, (first.y + k) * up], [east, (first.y + k) * up]]);
  const geometry = { type: "MultiLineString", coordinates: lines };
  const data = { type: "FeatureCollection", features: [{ type: "Feature", properties: {}, geometry }] };
  return { key: `${step}:${first.x}:${first.y}:${count.x}:${count.y}`, data };
}

/** The bar of the scale: a round length and its pixels. */
export function zoomed(map) {
  const shrink = Math.max(Math.cos((map.getCenter().lat * Math.PI) / 180), 0.05);
  const metres = pixel(map.getZoom(), shrink);
  const length = STEPS_M.findLast((one) => one / metres <= 140) ?? STEPS_M[0];
  return { metres: length, px: length / metres };
}

/** Metres of a pixel; a world is 512 pixels wide at zoom 0. */
function pixel(zoom, shrink) {
  return (40_075_016.7 * shrink) / (512 * 2 ** zoom);
}
