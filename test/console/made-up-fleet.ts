/** A cloud's knowledge that nobody gathered: as many edges as asked for, their pasts, and the weather they measured. */
import type { EdgeHistory, EdgeSummary, EdgeTransition } from '../../src/contract/fleet.ts';
import type { Weather } from '../../src/contract/weather.ts';
import type { Forecast } from '../../src/domain/message.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
const places = ['shed', 'attic', 'harbour', 'mast', 'cellar', 'pier', 'ridge', 'quarry'] as const;

export const edgeName = (i: number): string =>
  `${places[i % places.length]}-${String(i + 1).padStart(4, '0')}`;

/** Of a thousand, four are silent, two in trouble, three wait, two have a wrong clock, two a certificate that ends. */
export function madeUpEdges(count: number, nowMs: number): readonly EdgeSummary[] {
  return Array.from({ length: count }, (_, i): EdgeSummary => {
    const of = i % 250;
    const isSilent = of === 7;
    const isTroubled = i % 500 === 11;
    const waits = of === 13 || isTroubled;
    const port = 40_000 + (i % 20_000);
    return {
      edge: edgeName(i),
      epoch: `${i.toString(16).padStart(4, '0')}ab`,
      session: isSilent ? null : `receiver/10.0.${i >> 8}.${i & 255}:${port}`,
      sessionState: isSilent ? null : 'receiving',
      connectedMs: nowMs - (i + 1) * minuteMs,
      lastWordMs: isSilent ? nowMs - (20 + of) * minuteMs : nowMs - (i % 9) * 1_000,
      agent: `fogrun/0.${i % 40 === 0 ? 0 : 1}.0`,
      clockOffsetMs: i % 500 === 17 ? 95_000 : ((i * 37) % 400) - 200,
      certificateUntilMs: i % 500 === 23 ? nowMs + 12 * dayMs : i % 3 === 0 ? nowMs + 300 * dayMs : null,
      backlog: {
        readings: waits ? 4_512 : i % 30,
        bytes: waits ? 571_000 : (i % 30) * 128,
        oldestMs: waits ? nowMs - 9 * minuteMs : i % 30 === 0 ? null : nowMs - 12_000,
        atMs: nowMs - 2_000,
      },
      readings: 80_000 + i * 311,
      lost: i % 125 === 31 ? { missed: 120, dropped: 4 } : {},
      actors: [
        {
          actor: 'barometer',
          ...{ state: isTroubled ? 'stale' : 'polling', health: isTroubled ? 'trouble' : 'well' },
          ...{ sinceMs: nowMs - 40 * minuteMs, cause: isTroubled ? 'sensor-silent: it sends nothing' : null },
        },
        { actor: 'rotator', state: 'filling', health: 'well', sinceMs: nowMs - 12_000, cause: null },
        { actor: 'uploader', state: 'idle', health: 'well', sinceMs: nowMs - 3_000, cause: null },
      ],
    };
  });
}

const lifeMs = 6 * 60 * minuteMs;
const perPart = 60;

/** Lives of six hours with two outages, of 4 and of 25 minutes, whose news came when they were over. */
export function madeUpHistory(edge: string, before: string | undefined, nowMs: number): EdgeHistory {
  const all = transitionsUntil(nowMs);
  const end = before === undefined ? all.length : Number(before);
  const begin = Math.max(0, end - perPart);
  return {
    edge,
    transitions: all.slice(begin, end),
    before: begin === 0 ? null : String(begin),
  };
}

