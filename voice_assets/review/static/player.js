// The player of one clip: audio, waveform, position. Draws the peaks that the server computed.

import { ask } from "./saving.js";

const SVG = "http://www.w3.org/2000/svg";
const HEARD = 0.9; // a clip counts as heard when this share of it was played

function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function outline(peaks) {
  const top = peaks.map((peak, x) => `L${x},${-Math.max(peak, 0.012)}`).join("");
  const bottom = peaks.map((peak, x) => `L${x},${Math.max(peak, 0.012)}`).reverse().join("");
  return `M0,0${top}L${peaks.length - 1},0${bottom}Z`;
}

export class Player {
  // `onHeard(number)` is called each time a clip was played to its end, or nearly.
  constructor({ audio, wave, button, time, base, version, onHeard }) {
    Object.assign(this, { audio, wave, button, time, base, version, onHeard, number: -1, duration: 0, told: false });
    audio.addEventListener("play", () => this.draw());
    audio.addEventListener("pause", () => this.draw());
    audio.addEventListener("timeupdate", () => this.draw());
    audio.addEventListener("seeked", () => this.draw());
    audio.addEventListener("error", () => this.fail("This audio cannot be played: the file is gone, or no audio."));
    button.addEventListener("click", () => this.toggle());
    wave.addEventListener("pointerdown", (event) => this.point(event));
    wave.addEventListener("pointermove", (event) => event.buttons & 1 && this.point(event));
  }

  async load(number, duration, play) {
    if (number === this.number) return;
    Object.assign(this, { number, duration, told: false });
    const query = `?version=${encodeURIComponent(this.version)}`;
    this.wave.replaceChildren();
    this.wave.classList.remove("failed");
    this.audio.src = `${this.base}/audio/${number}${query}`;
    if (play) this.play();
    this.draw();
    try {
      const { peaks } = await ask(`${this.base}/waveform/${number}${query}`);
      if (number === this.number) this.shape(peaks);
    } catch (error) {
      if (number === this.number) this.fail(`No waveform: ${error.message}`);
    }
  }

  shape(peaks) {
    const drawing = svg("svg", { viewBox: `0 -1.05 ${peaks.length - 1} 2.1`, preserveAspectRatio: "none", "aria-hidden": "true" });
    const clip = svg("clipPath", { id: "played" });
    this.rect = svg("rect", { x: 0, y: -2, width: 0, height: 4 });
    clip.append(this.rect);
    const d = outline(peaks);
    drawing.append(clip, svg("path", { d, class: "rest" }), svg("path", { d, class: "played", "clip-path": "url(#played)" }));
    this.width = peaks.length - 1;
    this.cursor = document.createElement("i");
    this.wave.replaceChildren(drawing, this.cursor);
    this.draw();
  }

  fail(message) {
    this.wave.classList.add("failed");
    this.wave.textContent = message;
    this.rect = this.cursor = null;
  }

  draw() {
    const { currentTime, paused, ended } = this.audio;
    const whole = this.audio.duration || this.duration;
    const share = whole ? Math.min(currentTime / whole, 1) : 0;
    this.button.textContent = paused ? "▶" : "❚❚";
    this.button.setAttribute("aria-label", paused ? "Play" : "Pause");
    this.time.textContent = `${currentTime.toFixed(1)} / ${whole.toFixed(1)} s`;
    this.wave.setAttribute("aria-valuenow", Math.round(share * 100));
    this.wave.setAttribute("aria-valuetext", `${currentTime.toFixed(1)} of ${whole.toFixed(1)} seconds`);
    if (this.rect) {
      this.rect.setAttribute("width", share * this.width);
      this.cursor.style.left = `${share * 100}%`;
    }
    if (!this.told && (ended || (!paused && share >= HEARD))) {
      this.told = true;
      this.onHeard(this.number);
    }
    if (paused || this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.draw();
    });
  }

  play() {
    this.audio.play().catch(() => {}); // the browser refuses until the person has pressed a key on this page
  }

  toggle() {
    if (this.audio.paused) this.play();
    else this.audio.pause();
  }

  seek(seconds) {
    const whole = this.audio.duration || this.duration;
    this.audio.currentTime = Math.min(Math.max(seconds, 0), whole);
    this.draw();
  }

  point(event) {
    const box = this.wave.getBoundingClientRect();
    this.seek(((event.clientX - box.left) / box.width) * (this.audio.duration || this.duration));
  }
}
