// How far a play came: its start, thirty seconds of listening, its end. Each is reported once a play.

import { report } from "../lib/api";

const THIRTY_SECONDS_MS = 29_800; // a hook of thirty seconds, heard out, is a few frames short of it
const LONGEST_STEP_MS = 1500; // a greater step of the position is a seek, not listening

export class Milestones {
  private sent = new Set<string>();
  private listenedMs = 0;
  private lastMs = 0;

  constructor(private readonly play: string) {}

  /** Sound began to come out, or comes out again after a pause or a seek. */
  started(positionMs: number): void {
    this.lastMs = positionMs;
    this.send("start");
  }

  /** The position moved on; only time really listened to counts. */
  at(positionMs: number): void {
    const step = positionMs - this.lastMs;
    this.lastMs = positionMs;
    if (step > 0 && step < LONGEST_STEP_MS) this.listenedMs += step;
    if (this.listenedMs >= THIRTY_SECONDS_MS) this.send("30s");
  }

  /** The last sample was played. */
  ended(): void {
    this.send("end");
  }

  private send(milestone: "start" | "30s" | "end"): void {
    if (this.sent.has(milestone)) return;
    this.sent.add(milestone);
    report("/api/v1/plays", { play: this.play, milestone });
  }
}
