// Cameras live, without a plug-in: fragmented MP4 of the camera's own packets through Media Source Extensions.
//
//   const view = live(video, "abay-12", { onState(state) {} });   view.stop();
//
// All views of a page share one connection (a browser gives one host six), which is opened anew when a view comes or
// goes. `video.dataset.live` says how it stands: wait, on, still, down, refused; `video.dataset.reason` why; the event
// "live" tells every change and, once a second, `behind` in seconds. A codec that this browser does not play is shown
// as a picture a second, in the poster.

const PATH = "/api/v1/video/live";
const INIT = 1, FRAGMENT = 2, STATE = 3, STILL = 4, GOODBYE = 9;
const HEAD_BYTES = 6;
const MOST = 16;            // cameras in one connection
const GATHER_MS = 40;       // views that begin together share a connection from the start
const RETRY_MS = [500, 1000, 2000, 5000];
const AIM_S = 0.35;         // how far behind the newest fragment the picture is meant to be
const CATCH_UP_S = 0.8;     // from here on it plays a little faster
const JUMP_S = 2.5;         // from here on it jumps
const KEEP_S = 15;          // of what was shown
const QUIET_MS = 4000;      // nothing came for so long: the connection is opened anew
const NTP_S = 2208988800;

const views = new Set();
let line = null;
let gathering = 0;
let attempt = 0;

/** Show a camera live in a video element; `stop()` ends it. */
export function live(video, cameraId, { onState } = {}) {
  const view = new View(video, cameraId, onState);
  views.add(view);
  gather();
  return {
    stop() {
      if (!views.delete(view)) return;
      view.end();
      gather();
    },
  };
}

function gather(after = GATHER_MS) {
  clearTimeout(gathering);
  gathering = setTimeout(connect, after);
}

function connect() {
  line?.close();
  line = null;
  if (!views.size || document.hidden) return;
  line = new Line([...views].slice(0, MOST));
}

/** A page that nobody sees takes no video. */
document.addEventListener("visibilitychange", () => gather());
window.addEventListener("pagehide", () => line?.close());

class Line {
  constructor(shown) {
    this.shown = shown;
    this.cameras = [...new Set(shown.map((view) => view.camera))];
    this.stop = new AbortController();
    this.heard = performance.now();
    this.watch = setInterval(() => {
      if (performance.now() - this.heard > QUIET_MS * 3) this.lost("quiet");
    }, QUIET_MS);
    this.#read();
  }

  close() {
    clearInterval(this.watch);
    this.closed = true;
    this.stop.abort();
  }

  lost(reason) {
    if (this.closed) return;
    this.close();
    for (const view of this.shown) view.down(reason);
    if (reason !== "refused") gather(RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)]);
  }

  async #read() {
    const query = new URLSearchParams();
    for (const camera of this.cameras) query.append("camera", camera);
    for (const view of this.shown) if (view.stills) query.append("still", view.camera);
    try {
      const answer = await fetch(`${PATH}?${query}`, { signal: this.stop.signal, cache: "no-store" });
      if (!answer.ok) return this.lost([401, 403, 404].includes(answer.status) ? "refused" : "server");
      const reader = answer.body.getReader();
      let held = new Uint8Array(0);
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return this.lost("server");
        this.heard = performance.now();
        held = held.length ? joined(held, value) : value;
        held = this.#messages(held);
      }
    } catch {
      this.lost("server");
    }
  }

  /** Take the whole messages; what is left of the last one. */
  #messages(data) {
    let place = 0;
    while (data.length - place >= HEAD_BYTES) {
      const size = new DataView(data.buffer, data.byteOffset + place + 2, 4).getUint32(0);
      if (data.length - place - HEAD_BYTES < size) break;
      const body = data.subarray(place + HEAD_BYTES, place + HEAD_BYTES + size);
      const camera = this.cameras[data[place]];
      const kind = data[place + 1];
      if (kind === GOODBYE) {
        this.lost("refused");
        return new Uint8Array(0);
      }
      attempt = 0;
      for (const view of this.shown) if (view.camera === camera) view.take(kind, body);
      place += HEAD_BYTES + size;
    }
    return data.slice(place);
  }
}

class View {
  constructor(video, camera, onState) {
    Object.assign(this, { video, camera, onState, stills: false, epoch: null, source: null, buffer: null, clock: null });
    this.queue = [];
    video.muted = true;
    video.playsInline = true;
    video.disablePictureInPicture = false;
    this.#say("wait");
    this.pace = setInterval(() => this.#keepUp(), 250);
    this.told = 0;
  }

  end() {
    clearInterval(this.pace);
    this.#drop();
    this.#poster(null);
    delete this.video.dataset.live;
    delete this.video.dataset.reason;
  }

  down(reason) {
    this.#say(reason === "refused" ? "refused" : "down", reason);
  }

  take(kind, body) {
    if (kind === STATE) this.#state(JSON.parse(new TextDecoder().decode(body)));
    else if (kind === INIT) this.#begin(body);
    else if (kind === FRAGMENT) this.#add(body.slice(1));
    else if (kind === STILL) this.#still(body);
  }

  #state({ state, reason, since }) {
    this.since = since;
    if (state === "down") this.#say("down", reason);
    else if (state === "wait" && this.video.dataset.live === "down") this.#say("wait");
  }

