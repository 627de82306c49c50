// Draws peaks on a canvas as upright bars, in the colours that the style sheet gives the canvas.

import type { Peaks } from "./peaks";

export interface Shading {
  /** Fractions of the width: bars before it are drawn as heard. */
  heard: number;
  /** The marked window as fractions of the width; null: no window. */
  window: readonly [number, number] | null;
}

const BAR = 2;
const GAP = 1;

/** Fit the canvas to its box at the screen's resolution; true where its size changed. */
export function fit(canvas: HTMLCanvasElement): boolean {
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.max(1, Math.round(canvas.clientWidth * scale));
  const height = Math.max(1, Math.round(canvas.clientHeight * scale));
  if (canvas.width === width && canvas.height === height) return false;
  canvas.width = width;
  canvas.height = height;
  return true;
}

/** Draw the peaks; bars outside the marked window are faint. */
export function draw(canvas: HTMLCanvasElement, peaks: Peaks, shading: Shading): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  const step = (BAR + GAP) * scale;
  const bars = Math.max(1, Math.floor(canvas.width / step));
  const style = getComputedStyle(canvas);
  const colours = {
    plain: style.getPropertyValue("--wave-plain") || "#888",
    faint: style.getPropertyValue("--wave-faint") || "#ccc",
    heard: style.getPropertyValue("--wave-heard") || "#c33",
  };
  const loudest = peaks.highs.reduce((top, high, at) => Math.max(top, high, -(peaks.lows[at] ?? 0)), 0.05);
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (let bar = 0; bar < bars; bar += 1) {
    const [low, high] = extremes(peaks, bar / bars, (bar + 1) / bars);
    const middle = (bar + 0.5) / bars;
    context.fillStyle = colourAt(middle, shading, colours);
    const top = canvas.height * (0.5 - (0.48 * high) / loudest);
    const bottom = canvas.height * (0.5 - (0.48 * low) / loudest);
    context.fillRect(bar * step, top, BAR * scale, Math.max(scale, bottom - top));
  }
}

function colourAt(at: number, shading: Shading, colours: { plain: string; faint: string; heard: string }): string {
  const inside = !shading.window || (at >= shading.window[0] && at <= shading.window[1]);
  if (inside && at < shading.heard && (!shading.window || at >= shading.window[0])) return colours.heard;
  return inside ? colours.plain : colours.faint;
}

function extremes(peaks: Peaks, from: number, to: number): [number, number] {
  const points = peaks.lows.length;
  const first = Math.min(points - 1, Math.floor(from * points));
  const last = Math.max(first + 1, Math.min(points, Math.ceil(to * points)));
  let low = 0;
  let high = 0;
  for (let point = first; point < last; point += 1) {
    low = Math.min(low, peaks.lows[point] ?? 0);
    high = Math.max(high, peaks.highs[point] ?? 0);
  }
  return [low, high];
}
