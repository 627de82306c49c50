// <player-dock>: the bar at the bottom. Turbo carries it from page to page; it only shows what the player does.

import { clock } from "../lib/format";
import { h, icon } from "../lib/dom";
import { player } from "./player";

const SEEK_MS = 5000;

export class PlayerDock extends HTMLElement {
  private isBuilt = false;
  private readonly cover = h("img", { alt: "", width: 48, height: 48, class: "dock-cover" });
  private readonly nameLink = h("a", { class: "dock-title" });
  private readonly artistLink = h("a", { class: "dock-artist" });
  private readonly badge = h("span", { class: "dock-badge" });
  private readonly say = h("p", { class: "dock-message", role: "status" });
  private readonly time = h("span", { class: "dock-time" });
  private readonly slider = h("input", {
    type: "range", min: 0, max: 0, step: 100, value: 0, class: "dock-slider", "aria-label": "Position",
  });
  private readonly toggleButton = h("button", { type: "button", class: "dock-toggle" }, icon("play"));
  private readonly backButton = h("button", { type: "button", class: "dock-step", "aria-label": "Previous track" }, icon("previous"));
  private readonly forthButton = h("button", { type: "button", class: "dock-step", "aria-label": "Next track" }, icon("next"));
  private isSeeking = false;

  connectedCallback(): void {
    if (this.isBuilt) return;
    this.isBuilt = true;
    this.build();
    player.addEventListener("track", () => this.renderTrack());
    player.addEventListener("state", () => this.renderState());
    player.addEventListener("time", () => this.renderTime());
    if (player.card) this.renderTrack();
  }

  /** The one audio element of the visit. */
  get audio(): HTMLAudioElement {
    return player.audio;
  }

  private build(): void {
    const names = h("div", { class: "dock-names" }, this.nameLink, this.artistLink);
    const controls = h("div", { class: "dock-controls" }, this.backButton, this.toggleButton, this.forthButton);
    const seek = h("div", { class: "dock-seek" }, this.badge, this.slider, this.time);
    this.replaceChildren(h("div", { class: "dock-bar" }, reels(), this.cover, names, controls, seek, this.say));
    this.toggleButton.addEventListener("click", () => player.toggle());
    this.backButton.addEventListener("click", () => player.previous());
    this.forthButton.addEventListener("click", () => player.next());
    this.slider.addEventListener("input", () => {
      this.isSeeking = true;
      this.renderClock(Number(this.slider.value));
    });
    this.slider.addEventListener("change", () => {
      this.isSeeking = false;
      player.seek(Number(this.slider.value));
    });
    this.addEventListener("keydown", (event) => this.onKey(event));
  }

  private onKey(event: KeyboardEvent): void {
    const isOnControl = event.target instanceof HTMLInputElement;
    const isOnButton = event.target instanceof HTMLButtonElement;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === " " && !isOnButton) player.toggle();
    else if (event.key === "ArrowLeft" && !isOnControl) player.seek(player.positionMs - SEEK_MS);
    else if (event.key === "ArrowRight" && !isOnControl) player.seek(player.positionMs + SEEK_MS);
    else return;
    event.preventDefault();
  }

  private renderTrack(): void {
    const card = player.card;
    if (!card) return;
    this.hidden = false;
    this.nameLink.textContent = card.title;
    this.nameLink.href = card.url;
    this.artistLink.textContent = card.artist;
    this.artistLink.href = card.artistUrl;
    this.cover.hidden = !card.cover;
    if (card.cover) this.cover.src = card.cover;
    else this.cover.removeAttribute("src");
    this.renderState();
    this.renderTime();
  }

  private renderState(): void {
    const isOn = player.status === "playing" || player.status === "loading";
    this.dataset["state"] = player.status;
    this.toggleButton.setAttribute("aria-label", isOn ? "Pause" : player.status === "failed" ? "Try again" : "Play");
    this.toggleButton.querySelector("use")?.setAttribute("href", isOn ? "#icon-pause" : "#icon-play");
    this.forthButton.disabled = !player.hasNext;
    this.badge.textContent = player.grant?.access === "hook" ? "Hook" : "";
    this.badge.hidden = player.grant?.access !== "hook";
    this.say.textContent = player.message;
    this.say.hidden = !player.message;
  }

  private renderTime(): void {
    if (this.isSeeking) return;
    const at = Math.min(player.positionMs, player.durationMs || player.positionMs);
    this.slider.max = String(Math.round(player.durationMs));
    this.slider.value = String(Math.round(at));
    this.slider.disabled = !player.grant;
    this.renderClock(at);
  }

  private renderClock(at: number): void {
    const all = player.durationMs;
    this.time.textContent = all ? `${clock(at)} / ${clock(all)}` : clock(at);
    this.slider.setAttribute("aria-valuetext", `${clock(at)} of ${clock(all)}`);
    this.slider.style.setProperty("--done", all ? `${(100 * at) / all}%` : "0%");
  }
}

/** The cassette and its two reels; the style sheet turns them while it plays. */
function reels(): SVGElement {
  const svg = drawn("svg", { class: "dock-reels", viewBox: "0 0 64 40", "aria-hidden": "true" });
  svg.append(drawn("rect", { x: 1, y: 1, width: 62, height: 38, rx: 4 }));
  svg.append(drawn("path", { d: "M14 39l3-6h30l3 6" }));
  for (const x of [20, 44]) {
    const reel = drawn("g", { class: "reel" });
    reel.append(drawn("circle", { cx: x, cy: 18, r: 7 }));
    reel.append(drawn("path", { d: `M${x} 11v4.5M${x - 6} 21.5l3.8-2.2M${x + 6} 21.5l-3.8-2.2` }));
    svg.append(reel);
  }
  return svg;
}

function drawn(tag: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
