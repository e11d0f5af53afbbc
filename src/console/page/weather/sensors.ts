/** Which sensors there are to be shown: those that readings came by of, and those that means are known of. */
import type { SampleFrame } from '../../../contract/inspect.ts';
import type { Weather, WeatherMean } from '../../../contract/weather.ts';

/** One line of a chart. */
export interface Sensor {
  /** Names it in addresses. */
  readonly key: string;
  readonly edge: string;
  readonly sensor: string;
  /** `null` while only means of it are known, which do not tell devices apart. */
  readonly device: string | null;
  readonly unit: string | null;
  readonly samples: readonly SampleFrame[];
  readonly means: readonly WeatherMean[];
}

const keyOf = (...words: readonly string[]) => words.map((word) => encodeURIComponent(word)).join('/');

/** The edge that such a key is about; `null` for what is none. */
export function edgeOf(key: string): string | null {
  try {
    return decodeURIComponent(key.split('/')[0]!) || null;
  } catch {
    return null;
  }
}

/**
 * @param samples oldest first, of one pipeline
 * @param ownEdge the name of the edge that the pipeline is; `null` in a cloud
 * @returns pressure first, then by edge, sensor and device
 */
export function sensorsOf(
  samples: readonly SampleFrame[],
  weather: Weather | null,
  ownEdge: string | null,
): readonly Sensor[] {
  const byKey = new Map<string, { frames: SampleFrame[]; edge: string; sensor: string; device: string }>();
  for (const frame of samples) {
    const edge = frame.edge ?? ownEdge ?? '';
    const key = keyOf(edge, frame.sensor, frame.device);
    const own = byKey.get(key) ?? { frames: [], edge, sensor: frame.sensor, device: frame.device };
    own.frames.push(frame);
    byKey.set(key, own);
  }
  const series = weather?.series ?? [];
  const meansOf = (edge: string, sensor: string) =>
    series.find((each) => each.edge === edge && each.sensor === sensor);
  const found: Sensor[] = [...byKey].map(([key, { frames, edge, sensor, device }]) => {
    const means = meansOf(edge, sensor);
    const unit = frames.at(-1)!.unit ?? means?.unit ?? null;
    return { key, edge, sensor, device, unit, samples: frames, means: means?.means ?? [] };
  });
  for (const { edge, sensor, unit, means } of series) {
    if (found.some((each) => each.edge === edge && each.sensor === sensor)) continue;
    found.push({ key: keyOf(edge, sensor), edge, sensor, device: null, unit, samples: [], means });
  }
  return found.sort(
    (a, b) =>
      Number(b.sensor === 'pressure') - Number(a.sensor === 'pressure') ||
      compare(a.edge, b.edge) ||
      compare(a.sensor, b.sensor) ||
      compare(a.device ?? '', b.device ?? ''),
  );
}

const compare = new Intl.Collator('en', { numeric: true }).compare;

/** The one that an address names, or another device's of the same, or else the first. */
export function choose(sensors: readonly Sensor[], key: string | null): Sensor | null {
  const same = sensors.find((each) => each.key === key);
  if (same) return same;
  const alike =
    key === null ? undefined : sensors.find((each) => key.startsWith(each.key) || each.key.startsWith(key));
  return alike ?? sensors[0] ?? null;
}

export const isPressure = ({ unit }: Pick<Sensor, 'unit'>): boolean => unit === 'hPa' || unit === 'mbar';
