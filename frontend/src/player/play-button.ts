// <play-button>: a button that plays its track. The page's play buttons, in order, are the queue.

import { icon } from "../lib/dom";
import { player } from "./player";
import type { Card } from "./types";

export class PlayButton extends HTMLElement {
  private button: HTMLButtonElement | null = null;
  private readonly refresh = (): void => this.render();

  connectedCallback(): void {
    if (!this.button) this.build();
    player.addEventListener("state", this.refresh);
    player.addEventListener("track", this.refresh);
    this.render();
  }

  disconnectedCallback(): void {
    player.removeEventListener("state", this.refresh);
    player.removeEventListener("track", this.refresh);
  }

  get card(): Card {
    const data = this.dataset;
    return {
      id: data["track"] ?? "",
      title: data["title"] ?? "",
      artist: data["artist"] ?? "",
      url: data["url"] ?? "",
      artistUrl: data["artistUrl"] ?? "",
      cover: data["cover"] || null,
      durationMs: Number(data["durationMs"] ?? 0),
    };
  }

  private build(): void {
    const button = document.createElement("button");
    button.type = "button";
    button.className = this.dataset["wide"] === undefined ? "play" : "play play-wide";
    button.append(icon("play"));
    if (this.dataset["wide"] !== undefined) {
      const words = document.createElement("span");
      words.className = "play-words";
      button.append(words);
    }
    button.addEventListener("click", () => this.press());
    this.replaceChildren(button);
    this.button = button;
  }

  private press(): void {
    if (player.isCurrent(this.card.id)) player.toggle();
    else void player.play(this.card, queueOf(this));
  }

  private render(): void {
    const button = this.button;
    if (!button) return;
    const isHere = player.isCurrent(this.card.id);
    const isOn = isHere && (player.status === "playing" || player.status === "loading");
    const what = this.dataset["what"] ?? "Play";
    button.dataset["state"] = isHere ? player.status : "idle";
    button.setAttribute("aria-label", isOn ? `Pause ${this.card.title}` : `${what} ${this.card.title}`);
    button.querySelector("use")?.setAttribute("href", isOn ? "#icon-pause" : "#icon-play");
    const words = button.querySelector(".play-words");
    if (words) words.textContent = isOn ? "Pause" : what;
  }
}

function queueOf(pressed: PlayButton): Card[] {
  const cards = new Map<string, Card>();
  for (const button of document.querySelectorAll<PlayButton>("main play-button")) {
    const card = button === pressed ? pressed.card : button.card;
    if (card.id && !cards.has(card.id)) cards.set(card.id, card);
  }
  return [...cards.values()];
}
