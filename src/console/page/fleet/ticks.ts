/** Round moments on an axis of time. */

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;
const steps = [
  ...[1, 2, 5, 10, 15, 30].map((s) => s * secondMs),
  ...[1, 2, 5, 10, 15, 30].map((m) => m * minuteMs),
  ...[1, 2, 3, 6, 12].map((h) => h * hourMs),
  ...[1, 2, 5, 10, 30, 90, 365].map((d) => d * dayMs),
];

const two = (value: number) => String(value).padStart(2, '0');

/** @returns at most `most` of them, in the time zone of whoever looks */
export function timeTicks(
  fromMs: number,
  toMs: number,
  most: number,
): readonly { readonly timeMs: number; readonly text: string }[] {
  const stepMs = steps.find((step) => (toMs - fromMs) / step <= most) ?? steps.at(-1)!;
  const zoneMs = new Date(fromMs).getTimezoneOffset() * minuteMs;
  const ticks: { timeMs: number; text: string }[] = [];
  for (let local = Math.ceil((fromMs - zoneMs) / stepMs) * stepMs; local + zoneMs <= toMs; local += stepMs) {
    const timeMs = local + zoneMs;
    ticks.push({ timeMs, text: textOf(timeMs, stepMs) });
  }
  return ticks;
}

function textOf(timeMs: number, stepMs: number): string {
  const at = new Date(timeMs);
  if (stepMs >= dayMs) return `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const minutes = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return stepMs >= minuteMs ? minutes : `${minutes}:${two(at.getSeconds())}`;
}
