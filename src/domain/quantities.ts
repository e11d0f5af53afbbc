/** Durations and sizes as people write them: `250ms`, `1s`, `15m`; `512B`, `64KiB`, `256MiB`. */

const durationUnitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const sizeUnitsBytes: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$/.exec(text);
  const unit = match && Object.hasOwn(units, match[2]!) ? units[match[2]!] : undefined;
  if (!match || unit === undefined) return undefined;
  const value = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Milliseconds, or `undefined` when the text is no duration. */
export function parseDurationMs(text: string): number | undefined {
  return parse(text, durationUnitsMs);
}

/** Bytes, or `undefined` when the text is no size. */
export function parseSizeBytes(text: string): number | undefined {
  return parse(text, sizeUnitsBytes);
}

function format(value: number, units: Readonly<Record<string, number>>, digits: number): string {
  let best: [string, number] = Object.entries(units)[0]!;
  for (const entry of Object.entries(units)) if (Math.abs(value) >= entry[1]) best = entry;
  const scaled = value / best[1];
  return `${Number(scaled.toFixed(Number.isInteger(scaled) ? 0 : digits))}${best[0]}`;
}

/** Short text for people, such as `1.5s`. */
export function formatDuration(ms: number): string {
  return format(ms, durationUnitsMs, 1);
}

/** Short text for people, such as `3.4MiB`. */
export function formatSize(bytes: number): string {
  return format(bytes, sizeUnitsBytes, 1);
}
