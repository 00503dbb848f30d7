// Recorded video across segments: original packets through Media Source Extensions, on one time line with its gaps.
// The element's time is seconds since the span began, so that a moment and a place in the video are one thing.

import { clockOf } from "./live.js";

const AHEAD_S = 25;         // so much is fetched ahead of what is shown
const BEHIND_S = 40;        // so much of what was shown is kept
const NEAR_S = 0.3;         // a gap at the end of a segment smaller than this is stepped over
const TICK_MS = 200;

export class ArchivePlayer {
  /** @param say called with a code of what stands in the way, or "" */
  constructor(video, { camera, look, start, end, say, moved }) {
    Object.assign(this, { video, camera, look, start: Date.parse(start), end: Date.parse(end), say, moved });
    this.segments = [];
    this.got = new Set();
    this.frame = 0.04;
    this.loading = null;
    this.clockwork = setInterval(() => this.#tick(), TICK_MS);
    const follow = (_, shown) => {
      if (this.shown !== undefined) {
        const step = shown.mediaTime - this.shown;
        if (step > 0.005 && step < 0.5) this.frame = this.frame * 0.8 + step * 0.2;
      }
      this.shown = shown.mediaTime;
      this.moved?.(this.moment());
      if (!this.over) video.requestVideoFrameCallback(follow);
    };
    video.requestVideoFrameCallback?.(follow);
  }

  get base() {
    return `/api/v1/video/${encodeURIComponent(this.camera)}`;
  }

  async load() {
    const query = new URLSearchParams({ look: this.look, start: new Date(this.start).toISOString(), end: new Date(this.end).toISOString() });
    const answer = await fetch(`${this.base}/segments?${query}`, { cache: "no-store" });
    if (!answer.ok) return this.say("broken");
    const { segments, gaps } = await answer.json();
    this.segments = segments.map((one) => ({ ...one, from: this.#second(one.start), to: this.#second(one.end) }));
    this.gaps = gaps;
    return this.segments;
  }

  thumb(segment) {
    return `${this.base}/thumbs/${segment.name}?${new URLSearchParams({ look: this.look })}`;
  }

  /** The moment that is shown, in milliseconds. */
  moment() {
    return this.start + this.video.currentTime * 1000;
  }

  /** Go to a moment; where there is no video, to the next there is. */
  seek(moment) {
    let second = Math.max(0, Math.min((moment - this.start) / 1000, (this.end - this.start) / 1000));
    const holding = this.segments.find((one) => one.to > second);
    if (!holding) {
      this.say("no_segment");
      return;
    }
    if (second < holding.from) second = holding.from + 0.05;
    this.say("");
    if (!this.source || !this.#buffered(second)) this.#restart(second);
    else this.video.currentTime = second;
  }

  step(by) {
    this.video.pause();
    const wanted = this.video.currentTime + by * this.frame;
    if (this.#buffered(wanted)) this.video.currentTime = Math.max(0, wanted);
    else this.seek(this.start + wanted * 1000);
  }

  close() {
    this.over = true;
    clearInterval(this.clockwork);
    this.#drop();
  }

  #second(at) {
    return (Date.parse(at) - this.start) / 1000;
  }

  #buffered(second) {
    const ranges = this.video.buffered;
    for (let i = 0; i < ranges.length; i++) if (ranges.start(i) - 0.1 <= second && second < ranges.end(i)) return true;
    return false;
  }

  /** End of what is buffered from a second on without a hole. */
  #reach(second) {
    const ranges = this.video.buffered;
    for (let i = 0; i < ranges.length; i++) if (ranges.start(i) - 0.1 <= second && second <= ranges.end(i) + 0.05) return ranges.end(i);
    return second;
  }

  #drop() {
    this.loading?.abort();
    this.loading = null;
    this.buffer = this.source = null;
    this.got.clear();
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
  }

  #restart(second) {
    const playing = !this.video.paused;
    this.#drop();
    const source = new MediaSource();
    this.source = source;
    this.url = URL.createObjectURL(source);
    this.wanted = second;
    source.addEventListener("sourceopen", () => {
      if (this.source !== source) return;
      source.duration = (this.end - this.start) / 1000;
      this.video.currentTime = second;
      this.#fetch(this.segments.find((one) => one.to > second), second);
    }, { once: true });
    this.video.src = this.url;
    if (playing) this.video.play().catch(() => {});
  }

  /** Fetch ahead, step over gaps, forget what was shown long ago. */
  #tick() {
    const { video, source } = this;
    if (!source || source.readyState !== "open") return;
    const now = video.currentTime;
    const reach = this.#reach(now);
    if (!this.loading) {
      const next = this.segments.find((one) => !this.got.has(one.name) && one.to > now + 0.1 && one.from < reach + AHEAD_S);
      const far = next && next.from > reach + AHEAD_S;
      if (next && !far && reach - now < AHEAD_S) this.#fetch(next, Math.max(now, next.from));
    }
    if (video.readyState < 3 && reach - now < NEAR_S && !this.loading) {
      const after = this.segments.find((one) => one.from > now + 0.01);
      if (!after) {
        if (!video.paused && reach > 0) video.pause();
        return;
      }
      if (after.from - reach > 0.01) video.currentTime = after.from + 0.05;
    } else if (video.readyState < 3) {
      const ranges = video.buffered;
      for (let i = 0; i < ranges.length; i++) {
        const start = ranges.start(i);
        if (start > now && start - now < 1.5 && !this.#buffered(now)) { video.currentTime = start + 0.02; break; }
      }
    }
  }

  async #fetch(segment, second) {
    if (!segment) return;
    const source = this.source;
    const stop = new AbortController();
    this.loading = stop;
    this.got.add(segment.name);
    const from = Math.max(0, second - segment.from);
    const query = new URLSearchParams({ look: this.look, ...(from > 1 ? { from: from.toFixed(2) } : {}) });
    try {
      const answer = await fetch(`${this.base}/segments/${segment.name}?${query}`, { signal: stop.signal });
      const type = answer.headers.get("content-type") ?? "";
      if (!answer.ok) throw new Error(answer.status);
      if (!window.MediaSource || !type.includes("codecs") || !MediaSource.isTypeSupported(type)) {
        this.say("unsupported");
        stop.abort();
        return;
      }
      if (!this.buffer) this.buffer = source.addSourceBuffer(type);
      else if (this.type !== type) this.buffer.changeType(type);
      this.type = type;
      await this.#append(answer.body.getReader(), segment, source);
    } catch (error) {
      if (error.name !== "AbortError" && this.source === source) this.say("broken");
    } finally {
      if (this.loading === stop) this.loading = null;
    }
  }