function transitionsUntil(nowMs: number): readonly EdgeTransition[] {
  // The same every time it is asked for, but for what is new; and at every time of the day more than one part.
  const startMs = Math.floor(nowMs / lifeMs) * lifeMs - 2 * lifeMs;
  const all: Omit<EdgeTransition, 'seq'>[] = [];
  const add = (timeMs: number, actor: string, from: string, to: string, over: Partial<EdgeTransition> = {}) =>
    all.push({
      ...{ epoch: '00ab', timeMs, actor, from, to, event: 'LOST', health: 'well', cause: null },
      ...{ attempt: null, retryInMs: null, storedMs: timeMs + 800 },
      ...over,
    });
  const outage = (fromMs: number, lastsMs: number) => {
    const over = {
      health: 'trouble' as const,
      cause: 'link-lost: the cloud at 127.0.0.1:7070 closed the connection',
      storedMs: fromMs + lastsMs + 1_500,
    };
    add(fromMs, 'uploader', 'awaitingAck', 'waitingToRetry', { ...over, attempt: 1, retryInMs: 900 });
    const every = lastsMs / 12;
    for (let i = 1; i < 12; i += 1) {
      const at = fromMs + i * every;
      add(at, 'uploader', 'waitingToRetry', 'connecting', { ...over, event: 'after retry', attempt: i });
      add(at + 900, 'uploader', 'connecting', 'waitingToRetry', {
        ...over,
        attempt: i + 1,
        retryInMs: every,
      });
    }
    add(fromMs + lastsMs - 600, 'uploader', 'waitingToRetry', 'connecting', {
      ...over,
      event: 'after retry',
    });
    add(fromMs + lastsMs, 'uploader', 'greeting', 'sending', { event: 'GREETED' });
  };
  for (let atMs = startMs; atMs < nowMs; atMs += lifeMs) {
    add(atMs, 'barometer', 'connecting', 'polling', { event: 'CONNECTED' });
    add(atMs + 200, 'rotator', 'opening', 'filling', { event: 'OPENED' });
    add(atMs + 400, 'uploader', 'greeting', 'sending', { event: 'GREETED' });
    outage(atMs + 60 * minuteMs, 4 * minuteMs);
    const stale = { health: 'trouble' as const, cause: 'sensor-silent: no value for 10 s' };
    add(atMs + 150 * minuteMs, 'barometer', 'polling', 'stale', { ...stale, event: 'after silence' });
    add(atMs + 157 * minuteMs, 'barometer', 'stale', 'polling', { event: 'VALUE' });
    outage(atMs + 200 * minuteMs, 25 * minuteMs);
  }
  return all
    .filter(({ timeMs, storedMs }) => timeMs <= nowMs && storedMs <= nowMs)
    .map((each, i) => ({ ...each, seq: i + 1 }));
}

/** Hectopascals, as a front would bring them. */
export const pressureAt = (timeMs: number): number =>
  1_009 + 6 * Math.sin(timeMs / 9_000_000) + 0.6 * Math.sin(timeMs / 600_000) + 0.03 * Math.sin(timeMs / 700);

/** Means of every 15 s of up to 8 hours, with a gap of 6 minutes an hour ago; nothing of what is older than that. */
export function madeUpWeather(edges: readonly string[], sinceMs: number, nowMs: number): Weather {
  const stepMs = 15_000;
  const firstMs = Math.max(sinceMs, nowMs - 8 * 60 * minuteMs);
  const gap = { fromMs: nowMs - 66 * minuteMs, toMs: nowMs - 60 * minuteMs };
  const times: number[] = [];
  for (let timeMs = Math.ceil(firstMs / stepMs) * stepMs; timeMs < nowMs; timeMs += stepMs) {
    if (timeMs < gap.fromMs || timeMs > gap.toMs) times.push(timeMs);
  }
  const forecast: Forecast = {
    ...{ sensor: 'pressure', readings: 15, mean: pressureAt(nowMs), unit: 'hPa' },
    ...{ tendency: -2.4, tendencyWord: 'falling', spanMs: 8_600_000 },
    text: '1,009.2 hPa (simulated, 1,021.0 at sea level), falling (-2.4 hPa in 3 h)',
    ...{ altitude: 98, seaLevel: pressureAt(nowMs) + 11.7 },
    characteristic: { code: 8, text: 'falling, then falling more rapidly' },
    zambretti: { letter: 'H', number: 4, text: 'Fairly fine, showery later' },
    confidence: { hasMs: 8_600_000, needsMs: 10_800_000 },
  };
  return {
    series: edges.flatMap((edge, i) => [
      {
        ...{ edge, sensor: 'pressure', unit: 'hPa' },
        means: times.map((timeMs) => ({ timeMs, mean: pressureAt(timeMs) + i, readings: 15 })),
      },
      {
        ...{ edge, sensor: 'temperature', unit: '°C' },
        means: times.map((timeMs) => ({ timeMs, mean: 18 + Math.sin(timeMs / 5e6), readings: 15 })),
      },
    ]),
    gaps: edges.flatMap((edge) =>
      gap.fromMs > sinceMs ? [{ edge, ...gap, reason: 'missed', count: 360 }] : [],
    ),
    forecasts: edges.map((edge) => ({ edge, atMs: nowMs - 4_000, forecast })),
  };
}
