// <live-tracks>: keeps the rows of an artist's tracks as the server knows them. Facts arrive as server-sent
// events; where no stream comes through, it asks every few seconds while something is being prepared.

import { fragment, text } from "../lib/api";
import { define } from "../lib/dom";
import { uploads } from "./uploads";

const FACTS = [
  "catalog.track_received",
  "catalog.track_ready",
  "catalog.track_failed",
  "catalog.hook_cut",
  "catalog.track_published",
  "catalog.track_withdrawn",
];
const ASK_EVERY_MS = 4000;
const REOPEN_MS = 5000;

interface LiveFact {
  readonly name: string;
  readonly data: { readonly track_id?: string } | null;
}

export class LiveTracks extends HTMLElement {
  private source: EventSource | null = null;
  private timer = 0;
  private readonly onArrived = (): void => void this.refreshAll();

  connectedCallback(): void {
    const url = this.dataset["stream"];
    if (url) this.listen(url);
    uploads.addEventListener("arrived", this.onArrived);
    this.timer = window.setInterval(() => this.ask(), ASK_EVERY_MS);
  }

  disconnectedCallback(): void {
    this.source?.close();
    this.source = null;
    uploads.removeEventListener("arrived", this.onArrived);
    window.clearInterval(this.timer);
  }

  private listen(url: string): void {
    const source = new EventSource(url);
    this.source = source;
    for (const name of FACTS) source.addEventListener(name, (event) => this.hear(event));
    source.addEventListener("error", () => {
      // The browser reconnects by itself unless the server refused: then the address is too old.
      if (source.readyState === EventSource.CLOSED) window.setTimeout(() => void this.reopen(), REOPEN_MS);
    });
  }

  private async reopen(): Promise<void> {
    if (!this.isConnected) return;
    try {
      this.listen(await text("/studio/stream"));
    } catch {
      window.setTimeout(() => void this.reopen(), REOPEN_MS);
    }
  }

  private hear(event: MessageEvent<string>): void {
    const fact = JSON.parse(event.data) as LiveFact;
    const id = fact.data?.track_id;
    if (id) void this.refresh(id, fact.name);
    else void this.refreshAll();
  }

  private ask(): void {
    const isLive = this.source?.readyState === EventSource.OPEN;
    const isBusy = this.querySelector('[data-status="processing"]') !== null;
    if (!isLive && isBusy) void this.refreshAll();
  }

  private async refresh(id: string, name: string): Promise<void> {
    const row = this.rowOf(id);
    if (!row && this.dataset["only"]) return;
    try {
      const fresh = await fragment(`/studio/tracks/${id}/row`);
      const item = fresh.firstElementChild;
      if (!item) return;
      const current = this.rowOf(id);
      if (current) current.replaceWith(item);
      else this.querySelector("ol")?.prepend(item);
      this.say(item as HTMLElement, name);
    } catch {
      return; // the next fact or the next question brings it
    }
  }

  private async refreshAll(): Promise<void> {
    const list = this.querySelector("ol");
    const url = this.dataset["rows"];
    if (!list || !url || list.contains(document.activeElement)) return;
    try {
      const fresh = await fragment(url);
      list.replaceChildren(fresh);
      this.dataset["empty"] = list.childElementCount ? "no" : "yes";
    } catch {
      return; // asked again in a moment
    }
  }

  private rowOf(id: string): HTMLElement | null {
    return this.querySelector<HTMLElement>(`#track-${CSS.escape(id)}`);
  }

  private say(row: HTMLElement, name: string): void {
    this.dataset["empty"] = "no";
    const title = row.dataset["title"] ?? "The track";
    const status = this.querySelector<HTMLElement>("[data-live]");
    if (!status) return;
    if (name === "catalog.track_ready") status.textContent = `“${title}” is ready.`;
    else if (name === "catalog.track_failed") status.textContent = `“${title}” could not be prepared. The upload is kept.`;
    else if (name === "catalog.hook_cut") status.textContent = `The hook of “${title}” was cut and plays from now on.`;
    const hint = this.querySelector<HTMLElement>("[data-when-ready]");
    if (hint && name === "catalog.track_ready") hint.textContent = hint.dataset["whenReady"] ?? "";
  }
}

define("live-tracks", LiveTracks);
