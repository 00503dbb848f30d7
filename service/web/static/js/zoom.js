// A picture under a magnifier: pixels stay sharp squares, since evidence must not be smoothed.

const LARGEST = 24;

export class Zoomer {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => HTMLVideoElement | HTMLImageElement | null} source
   * @param {(pen: CanvasRenderingContext2D, place: number[]) => void} [over] draws over the picture; the place is
   *   canvas pixels a picture pixel, and where the picture's corner lies
   */
  constructor(canvas, source, over = null) {
    this.canvas = canvas;
    this.source = source;
    this.over = over;
    this.reset();
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.scaleBy(event.deltaY < 0 ? 1.25 : 0.8, this.#place(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.held = { x: event.clientX, y: event.clientY };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.held) return;
      const fit = this.#fit();
      this.x -= (event.clientX - this.held.x) * devicePixelRatio / fit;
      this.y -= (event.clientY - this.held.y) * devicePixelRatio / fit;
      this.held = { x: event.clientX, y: event.clientY };
      this.draw();
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { this.held = null; });
    canvas.addEventListener("dblclick", () => { this.reset(); this.draw(); });
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  reset() {
    this.scale = 1;
    this.x = null;
    this.y = null;
    this.held = null;
  }

  size() {
    const source = this.source();
    return source ? [source.videoWidth || source.naturalWidth || 0, source.videoHeight || source.naturalHeight || 0] : [0, 0];
  }

  scaleBy(factor, place = null) {
    const [width, height] = this.size();
    if (!width) return;
    const before = this.#fit();
    this.scale = Math.min(LARGEST, Math.max(1, this.scale * factor));
    if (place) {
      const change = 1 / before - 1 / this.#fit();
      this.x = (this.x ?? width / 2) + place.x * change;
      this.y = (this.y ?? height / 2) + place.y * change;
    }
    this.draw();
  }

  /** Move the view by parts of what is seen. */
  pan(right, down) {
    const [width, height] = this.size();
    if (!width) return;
    const fit = this.#fit();
    this.x = (this.x ?? width / 2) + right * this.canvas.width / fit;
    this.y = (this.y ?? height / 2) + down * this.canvas.height / fit;
    this.draw();
  }

  draw() {
    const [width, height] = this.size();
    const { canvas } = this;
    if (!width || !canvas.clientWidth) return;
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
    const fit = this.#fit();
    const [half_w, half_h] = [canvas.width / fit / 2, canvas.height / fit / 2];
    this.x = clamp(this.x ?? width / 2, half_w, width - half_w);
    this.y = clamp(this.y ?? height / 2, half_h, height - half_h);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.fillStyle = "#000000";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    const [left, top] = [(half_w - this.x) * fit, (half_h - this.y) * fit];
    pen.drawImage(this.source(), left, top, width * fit, height * fit);
    this.over?.(pen, [fit, left, top]);
  }

  /** Canvas pixels a picture pixel. */
  #fit() {
    const [width, height] = this.size();
    return Math.min(this.canvas.width / width, this.canvas.height / height) * this.scale;
  }

  /** Where a pointer is, from the middle of the canvas, in canvas pixels. */
  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: (event.clientX - box.left - box.width / 2) * devicePixelRatio,
      y: (event.clientY - box.top - box.height / 2) * devicePixelRatio,
    };
  }
}

function clamp(value, low, high) {
  return low > high ? (low + high) / 2 : Math.min(high, Math.max(low, value));
}
