// The uploads of this visit. They live outside the page, so that they go on while the artist browses; a page
// shows them. Files go two at a time by tus 1.0.0 and are resumed by fingerprint after a lost network or a reload.

import { type DetailedError, type PreviousUpload, Upload, defaultOptions } from "tus-js-client";
import { csrfToken } from "../lib/api";

const AT_ONCE = 2;
const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000];
const SPEED_EVERY_MS = 400;
const KEPT_MS = 24 * 3600 * 1000; // so long the server keeps what arrived of an unfinished upload

export type State = "waiting" | "sending" | "offline" | "done" | "failed";

export class Job {
  state: State = "waiting";
  sentBytes = 0;
  bytesPerSecond = 0;
  message = "";
  upload: Upload | null = null;
  private sampledAt = 0;
  private sampledBytes = 0;

  constructor(readonly file: File) {}

  get percent(): number {
    return this.file.size ? Math.floor((100 * this.sentBytes) / this.file.size) : 0;
  }

  get secondsLeft(): number | null {
    return this.bytesPerSecond > 0 ? (this.file.size - this.sentBytes) / this.bytesPerSecond : null;
  }

  get isActive(): boolean {
    return this.state === "waiting" || this.state === "sending" || this.state === "offline";
  }

  progress(sentBytes: number): void {
    const at = performance.now();
    if (!this.sampledAt || sentBytes < this.sampledBytes) {
      this.sampledAt = at;
      this.sampledBytes = sentBytes;
    } else if (at - this.sampledAt >= SPEED_EVERY_MS) {
      const speed = (1000 * (sentBytes - this.sampledBytes)) / (at - this.sampledAt);
      this.bytesPerSecond = this.bytesPerSecond ? 0.7 * this.bytesPerSecond + 0.3 * speed : speed;
      this.sampledAt = at;
      this.sampledBytes = sentBytes;
    }
    this.sentBytes = sentBytes;
  }
}

export class Uploads extends EventTarget {
  readonly jobs: Job[] = [];

  constructor() {
    super();
    window.addEventListener("online", () => this.resumeAll());
    window.addEventListener("beforeunload", (event) => {
      if (this.jobs.some((job) => job.isActive)) event.preventDefault();
    });
  }

  add(files: readonly File[], maxBytes: number): void {
    for (const file of files) {
      if (this.jobs.some((job) => job.isActive && isSame(job.file, file))) continue;
      const job = new Job(file);
      if (file.size === 0) this.refuse(job, "The file is empty: choose the sound file itself.");
      else if (maxBytes && file.size > maxBytes) this.refuse(job, "The file is too large: send it as FLAC.");
      this.jobs.push(job);
    }
    this.changed();
    this.startWaiting();
  }

  /** Stop a job and take away what the server has of it, or clear a finished one from the list. */
  remove(job: Job): void {
    const upload = job.upload;
    if (upload && job.isActive) upload.abort(true).catch(() => undefined); // the server forgets it by itself later
    this.jobs.splice(this.jobs.indexOf(job), 1);
    this.changed();
    this.startWaiting();
  }

  retry(job: Job): void {
    job.state = "waiting";
    job.message = "";
    this.changed();
    this.startWaiting();
  }

  /** Names of uploads that an earlier visit began and did not finish. */
  async interrupted(): Promise<string[]> {
    const kept = await defaultOptions.urlStorage.findAllUploads();
    const isOld = (upload: PreviousUpload): boolean => Date.now() - Date.parse(upload.creationTime) > KEPT_MS;
    for (const upload of kept.filter(isOld)) await defaultOptions.urlStorage.removeUpload(upload.urlStorageKey);
    return kept
      .filter((upload) => !isOld(upload))
      .map((upload) => upload.metadata["filename"] ?? "")
      .filter((name) => name && !this.jobs.some((job) => job.file.name === name));
  }

  private resumeAll(): void {
    for (const job of this.jobs) if (job.state === "offline") this.retry(job);
  }

  private startWaiting(): void {
    let sending = this.jobs.filter((job) => job.state === "sending").length;
    for (const job of this.jobs) {
      if (sending >= AT_ONCE) return;
      if (job.state !== "waiting") continue;
      job.state = "sending";
      sending += 1;
      void this.send(job);
    }
  }

  private async send(job: Job): Promise<void> {
    const upload = new Upload(job.file, {
      endpoint: "/api/uploads",
      retryDelays: RETRY_MS,
      metadata: { filename: job.file.name },
      removeFingerprintOnSuccess: true,
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", csrfToken()),
      onShouldRetry: (error) => isPassing(error),
      onProgress: (sent) => {
        job.progress(sent);
        this.changed();
      },
      onSuccess: () => this.finish(job, "done", ""),
      onError: (error) => this.broken(job, error),
    });
    job.upload = upload;
    this.changed();
    const [previous] = await upload.findPreviousUploads();
    if (previous) upload.resumeFromPreviousUpload(previous);
    if (job.state === "sending" && job.upload === upload) upload.start();
  }

  private broken(job: Job, error: Error | DetailedError): void {
    const status = statusOf(error);
    if (status === 0 || status >= 500) {
      this.finish(job, "offline", "The connection is gone. What arrived is kept; this goes on when it is back.");
    } else {
      this.finish(job, "failed", detailOf(error));
    }
  }

  private refuse(job: Job, message: string): void {
    job.state = "failed";
    job.message = message;
  }

  private finish(job: Job, state: State, message: string): void {
    job.state = state;
    job.message = message;
    if (state === "done") {
      job.sentBytes = job.file.size;
      this.dispatchEvent(new Event("arrived"));
    }
    this.changed();
    this.startWaiting();
  }

  private changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

function isSame(one: File, other: File): boolean {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}

function statusOf(error: Error | DetailedError): number {
  return "originalResponse" in error ? (error.originalResponse?.getStatus() ?? 0) : 0;
}

/** Worth another try by itself: no answer, a busy server, or another request of ours still holding the file. */
function isPassing(error: DetailedError): boolean {
  const status = statusOf(error);
  return status === 0 || status === 423 || status === 429 || status === 503;
}

function detailOf(error: Error | DetailedError): string {
  try {
    const body = "originalResponse" in error ? (error.originalResponse?.getBody() ?? "") : "";
    const problem = JSON.parse(body) as { detail?: unknown };
    if (typeof problem.detail === "string" && problem.detail) return problem.detail;
  } catch {
    return `The server refused the file (${statusOf(error)}). Try it once more.`;
  }
  return "The server refused the file. Try it once more.";
}

export const uploads = new Uploads();
