// <upload-area>: choose, drop or pick a folder; below it, what is under way. Without scripts the form inside it
// sends files the plain way.

import { define, h, icon, numberOf } from "../lib/dom";
import { bytes, remaining } from "../lib/format";
import { type Picked, fromDrop, fromFolder } from "./dropped";
import { type Job, uploads } from "./uploads";

interface Row {
  readonly item: HTMLLIElement;
  readonly bar: HTMLProgressElement;
  readonly facts: HTMLElement;
  readonly again: HTMLButtonElement;
  readonly away: HTMLButtonElement;
}

export class UploadArea extends HTMLElement {
  private readonly list = h("ul", { class: "uploads", "aria-label": "Uploads" });
  private readonly note = h("p", { class: "upload-note", role: "status" });
  private readonly rows = new Map<Job, Row>();
  private isBuilt = false;
  private readonly refresh = (): void => this.render();

  connectedCallback(): void {
    if (!this.isBuilt) this.build();
    this.isBuilt = true;
    uploads.addEventListener("change", this.refresh);
    this.render();
    void this.tellInterrupted();
  }

  disconnectedCallback(): void {
    uploads.removeEventListener("change", this.refresh);
  }

  private build(): void {
    const files = this.input({ multiple: true });
    const folder = this.input({ webkitdirectory: true });
    files.addEventListener("change", () => {
      this.take({ files: [...(files.files ?? [])], leftOut: 0 });
      files.value = "";
    });
    folder.addEventListener("change", () => {
      if (folder.files) this.take(fromFolder(folder.files));
      folder.value = "";
    });
    const choose = h("button", { type: "button", class: "button button-strong" }, "Choose files");
    const chooseFolder = h("button", { type: "button", class: "button" }, "Choose a folder");
    choose.addEventListener("click", () => files.click());
    chooseFolder.addEventListener("click", () => folder.click());
    const words = h("p", { class: "drop-words" }, "Drop sounds, a folder or a zip here");
    const zone = h("div", { class: "drop-zone" }, words, h("div", { class: "row" }, choose, chooseFolder), files, folder);
    this.takeDrops(zone);
    this.replaceChildren(zone, this.note, this.list);
  }

  private input(attributes: Record<string, boolean>): HTMLInputElement {
    return h("input", { type: "file", hidden: true, tabindex: -1, "aria-hidden": "true", ...attributes });
  }

  private takeDrops(zone: HTMLElement): void {
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.dataset["over"] = "yes";
    });
    zone.addEventListener("dragleave", () => delete zone.dataset["over"]);
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      delete zone.dataset["over"];
      if (event.dataTransfer) void this.takeDropped(event.dataTransfer);
    });
  }

  private async takeDropped(transfer: DataTransfer): Promise<void> {
    try {
      this.take(await fromDrop(transfer));
    } catch {
      this.note.textContent = "The browser could not read what was dropped. Choose the files instead.";
    }
  }

  private take(picked: Picked): void {
    const left = picked.leftOut;
    this.note.textContent = left ? `${left} ${left === 1 ? "file that is" : "files that are"} no sound left out.` : "";
    if (!picked.files.length && !left) this.note.textContent = "Nothing was chosen.";
    uploads.add(picked.files, numberOf(this, "maxBytes", 0));
  }

  private async tellInterrupted(): Promise<void> {
    const names = await uploads.interrupted();
    if (!names.length) return;
    const which = names.length === 1 ? names[0] : `${names.length} uploads`;
    this.note.textContent = `Interrupted earlier: ${which}. Choose the same file again and it goes on where it stopped.`;
  }

  private render(): void {
    for (const [job, row] of this.rows) {
      if (!uploads.jobs.includes(job)) {
        row.item.remove();
        this.rows.delete(job);
      }
    }
    for (const job of uploads.jobs) this.update(job, this.rows.get(job) ?? this.rowFor(job));
    this.list.hidden = !uploads.jobs.length;
  }

  private rowFor(job: Job): Row {
    const bar = h("progress", { max: 100, value: 0, "aria-label": `Upload of ${job.file.name}` });
    const facts = h("span", { class: "upload-facts" });
    const again = h("button", { type: "button", class: "button button-small" }, "Try again");
    const away = h("button", { type: "button", class: "button button-small" }, icon("close"));
    again.addEventListener("click", () => uploads.retry(job));
    away.addEventListener("click", () => uploads.remove(job));
    const name = h("bdi", { class: "upload-name" }, job.file.name);
    const item = h("li", { class: "upload" }, name, facts, bar, h("span", { class: "row" }, again, away));
    this.list.append(item);
    const row = { item, bar, facts, again, away };
    this.rows.set(job, row);
    return row;
  }

  private update(job: Job, row: Row): void {
    row.item.dataset["state"] = job.state;
    row.bar.value = job.percent;
    row.bar.hidden = !job.isActive;
    row.again.hidden = job.state !== "offline" && !(job.state === "failed" && job.file.size > 0);
    row.away.setAttribute("aria-label", job.isActive ? `Cancel ${job.file.name}` : `Clear ${job.file.name}`);
    row.facts.textContent = factsOf(job);
  }
}

function factsOf(job: Job): string {
  if (job.state === "waiting") return `${bytes(job.file.size)} · waits its turn`;
  if (job.state === "done") return "Arrived. It is being prepared now.";
  if (job.state === "failed" || job.state === "offline") return job.message;
  const left = job.secondsLeft;
  const parts = [`${job.percent} %`, `${bytes(job.sentBytes)} of ${bytes(job.file.size)}`];
  if (job.bytesPerSecond > 0) parts.push(`${bytes(job.bytesPerSecond)}/s`);
  if (left !== null) parts.push(`${remaining(left)} left`);
  return parts.join(" · ");
}

define("upload-area", UploadArea);
