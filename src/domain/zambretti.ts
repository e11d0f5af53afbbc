/**
 * The forecast of the Zambretti Forecaster, a disc calculator of Negretti & Zambra, London, of 1915 (patent of
 * E. W. Kitchen): one of 26 sentences out of pressure at sea level, its trend, the season and the wind.
 *
 * The pressures at which each window of the disc shows its letters, and the numbers 1 to 32 of all places in the three
 * windows, are those that K. F. Scott read off the instrument ("Short-Range Local Forecasting with a Digital Barograph
 * using an Algorithm based on the Zambretti Forecaster", integritext.net/DrKFS/zambretti.htm), as programs quote them. His straight lines
 * through them (falling Z = 127 - 0.12 p, steady 144 - 0.13 p, rising 185 - 0.16 p) are what many programs use; the
 * marks themselves are nearer to the instrument. Wind and season move the result by whole places; docs/forecast.md says
 * where these come from.
 */
import { turned } from './direction.ts';
import { inTenths } from './tendency.ts';

export type Trend = 'falling' | 'steady' | 'rising';
export type Hemisphere = 'north' | 'south';

export interface ZambrettiOptions {
  /** Pressure at sea level, hPa. */
  readonly seaLevelHPa: number;
  readonly trend: Trend;
  /** Ms since 1970: says the season. */
  readonly timeMs: number;
  readonly hemisphere: Hemisphere;
  /** Where the wind comes from, degrees, clockwise from north; `null` when calm or not known. */
  readonly windDegrees: number | null;
  /** The lowest and the highest pressure that the place knows, hPa; those of the British Isles unless given. */
  readonly range?: PressureRange;
}

export interface PressureRange {
  readonly bottomHPa: number;
  readonly topHPa: number;
}

export interface Zambretti {
  /** `A`, settled, to `Z`, stormy. */
  readonly letter: string;
  /** 1 to 9 when pressure falls, 10 to 19 when it is steady, 20 to 32 when it rises. */
  readonly number: number;
  readonly text: string;
}

/** What the instrument was made for. */
export const britishRange: PressureRange = { bottomHPa: 950, topHPa: 1050 };

const sentences: Readonly<Record<string, string>> = {
  A: 'Settled fine',
  B: 'Fine weather',
  C: 'Becoming fine',
  D: 'Fine, becoming less settled',
  E: 'Fine, possibly showers',
  F: 'Fairly fine, improving',
  G: 'Fairly fine, possibly showers early',
  H: 'Fairly fine, showery later',
  I: 'Showery early, improving',
  J: 'Changeable, mending',
  K: 'Fairly fine, showers likely',
  L: 'Rather unsettled, clearing later',
  M: 'Unsettled, probably improving',
  N: 'Showery, bright intervals',
  O: 'Showery, becoming more unsettled',
  P: 'Changeable, some rain',
  Q: 'Unsettled, short fine intervals',
  R: 'Unsettled, rain later',
  S: 'Unsettled, rain at times',
  T: 'Very unsettled, finer at times',
  U: 'Rain at times, worse later',
  V: 'Rain at times, becoming very unsettled',
  W: 'Rain at frequent intervals',
  X: 'Very unsettled, rain',
  Y: 'Stormy, possibly improving',
  Z: 'Stormy, much rain',
};

interface Window {
  /** Number of its first place. */
  readonly first: number;
  readonly letters: string;
  /** Where each letter stands, hPa. */
  readonly marksHPa: readonly number[];
}

const windows: Readonly<Record<Trend, Window>> = {
  falling: {
    first: 1,
    letters: 'ABDHORUVX',
    marksHPa: [1050, 1040, 1024, 1018, 1010, 1004, 998, 991, 985],
  },
  steady: {
    first: 10,
    letters: 'ABEKNPSWXZ',
    marksHPa: [1033, 1023, 1014, 1008, 1000, 994, 989, 981, 974, 960],
  },
  rising: {
    first: 20,
    letters: 'ABCFGIJLMQTYZ',
    marksHPa: [1030, 1022, 1012, 1007, 1000, 995, 990, 984, 978, 970, 965, 959, 947],
  },
};

/** Beyond its marks a window shows its first or its last letter. */
export function zambretti(options: ZambrettiOptions): Zambretti {
  const { first, letters, marksHPa } = windows[options.trend];
  const place = nearest(marksHPa, scaled(options.seaLevelHPa, options.range ?? britishRange));
  const moved = place + windPlaces(options) + seasonPlaces(options);
  const shown = Math.min(letters.length - 1, Math.max(0, moved));
  const letter = letters[shown]!;
  return { letter, number: first + shown, text: sentences[letter]! };
}

/** The trend of a change in hPa per 3 h, which counts from `fromHPa` on; rounded to tenths, as people read it. */
export function zambrettiTrend(hPaPer3h: number, fromHPa: number): Trend {
  if (inTenths(hPaPer3h) < fromHPa) return 'steady';
  return hPaPer3h < 0 ? 'falling' : 'rising';
}

/** Pressure in the range of another place, moved to where the same share of the instrument's range is. */
function scaled(hPa: number, { bottomHPa, topHPa }: PressureRange): number {
  const share = (hPa - bottomHPa) / (topHPa - bottomHPa);
  return britishRange.bottomHPa + share * (britishRange.topHPa - britishRange.bottomHPa);
}

/** Of two marks as near, the one of the better weather. */
function nearest(marks: readonly number[], value: number): number {
  let best = 0;
  for (const [place, mark] of marks.entries()) {
    if (Math.abs(mark - value) < Math.abs(marks[best]! - value)) best = place;
  }
  return best;
}

/** Wind from the pole changes nothing, from the equator two places for the worse, from the sides one. */
function windPlaces({ windDegrees, hemisphere }: ZambrettiOptions): number {
  if (windDegrees === null) return 0;
  const fromPole = turned(windDegrees, hemisphere === 'north' ? 0 : 180);
  if (fromPole <= 45 || fromPole >= 315) return 0;
  return fromPole >= 135 && fromPole <= 225 ? 2 : 1;
}

/** A fall in winter and a rise in summer are one place better; steady pressure knows no season. */
function seasonPlaces({ trend, timeMs, hemisphere }: ZambrettiOptions): number {
  if (trend === 'steady') return 0;
  // The card of the instrument: April to September are the summer of the north.
  const month = new Date(timeMs).getUTCMonth();
  const northernSummer = month >= 3 && month <= 8;
  const summer = northernSummer === (hemisphere === 'north');
  return summer === (trend === 'rising') ? -1 : 0;
}
