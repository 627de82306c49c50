// <hook-editor>: the window on the waveform that everyone may hear. It is drawn over two number fields, which are
// the truth: without scripts they are all there is. Arrow keys move by 10 ms, with Shift (or Page keys) by 1 s.

import { define, h, numberOf } from "../lib/dom";
import { clock, exact } from "../lib/format";
import { type Peaks, loadPeaks } from "../lib/peaks";
import { draw, fit } from "../lib/wave";
import { player } from "../player/player";
import type { Card } from "../player/types";
import { type Bounds, type Window, moveEnd, moveStart, moveWhole } from "./hook-window";

type Part = "start" | "whole" | "end";

const FINE_MS = 10;
const COARSE_MS = 1000;
const NAMES: Record<Part, string> = { start: "Hook begins", whole: "Hook, whole", end: "Hook ends" };
const MOVES: Record<Part, (from: Window, toMs: number, bounds: Bounds) => Window> = {
  start: moveStart,
  whole: moveWhole,
  end: moveEnd,
};

export class HookEditor extends HTMLElement {
  private peaks: Peaks | null = null;
  private readonly canvas = h("canvas", { class: "hook-canvas" });
  private readonly stage = h("div", { class: "hook-stage" }, this.canvas);
  private readonly says = h("output", { class: "hook-says" });
  private readonly handles = new Map<Part, HTMLElement>();
  private readonly head = h("div", { class: "hook-playhead", hidden: true });
  private readonly refresh = (): void => this.renderHead();
  private readonly watcher = new ResizeObserver(() => this.render());
  private isBuilt = false;

  connectedCallback(): void {
    if (!this.isBuilt) this.build();
    this.isBuilt = true;
    this.watcher.observe(this.canvas);
    for (const event of ["time", "state", "track"]) player.addEventListener(event, this.refresh);
    this.render();
    void this.load();
  }

  disconnectedCallback(): void {
    this.watcher.disconnect();
    for (const event of ["time", "state", "track"]) player.removeEventListener(event, this.refresh);
  }

  private get bounds(): Bounds {
    return { trackMs: numberOf(this, "durationMs", 0), minMs: numberOf(this, "minMs", 500), maxMs: numberOf(this, "maxMs", 30_000) };
  }

  private field(name: string): HTMLInputElement {
    const input = this.querySelector<HTMLInputElement>(`input[name="${name}"]`);
    if (!input) throw new Error(`hook-editor: the field ${name} is missing`);
    return input;
  }

  private get window(): Window {
    const startMs = Math.round(Number(this.field("hook_start").value) * 1000) || 0;
    const lengthMs = Math.round(Number(this.field("hook_length").value) * 1000) || this.bounds.minMs;
    return { startMs, lengthMs };
  }

  private set window(wanted: Window) {
    this.field("hook_start").value = (wanted.startMs / 1000).toFixed(3);
    this.field("hook_length").value = (wanted.lengthMs / 1000).toFixed(3);
    this.render();
  }

  private build(): void {
    for (const part of ["whole", "start", "end"] as const) this.addHandle(part);
    const play = h("button", { type: "button", class: "button" }, "Play the hook");
    play.addEventListener("click", () => this.play());
    const tools = h("div", { class: "row hook-tools" }, play);
    if (this.dataset["suggestedStartMs"]) tools.append(this.suggestionButton());
    this.stage.append(this.head);
    this.prepend(this.stage, this.says, tools);
    this.stage.addEventListener("pointerdown", (event) => this.grab(event));
    for (const name of ["hook_start", "hook_length"]) this.field(name).addEventListener("input", () => this.render());
  }

  private addHandle(part: Part): void {
    const handle = h("div", { class: `hook-${part}`, role: "slider", tabindex: 0, "aria-label": NAMES[part] });
    handle.addEventListener("keydown", (event) => this.onKey(part, event));
    this.handles.set(part, handle);
    this.stage.append(handle);
  }

  private suggestionButton(): HTMLButtonElement {
    const button = h("button", { type: "button", class: "button" }, "Use the suggestion");
    button.addEventListener("click", () => {
      this.window = {
        startMs: numberOf(this, "suggestedStartMs", 0),
        lengthMs: numberOf(this, "suggestedDurationMs", this.bounds.maxMs),
      };
      this.says.focus();
    });
    return button;
  }

  private async load(): Promise<void> {
    const url = this.dataset["peaks"];
    if (!url || this.peaks) return;
    try {
      this.peaks = await loadPeaks(url);
      this.render();
    } catch {
      this.dataset["state"] = "missing"; // the handles and the fields work without the picture
    }
  }

