/** What a pipeline still knows of the weather. Read in small parts, so that what flows does not wait for it. */
import { sleep } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { CloudStore, EdgeStore, Mean } from '../contract/store.ts';
import type { Weather, WeatherGap, WeatherMean, WeatherSeries } from '../contract/weather.ts';
import type { GapReason } from '../domain/gap.ts';
import type { ControlEnv } from './control.ts';

/** Sensors that are told of, by names of edges and sensors; means of each, and of all together. */
const seriesMax = 64;
const meansEachMax = 2_000;
const meansMax = 20_000;
/** The newest of each. */
const gapsMax = 500;
/** Receipts that are looked at for gaps in all; and what is read before others have their turn. */
const receiptsMax = 20_000;
const atOnce = 256;
/** Segments of an edge that are looked at, the newest ones. */
const heldMax = 10_240;
const stream = 'readings';
/** Those that stand for readings; of an epoch that ended nothing is lost. */
const told: ReadonlySet<GapReason> = new Set(['missed', 'dropped', 'discarded', 'refused', 'corrupt']);

type WeatherEnv = Pick<ControlEnv, 'plan' | 'clock' | 'store' | 'cursor' | 'board' | 'isEnding'>;

/** @param only the edge that is asked about; all of them when absent */
export async function weatherOf(env: WeatherEnv, sinceMs: number, only?: string): Promise<Weather> {
  const { store } = env;
  const { news } = env.board;
  const since = Number.isFinite(sinceMs) ? Math.max(0, sinceMs) : 0;
  const forecasts = news.forecasts(since).filter(({ edge }) => only === undefined || edge === only);
  if (store.cloud) {
    const edges = store.cloud.edges().filter((edge) => only === undefined || edge === only);
    const series = await seriesOf(env, store.cloud, edges, since);
    return { series, gaps: await gapsOf(env, store.cloud, edges, since), forecasts };
  }
  if (!store.edge || (only !== undefined && only !== store.edge.edge))
    return { series: [], gaps: [], forecasts: [] };
  return {
    series: news.series(store.edge.edge, since),
    gaps: await heldGaps(env, store.edge, since),
    forecasts,
  };
}

/** Lets others have their turn; throws when nothing may be asked of the store any more. */
async function turn({ plan, clock, isEnding }: WeatherEnv): Promise<void> {
  await sleep(clock, 0);
  if (isEnding())
    throw new FogrunError('control-refused', `${plan.name} is ending: its store is not read any more`);
}

async function seriesOf(
  env: WeatherEnv,
  store: CloudStore,
  edges: readonly string[],
  sinceMs: number,
): Promise<WeatherSeries[]> {
  const found: { edge: string; sensor: string }[] = [];
  for (const edge of edges) {
    for (const sensor of store.sensors(edge, seriesMax - found.length)) found.push({ edge, sensor });
    if (found.length >= seriesMax) break;
  }
  const most = Math.min(meansEachMax, Math.floor(meansMax / Math.max(1, found.length)));
  const series: WeatherSeries[] = [];
  for (const { edge, sensor } of found) {
    const all: Mean[] = [];
    await turn(env);
    for (const mean of store.eachMean(edge, sensor, sinceMs)) {
      all.push(mean);
      if (all.length % atOnce === 0) await turn(env);
    }
    const means = thinned(all, most);
    if (means.length > 0) series.push({ edge, sensor, unit: env.board.news.unitOf(edge, sensor), means });
  }
  return series;
}

/** As many neighbours become one as it takes, each counting as often as readings are in it. */
function thinned(means: readonly Mean[], most: number): WeatherMean[] {
  const together = Math.ceil(means.length / most);
  const thin: WeatherMean[] = [];
  for (let i = 0; i < means.length; i += together) {
    const some = means.slice(i, i + together);
    const readings = some.reduce((sum, mean) => sum + mean.readings, 0);
    const weighted = (of: (mean: Mean) => number) =>
      some.reduce((sum, mean) => sum + of(mean) * (mean.readings / readings), 0);
    thin.push({
      timeMs: Math.round(weighted(({ timeMs }) => timeMs)),
      // What nobody sees need not travel.
      mean: Number(weighted(({ mean }) => mean).toPrecision(9)),
      readings,
    });
  }
  return thin;
}