  /** Append whole boxes as they come; the first fragment's clock says where on the time line they belong. */
  async #append(reader, segment, source) {
    let held = new Uint8Array(0);
    let placed = false;
    let head = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (this.source !== source) return reader.cancel();
      if (done) break;
      held = concat([held, value]);
      const boxes = [];
      while (held.length >= 8) {
        const size = new DataView(held.buffer, held.byteOffset, 4).getUint32(0);
        if (size < 8 || held.length < size) break;
        boxes.push(held.subarray(0, size));
        held = held.subarray(size);
      }
      for (const box of boxes) {
        if (!placed) {
          const clock = clockOf(box);
          if (clock) {
            this.buffer.timestampOffset = clock.utc - this.start / 1000 - clock.media;
            placed = true;
          }
        }
      }
      head.push(...boxes);
      if (placed && head.length) {
        const data = concat(head);
        head = [];
        await this.#give(data, source);
        if (this.source !== source) return reader.cancel();
      }
    }
    if (!placed) this.say("broken");
  }

  async #give(data, source) {
    const { buffer } = this;
    for (let tries = 0; tries < 3; tries++) {
      try {
        buffer.appendBuffer(data);
        await settled(buffer);
        return;
      } catch (error) {
        if (error.name !== "QuotaExceededError" || this.source !== source) throw error;
        const until = Math.max(0, this.video.currentTime - BEHIND_S / (tries + 1));
        if (until > 0) {
          buffer.remove(0, until);
          await settled(buffer);
        } else await new Promise((after) => setTimeout(after, 1000));
      }
    }
  }
}

function settled(buffer) {
  return new Promise((resolve) => {
    if (!buffer.updating) resolve();
    else buffer.addEventListener("updateend", resolve, { once: true });
  });
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
