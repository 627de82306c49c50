// <lyrics-follow>: marks the line that is being sung and keeps it in view while the listener does not scroll.

import { define } from "../lib/dom";
import { player } from "../player/player";

const HANDS_OFF_MS = 4000; // after the listener scrolled, the lines stay where they put them

export class LyricsFollow extends HTMLElement {
  private lines: HTMLElement[] = [];
  private current: HTMLElement | null = null;
  private scrolledAt = 0;
  private readonly follow = (): void => this.mark();

  connectedCallback(): void {
    this.lines = [...this.querySelectorAll<HTMLElement>("[data-at-ms]")];
    player.addEventListener("time", this.follow);
    for (const event of ["wheel", "touchmove", "pointerdown"]) {
      this.addEventListener(event, () => (this.scrolledAt = performance.now()), { passive: true });
    }
  }

  disconnectedCallback(): void {
    player.removeEventListener("time", this.follow);
  }

  private mark(): void {
    const line = player.isCurrent(this.dataset["track"] ?? "") ? this.lineAt(player.trackMs) : null;
    if (line === this.current) return;
    this.current?.removeAttribute("aria-current");
    line?.setAttribute("aria-current", "true");
    this.current = line;
    if (line && performance.now() - this.scrolledAt > HANDS_OFF_MS) this.bring(line);
  }

  private lineAt(ms: number): HTMLElement | null {
    let found: HTMLElement | null = null;
    for (const line of this.lines) {
      if (Number(line.dataset["atMs"]) > ms) break;
      found = line;
    }
    return found;
  }

  private bring(line: HTMLElement): void {
    const box = line.parentElement;
    if (!box || box.scrollHeight <= box.clientHeight) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const top = line.offsetTop - box.clientHeight / 2 + line.clientHeight / 2;
    box.scrollTo({ top, behavior: calm ? "auto" : "smooth" });
  }
}

define("lyrics-follow", LyricsFollow);
