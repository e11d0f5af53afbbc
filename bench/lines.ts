/** The readings that are sent: 100 bytes each with the newline, every one different, the n-th always the same. */

export type Sensor = keyof typeof shapes;

/** Bytes of a line. */
export const lineBytes = 100;

/** Readings begin then, and are a millisecond apart. */
const firstTimeMs = Date.UTC(2026, 0, 1);

/** Temperature is what nobody parses; pressure is what the forecaster of `pipelines/cloud.yaml` averages. */
const shapes = {
  temperature: { device: 'T1', unit: '°C', mean: 21, swing: 4, noise: 0.4 },
  pressure: { device: 'bAr', unit: 'hPa', mean: 1013, swing: 6, noise: 0.5 },
} as const;

/** A day and night within a minute, and a noise that is the same for the same number. */
function valueAt(sensor: Sensor, n: number): string {
  const { mean, swing, noise } = shapes[sensor];
  const scatter = ((Math.imul(n, 0x9e3779b1) >>> 8) / 2 ** 24 - 0.5) * 2;
  return (mean + swing * Math.sin(n / 10_000) + noise * scatter).toFixed(2);
}

/** Lines `first` to `first + count - 1`, counted from 0. */
export function makeLines(sensor: Sensor, count: number, first = 0): Buffer {
  const { device, unit } = shapes[sensor];
  const out = Buffer.allocUnsafe(count * lineBytes);
  let written = 0;
  for (let n = first; n < first + count; n++) {
    const time = new Date(firstTimeMs + n).toISOString();
    const line = `{"device":"${device}","sensor":"${sensor}","time":"${time}","value":${valueAt(sensor, n)},"unit":"${unit}"}\n`;
    written += out.write(line, written);
  }
  if (written !== out.length) throw new Error(`lines of ${written / count} bytes instead of ${lineBytes}`);
  return out;
}
