// The one player of a visit. It owns the only audio element, which is never put into the page: an element that
// is moved while Turbo swaps pages is paused by the browser, one outside the document plays on.

import { Refused, Unreachable, post } from "../lib/api";
import { Milestones } from "./milestones";
import type { Card, Grant, Status, Stretch } from "./types";

const FORMATS: ReadonlyArray<readonly [string, string]> = [
  ["opus_webm", 'audio/webm; codecs="opus"'],
  ["mp3", "audio/mpeg"],
];
const RETRY_AFTER_MS = [0, 1000, 3000];
const SETTLED_MS = 5000; // after that much sound a later failure is a new one

export class Player extends EventTarget {
  readonly audio = new Audio();
  card: Card | null = null;
  grant: Grant | null = null;
  status: Status = "idle";
  message = "";
  private queue: readonly Card[] = [];
  private stretch: Stretch | null = null;
  private milestones: Milestones | null = null;
  private generation = 0;
  private retries = 0;
  private recoveredAtMs = 0;

  constructor() {
    super();
    this.audio.preload = "auto";
    this.audio.addEventListener("playing", () => this.onPlaying());
    this.audio.addEventListener("waiting", () => this.set("loading"));
    this.audio.addEventListener("pause", () => this.onPause());
    this.audio.addEventListener("timeupdate", () => this.onTime());
    this.audio.addEventListener("ended", () => this.onEnded());
    // Paused and broken (its address ran out) is no news: the next press asks for a new address.
    this.audio.addEventListener("error", () => {
      if (this.status !== "paused") void this.recover();
    });
    window.addEventListener("online", () => {
      if (this.status === "failed") this.toggle();
    });
  }

  /** The position in what is served (the hook file begins at 0), in milliseconds. */
  get positionMs(): number {
    return this.audio.currentTime * 1000;
  }

  /** The length of what is served. The server's figure: streams may report none, or infinity. */
  get durationMs(): number {
    if (this.grant) return this.grant.duration_ms;
    const seconds = this.audio.duration;
    return Number.isFinite(seconds) ? seconds * 1000 : 0;
  }

  /** The position in the whole track. */
  get trackMs(): number {
    return (this.grant?.start_ms ?? 0) + this.positionMs;
  }

  get hasNext(): boolean {
    const place = this.place();
    return place >= 0 && place < this.queue.length - 1;
  }

  isCurrent(id: string): boolean {
    return this.card?.id === id;
  }

  /** Play a track; `queue` is what comes before and after it. */
  async play(card: Card, queue: readonly Card[]): Promise<void> {
    this.queue = queue.length ? queue : [card];
    await this.start(card, null);
  }

  /** Play a stretch of the whole track and stop at its end; for its owner. */
  async playStretch(card: Card, stretch: Stretch): Promise<void> {
    this.queue = [card];
    if (this.isCurrent(card.id) && this.grant?.access === "full" && !this.audio.error) {
      this.stretch = stretch;
      this.audio.currentTime = stretch.startMs / 1000;
      await this.resume();
      return;
    }
    await this.start(card, stretch);
  }

  /** Pause, or go on, or try again after a failure. */
  toggle(): void {
    if (!this.card) return;
    if (this.status === "playing" || this.status === "loading") {
      this.generation += 1; // an address still on its way is no longer wanted
      this.audio.pause();
      this.set("paused");
    } else if (this.grant && !this.audio.error && this.status === "paused") {
      void this.resume();
    } else {
      this.retries = 0;
      this.set("loading");
      void this.open(++this.generation, this.grant ? this.audio.currentTime : 0);
    }
  }

  pause(): void {
    this.audio.pause();
  }

  next(): void {
    const card = this.queue[this.place() + 1];
    if (card) void this.start(card, null);
  }

  /** The track before; from three seconds on, the beginning of this one. */
  previous(): void {
    const card = this.queue[this.place() - 1];
    if (this.positionMs > 3000 || !card) this.seek(0);
    else void this.start(card, null);
  }