  #begin(body) {
    const size = (body[0] << 8) | body[1];
    const said = JSON.parse(new TextDecoder().decode(body.subarray(2, 2 + size)));
    const type = `video/mp4; codecs="${said.codecs}"`;
    if (!said.codecs || !window.MediaSource || !MediaSource.isTypeSupported(type)) {
      this.codec = said.codec;
      this.stills = true;
      this.#drop();
      gather();
      return;
    }
    const init = body.slice(2 + size);
    if (this.source && this.epoch === said.epoch && this.type === type) {
      this.queue.push(init);
      this.#feed();
      return;
    }
    this.#drop();
    Object.assign(this, { epoch: said.epoch, type, source: new MediaSource(), queue: [init], placed: false });
    this.url = URL.createObjectURL(this.source);
    const source = this.source;
    source.addEventListener("sourceopen", () => {
      if (this.source !== source) return;
      this.buffer = source.addSourceBuffer(type);
      this.buffer.addEventListener("updateend", () => this.#feed());
      this.buffer.addEventListener("error", () => { this.#drop(); gather(RETRY_MS[0]); });
      this.#feed();
    }, { once: true });
    this.video.src = this.url;
  }

  #add(data) {
    if (!this.source) return;
    this.clock = clockOf(data) ?? this.clock;
    this.queue.push(data);
    this.#feed();
  }

  /** Append what waits; forget what was shown long ago. */
  #feed() {
    const { buffer, video } = this;
    if (!buffer || buffer.updating || this.source?.readyState !== "open") return;
    try {
      if (buffer.buffered.length && video.currentTime - buffer.buffered.start(0) > 2 * KEEP_S) {
        buffer.remove(0, video.currentTime - KEEP_S);
        return;
      }
      if (this.queue.length) {
        const parts = this.queue.splice(0);
        buffer.appendBuffer(concat(parts));
      }
    } catch {
      this.#drop();
      gather(RETRY_MS[0]);
      return;
    }
    this.#place();
  }

  /** Begin at the newest picture, and pass over a hole that a lost connection of the camera left. */
  #place() {
    const { video, buffer } = this;
    const ranges = buffer.buffered;
    if (!ranges.length) return;
    const start = ranges.start(ranges.length - 1);
    const end = ranges.end(ranges.length - 1);
    if (!this.placed || video.currentTime < start - 0.05 || end - video.currentTime > JUMP_S) {
      video.currentTime = Math.max(start, end - AIM_S);
      this.placed = true;
    }
    if (video.paused) video.play().catch(() => {});
    if (this.video.dataset.live !== "on") this.#say("on");
  }

  #keepUp() {
    const { video, buffer } = this;
    if (!buffer || !this.placed || this.source?.readyState !== "open" || !buffer.buffered.length) return;
    const ahead = buffer.buffered.end(buffer.buffered.length - 1) - video.currentTime;
    video.playbackRate = ahead > CATCH_UP_S ? 1.15 : ahead < AIM_S / 3 ? 0.95 : 1;
    if (performance.now() - this.told > 1000) this.#tell();
  }

  /** How far the picture shown now is behind, by the host's clock. */
  behind() {
    if (!this.clock || !this.placed) return null;
    return Date.now() / 1000 - (this.clock.utc + this.video.currentTime - this.clock.media);
  }

  #still(body) {
    this.#poster(new Blob([body.slice(8)], { type: "image/jpeg" }));
    if (this.video.dataset.live !== "still") this.#say("still", this.codec ?? "codec");
  }

  #poster(blob) {
    const before = this.poster;
    this.poster = blob && URL.createObjectURL(blob);
    if (this.poster) this.video.poster = this.poster;
    else this.video.removeAttribute("poster");
    if (before) setTimeout(() => URL.revokeObjectURL(before), 2000);
  }

  #drop() {
    this.queue = [];
    this.buffer = this.source = this.epoch = this.clock = null;
    this.placed = false;
    if (this.url) {
      URL.revokeObjectURL(this.url);
      this.url = null;
      this.video.removeAttribute("src");
      this.video.load();
    }
  }

  #say(state, reason = "") {
    this.video.dataset.live = state;
    this.video.dataset.reason = reason;
    this.#tell();
  }

  #tell() {
    this.told = performance.now();
    const { live: state, reason } = this.video.dataset;
    const detail = { camera: this.camera, state, reason, since: this.since, behind: this.behind() };
    this.onState?.(detail);
    this.video.dispatchEvent(new CustomEvent("live", { detail, bubbles: true }));
  }
}

/** UTC and media time in seconds that a fragment's `prft` box tells; null where it has none. */
export function clockOf(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 32 || view.getUint32(4) !== 0x70726674) return null;
  const utc = view.getUint32(16) - NTP_S + view.getUint32(20) / 2 ** 32;
  return { utc, media: Number(view.getBigUint64(24)) / 90000 };
}

function joined(one, other) {
  return concat([one, other]);
}

function concat(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}