  private onKey(part: Part, event: KeyboardEvent): void {
    const step = event.shiftKey ? COARSE_MS : FINE_MS;
    const from = this.window;
    const at = part === "end" ? from.startMs + from.lengthMs : from.startMs;
    const steps: Record<string, number> = {
      ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step,
      PageUp: COARSE_MS, PageDown: -COARSE_MS, Home: -this.bounds.trackMs, End: this.bounds.trackMs,
    };
    const by = steps[event.key];
    if (event.key === " " || event.key === "Enter") this.play();
    else if (by === undefined) return;
    else this.window = MOVES[part](from, at + by, this.bounds);
    event.preventDefault();
  }

  private grab(event: PointerEvent): void {
    if (event.button !== 0) return;
    const part = this.partAt(event);
    const from = this.window;
    const grabbedMs = this.msAt(event);
    const origin = part === "end" ? from.startMs + from.lengthMs : from.startMs;
    this.stage.setPointerCapture(event.pointerId);
    this.handles.get(part)?.focus({ preventScroll: true });
    const move = (to: PointerEvent): void => {
      this.window = MOVES[part](from, origin + this.msAt(to) - grabbedMs, this.bounds);
    };
    const drop = (): void => {
      this.stage.removeEventListener("pointermove", move);
      this.stage.removeEventListener("pointerup", drop);
      this.stage.removeEventListener("pointercancel", drop);
    };
    this.stage.addEventListener("pointermove", move);
    this.stage.addEventListener("pointerup", drop);
    this.stage.addEventListener("pointercancel", drop);
    event.preventDefault();
  }

  /** What the press grabs: the handle under it; outside the window, the window comes to the press first. */
  private partAt(event: PointerEvent): Part {
    const target = event.target as HTMLElement;
    for (const [part, handle] of this.handles) if (handle === target) return part;
    const ms = this.msAt(event);
    this.window = moveWhole(this.window, ms - this.window.lengthMs / 2, this.bounds);
    return "whole";
  }

  private msAt(event: PointerEvent): number {
    const box = this.stage.getBoundingClientRect();
    return Math.round(((event.clientX - box.left) / box.width) * this.bounds.trackMs);
  }

  private play(): void {
    const { startMs, lengthMs } = this.window;
    const data = this.dataset;
    const card: Card = {
      id: data["track"] ?? "", title: data["title"] ?? "", artist: data["artist"] ?? "", url: data["url"] ?? "",
      artistUrl: data["artistUrl"] ?? "", cover: data["cover"] || null, durationMs: this.bounds.trackMs,
    };
    void player.playStretch(card, { startMs, endMs: startMs + lengthMs });
  }

  private render(): void {
    const { startMs, lengthMs } = this.window;
    const all = this.bounds.trackMs || 1;
    this.stage.style.setProperty("--from", `${(100 * startMs) / all}%`);
    this.stage.style.setProperty("--length", `${(100 * lengthMs) / all}%`);
    this.says.textContent = `${exact(startMs)} to ${exact(startMs + lengthMs)} · ${(lengthMs / 1000).toFixed(2)} s`;
    this.describe("start", startMs, `begins at ${exact(startMs)}`);
    this.describe("end", startMs + lengthMs, `ends at ${exact(startMs + lengthMs)}, ${(lengthMs / 1000).toFixed(2)} seconds long`);
    this.describe("whole", startMs, `${clock(startMs)} to ${clock(startMs + lengthMs)}`);
    if (this.peaks) {
      fit(this.canvas);
      draw(this.canvas, this.peaks, { heard: 0, window: [startMs / all, (startMs + lengthMs) / all] });
    }
  }

  private describe(part: Part, ms: number, words: string): void {
    const handle = this.handles.get(part);
    handle?.setAttribute("aria-valuemin", "0");
    handle?.setAttribute("aria-valuemax", String(this.bounds.trackMs));
    handle?.setAttribute("aria-valuenow", String(ms));
    handle?.setAttribute("aria-valuetext", words);
  }

  private renderHead(): void {
    const isHere = player.isCurrent(this.dataset["track"] ?? "") && player.grant?.access === "full";
    this.head.hidden = !isHere;
    if (isHere) this.stage.style.setProperty("--head", `${(100 * player.trackMs) / (this.bounds.trackMs || 1)}%`);
  }
}

define("hook-editor", HookEditor);