  /** Go to a position in what is served, in milliseconds. */
  seek(ms: number): void {
    if (!this.grant) return;
    const target = Math.min(Math.max(0, ms), Math.max(0, this.durationMs - 50)) / 1000;
    this.stretch = null;
    this.audio.currentTime = target;
    this.changed("time");
  }

  private place(): number {
    return this.queue.findIndex((card) => card.id === this.card?.id);
  }

  private async start(card: Card, stretch: Stretch | null): Promise<void> {
    const generation = ++this.generation;
    this.audio.pause();
    // Safari allows sound only to an element that was used inside the press itself; the address comes later.
    this.audio.removeAttribute("src");
    this.audio.load();
    this.card = card;
    this.grant = null;
    this.stretch = stretch;
    this.milestones = null;
    this.retries = 0;
    this.set("loading");
    this.changed("track");
    await this.open(generation, (stretch?.startMs ?? 0) / 1000);
  }

  /** Ask for an address and play from `atS`. The answer of an overtaken press is thrown away. */
  private async open(generation: number, atS: number): Promise<void> {
    const card = this.card;
    if (!card) return;
    try {
      const grant = await post<Grant>(`/api/v1/tracks/${card.id}/play`, { formats: playable() });
      if (generation !== this.generation) return;
      if (!this.milestones) this.milestones = new Milestones(grant.play);
      this.grant = grant;
      this.audio.src = grant.url;
      if (atS > 0) this.audio.currentTime = atS;
      await this.resume();
    } catch (error) {
      if (generation === this.generation) this.fail(sentence(error));
    }
  }

  private async resume(): Promise<void> {
    try {
      await this.audio.play();
    } catch (error) {
      // AbortError: a newer press took over. NotSupportedError: the element's own error event deals with it.
      if (error instanceof DOMException && error.name === "NotAllowedError") {
        this.set("paused");
        this.say("The browser held the sound back: press play once more.");
      }
    }
  }

  /** The sound broke off: the address expired, or the network is gone. Ask anew and go on where it stopped. */
  private async recover(): Promise<void> {
    if (!this.grant) return;
    const wait = RETRY_AFTER_MS[this.retries];
    if (wait === undefined) {
      this.fail("The sound stopped coming. Check the network, then press play.");
      return;
    }
    this.retries += 1;
    const generation = ++this.generation;
    const atS = this.audio.currentTime;
    this.recoveredAtMs = atS * 1000;
    this.set("loading");
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (generation === this.generation) await this.open(generation, atS);
  }

  private onPlaying(): void {
    this.set("playing");
    this.milestones?.started(this.positionMs);
  }

  private onPause(): void {
    if (!this.audio.ended && this.status !== "failed" && this.audio.hasAttribute("src")) this.set("paused");
  }

  private onTime(): void {
    if (!this.audio.paused) this.milestones?.at(this.positionMs);
    if (this.positionMs > this.recoveredAtMs + SETTLED_MS) this.retries = 0;
    if (this.stretch && this.trackMs >= this.stretch.endMs) {
      this.stretch = null;
      this.audio.pause();
    }
    this.changed("time");
  }

  private onEnded(): void {
    this.milestones?.at(this.positionMs);
    this.milestones?.ended();
    this.set("paused");
    if (this.hasNext) this.next();
  }

  private fail(message: string): void {
    this.set("failed");
    this.say(message);
  }

  private say(message: string): void {
    this.message = message;
    this.changed("state");
  }

  private set(status: Status): void {
    this.status = status;
    this.message = "";
    this.changed("state");
  }

  private changed(what: "track" | "state" | "time"): void {
    this.dispatchEvent(new Event(what));
  }
}

function playable(): string[] {
  const probe = document.createElement("audio");
  return FORMATS.filter(([, type]) => probe.canPlayType(type) !== "").map(([name]) => name);
}

function sentence(error: unknown): string {
  if (error instanceof Unreachable) return `${error.message}`;
  if (error instanceof Refused && error.status === 404) return "This track is no longer here.";
  if (error instanceof Refused) return error.message;
  return "The sound could not be started. Press play to try again.";
}

export const player = new Player();
