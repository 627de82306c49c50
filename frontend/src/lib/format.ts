// Numbers as people read them. Times are milliseconds unless a name says otherwise.

/** "3:07", or "1:02:07" from an hour on. */
export function clock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const seconds = String(total % 60).padStart(2, "0");
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** "0:41.250": a place in a track, to the millisecond. */
export function exact(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  return `${clock(whole)}.${String(whole % 1000).padStart(3, "0")}`;
}

/** "31.4 MB": decimal units, as file managers show them. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? "GB"}`;
}

/** "40 s", "3 min", "2 h": how long something will still take. */
export function remaining(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
