// What the player knows of a track, and what the server answers when asked for its sound.

export interface Card {
  readonly id: string;
  readonly title: string;
  readonly artist: string;
  readonly url: string;
  readonly artistUrl: string;
  readonly cover: string | null;
  readonly durationMs: number;
}

export type Access = "hook" | "full";

/** The answer of POST /api/v1/tracks/{id}/play. `start_ms` is where in the track the first byte lies. */
export interface Grant {
  readonly url: string;
  readonly access: Access;
  readonly expires_at: string;
  readonly content_type: string;
  readonly start_ms: number;
  readonly duration_ms: number;
  readonly play: string;
  readonly title: string;
  readonly artist: string;
}

export type Status = "idle" | "loading" | "playing" | "paused" | "failed";

/** A stretch of the whole track, for listening to a hook before it is cut. */
export interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
}
