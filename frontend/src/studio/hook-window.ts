// Where a hook may lie: inside the track, not shorter than the least and not longer than the most that is allowed.
// Every move gives a window that the server takes. Whole milliseconds.

export interface Window {
  readonly startMs: number;
  readonly lengthMs: number;
}

export interface Bounds {
  readonly trackMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

function between(value: number, least: number, most: number): number {
  return Math.round(Math.min(Math.max(value, least), Math.max(least, most)));
}

/** Move the window without changing its length. */
export function moveWhole(from: Window, toMs: number, bounds: Bounds): Window {
  return { startMs: between(toMs, 0, bounds.trackMs - from.lengthMs), lengthMs: from.lengthMs };
}

/** Move the beginning; the end stays. */
export function moveStart(from: Window, toMs: number, bounds: Bounds): Window {
  const endMs = from.startMs + from.lengthMs;
  const startMs = between(toMs, Math.max(0, endMs - bounds.maxMs), endMs - Math.min(bounds.minMs, bounds.trackMs));
  return { startMs, lengthMs: endMs - startMs };
}

/** Move the end; the beginning stays. */
export function moveEnd(from: Window, toMs: number, bounds: Bounds): Window {
  const least = Math.min(bounds.minMs, bounds.trackMs);
  const endMs = between(toMs, from.startMs + least, Math.min(bounds.trackMs, from.startMs + bounds.maxMs));
  return { startMs: from.startMs, lengthMs: endMs - from.startMs };
}
