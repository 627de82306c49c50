// <wave-form>: a track's waveform with its hook marked and what was heard filled in. A press on it seeks, where
// the listener may hear that place. It is a picture to assistive technology: the dock's slider is the control.

import { define, h, numberOf } from "../lib/dom";
import { loadPeaks, type Peaks } from "../lib/peaks";
import { draw, fit } from "../lib/wave";
import { player } from "../player/player";

export class WaveForm extends HTMLElement {
  private canvas: HTMLCanvasElement | null = null;
  private peaks: Peaks | null = null;
  private readonly refresh = (): void => this.render();
  private readonly watcher = new ResizeObserver(() => this.render());

  connectedCallback(): void {
    if (!this.canvas) {
      this.canvas = h("canvas", { class: "wave-canvas" });
      this.replaceChildren(this.canvas); // a page that Turbo kept already holds the canvas of its first life
      this.addEventListener("click", (event) => this.seek(event));
    }
    this.watcher.observe(this.canvas);
    for (const event of ["time", "track", "state"]) player.addEventListener(event, this.refresh);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.refresh);
    void this.load();
  }

  disconnectedCallback(): void {
    this.watcher.disconnect();
    for (const event of ["time", "track", "state"]) player.removeEventListener(event, this.refresh);
    matchMedia("(prefers-color-scheme: dark)").removeEventListener("change", this.refresh);
  }

  private async load(): Promise<void> {
    const url = this.dataset["peaks"];
    if (!url || this.peaks) return;
    try {
      this.peaks = await loadPeaks(url);
      this.render();
    } catch {
      this.dataset["state"] = "missing"; // the page says the rest without its picture
    }
  }

  private get lengthMs(): number {
    return numberOf(this, "durationMs", 0);
  }

  private render(): void {
    if (!this.canvas || !this.peaks) return;
    fit(this.canvas);
    const length = this.lengthMs || 1;
    const isHere = player.isCurrent(this.dataset["track"] ?? "") && player.grant;
    const start = numberOf(this, "hookStartMs", -1);
    const end = start + numberOf(this, "hookDurationMs", 0);
    const isFull = isHere && player.grant?.access === "full";
    draw(this.canvas, this.peaks, {
      heard: isHere ? player.trackMs / length : 0,
      window: start >= 0 && !isFull ? [start / length, end / length] : null,
    });
  }

  private seek(event: MouseEvent): void {
    if (!player.isCurrent(this.dataset["track"] ?? "") || !player.grant) return;
    const box = this.getBoundingClientRect();
    const wanted = ((event.clientX - box.left) / box.width) * this.lengthMs - player.grant.start_ms;
    if (wanted >= 0 && wanted <= player.durationMs) player.seek(wanted);
  }
}

define("wave-form", WaveForm);