async function gapsOf(
  env: WeatherEnv,
  store: CloudStore,
  edges: readonly string[],
  sinceMs: number,
): Promise<WeatherGap[]> {
  const gaps: WeatherGap[] = [];
  let looked = 0;
  const mayLook = async (): Promise<boolean> => {
    looked += 1;
    if (looked % atOnce === 0) await turn(env);
    return looked <= receiptsMax;
  };
  for (const edge of edges) {
    let left = gapsMax;
    for (const epoch of store.epochs(edge).toReversed()) {
      if (!(await mayLook())) return newestOf(gaps);
      const newest = { edge, epoch, stream, sequence: Number.MAX_SAFE_INTEGER };
      for (const receipt of store.receiptsBefore(newest)) {
        // What came before then is about an earlier time as well.
        if (receipt.storedAtMs < sinceMs || left === 0 || !(await mayLook())) break;
        if (receipt.header.type !== 'gap') continue;
        const gap = spanOf(edge, await readable(() => store.body(receipt)), receipt.header.sealedAtMs);
        if (!gap || gap.toMs < sinceMs) continue;
        gaps.push(gap);
        left -= 1;
      }
    }
  }
  return newestOf(gaps);
}

async function heldGaps(env: WeatherEnv, store: EdgeStore, sinceMs: number): Promise<WeatherGap[]> {
  const gaps: WeatherGap[] = [];
  if (!store.streams().includes(stream) || store.status().state === 'failed') return gaps;
  const { sealed } = store.head(env.cursor, stream);
  for (let from = Math.max(1, sealed - heldMax + 1); ; ) {
    const some = store.held(stream, from, atOnce);
    for (const { type, sequence, sealedAtMs } of some) {
      const header = type === 'gap' ? store.header(stream, sequence) : undefined;
      if (!header) continue;
      const gap = spanOf(store.edge, await readable(() => store.body(header)), sealedAtMs);
      if (gap && gap.toMs >= sinceMs) gaps.push(gap);
    }
    if (some.length < atOnce) return newestOf(gaps);
    from = some.at(-1)!.sequence + 1;
    await turn(env);
  }
}

const newestOf = (gaps: readonly WeatherGap[]) =>
  gaps.toSorted((a, b) => a.fromMs - b.fromMs).slice(-gapsMax);

/** Of one that was damaged or given up meanwhile nobody knows when it was. */
async function readable(read: () => Promise<Uint8Array>): Promise<Uint8Array | null> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof FogrunError && thrown.code !== 'store-failed') return null;
    throw thrown;
  }
}

/** @param sealedAtMs stands for the moments that it does not tell */
function spanOf(edge: string, body: Uint8Array | null, sealedAtMs: number): WeatherGap | null {
  try {
    const { gap, fromTime, toTime, count } = JSON.parse(Buffer.from(body ?? '').toString('utf8'));
    if (!told.has(gap)) return null;
    const ms = (time: unknown) => (typeof time === 'string' ? Date.parse(time) : Number.NaN);
    const [from, to] = [ms(fromTime), ms(toTime)];
    const toMs = Number.isNaN(to) ? Math.max(sealedAtMs, Number.isNaN(from) ? 0 : from) : to;
    const fromMs = Number.isNaN(from) ? Math.min(sealedAtMs, toMs) : from;
    const isKnown = Number.isSafeInteger(count) && count > 0;
    return { edge, fromMs: Math.min(fromMs, toMs), toMs, reason: gap, count: isKnown ? count : null };
  } catch {
    return null;
  }
}
