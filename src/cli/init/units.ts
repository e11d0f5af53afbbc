/** The unit that a column's name lets one expect; a guess, for a person to look at. */
import { bricklets } from '../../domain/bricklets.ts';

/** The spellings of units that people put behind a name, as its last word. */
const written = new Map(
  Object.entries({
    hpa: 'hPa',
    mbar: 'hPa',
    pa: 'Pa',
    degc: '°C',
    celsius: '°C',
    degf: '°F',
    pct: '%',
    percent: '%',
    ppm: 'ppm',
    lx: 'lx',
    lux: 'lx',
  }),
);

/** A letter alone could be anything else, behind any other name. */
const celsius = /^t(?:emp.*)? c$/;

/** Other words for what Bricklets measure. */
const alike = new Map(
  Object.entries({
    temp: 'temperature',
    temperatur: 'temperature',
    luftdruck: 'pressure',
    druck: 'pressure',
    luftfeuchte: 'humidity',
    luftfeuchtigkeit: 'humidity',
    feuchte: 'humidity',
    rh: 'humidity',
    light: 'illuminance',
    brightness: 'illuminance',
  }),
);

const measured = new Map(
  bricklets.flatMap(({ quantities }) => quantities.map(({ sensor, unit }) => [sensor, unit] as const)),
);

/** Between these a pressure of the air is one in hPa. */
const [pressureMinHpa, pressureMaxHpa] = [300, 1_200];

/** @param sample the first value, where one is known. Empty when the name tells nothing. */
export function guessUnit(column: string, sample?: number): string {
  const words = column
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  if (celsius.test(words.join(' '))) return '°C';
  const said = words.length > 1 ? written.get(words.at(-1)!) : undefined;
  if (said !== undefined) return said;
  const sensor = words.map((word) => alike.get(word) ?? word).find((word) => measured.get(word));
  if (sensor === undefined) return '';
  const odd =
    sensor === 'pressure' && sample !== undefined && !(sample >= pressureMinHpa && sample <= pressureMaxHpa);
  return odd ? '' : measured.get(sensor)!;
}
