// Waveforms in the two formats of BBC audiowaveform, version 2: JSON (the overview) and binary (the detail).

export interface Peaks {
  /** Pairs of lowest and highest value, from -1 to 1. */
  readonly lows: Float32Array;
  readonly highs: Float32Array;
}

const kept = new Map<string, Promise<Peaks>>();

/** The peaks at an address; one request per address for as long as the page's script lives. */
export function loadPeaks(url: string): Promise<Peaks> {
  const known = kept.get(url);
  if (known) return known;
  const loading = fetchPeaks(url);
  kept.set(url, loading);
  loading.catch(() => kept.delete(url));
  return loading;
}

async function fetchPeaks(url: string): Promise<Peaks> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`peaks: ${response.status}`);
  const raw = await response.arrayBuffer();
  // JSON begins with a brace, binary data with the number of its version.
  return new Uint8Array(raw)[0] === 0x7b ? fromJson(raw) : fromBinary(raw);
}

interface PeaksDocument {
  version: number;
  bits: number;
  length: number;
  data: number[];
}

function fromJson(raw: ArrayBuffer): Peaks {
  const document = JSON.parse(new TextDecoder().decode(raw)) as PeaksDocument;
  return split(document.data, document.bits === 16 ? 32768 : 128);
}

function fromBinary(raw: ArrayBuffer): Peaks {
  const view = new DataView(raw);
  const version = view.getInt32(0, true);
  const isByte = (view.getUint32(4, true) & 1) === 1;
  const header = version === 2 ? 24 : 20;
  const data = isByte ? new Int8Array(raw, header) : new Int16Array(raw.slice(header));
  return split(data, isByte ? 128 : 32768);
}

function split(data: ArrayLike<number>, full: number): Peaks {
  const points = Math.floor(data.length / 2);
  const lows = new Float32Array(points);
  const highs = new Float32Array(points);
  for (let point = 0; point < points; point += 1) {
    lows[point] = (data[2 * point] ?? 0) / full;
    highs[point] = (data[2 * point + 1] ?? 0) / full;
  }
  return { lows, highs };
}
