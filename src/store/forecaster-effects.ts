/** Effects of the kind `forecaster`: means in the cloud's store, forecasts out of them. */
import type { ForecasterConfig, ForecasterEffects } from '../../machines/forecaster.ts';
import { FogrunError, toProblem } from '../contract/errors.ts';
import { siteOf, thresholdsOf } from '../contract/forecast-config.ts';
import type { AddressedMessage, InPort, OutPort, ReceivedSegment } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import type { ConsumerStore, Mean, SensorMean } from '../contract/store.ts';
import { lookBackMs, makeForecast } from '../domain/forecast.ts';
import type { SegmentRef } from '../domain/segment.ts';
import { printable } from '../domain/text.ts';
import {
  MeansUnderWay,
  measuredSite,
  ofSameOrigin,
  type SegmentMeans,
  segmentMeans,
} from './forecaster-means.ts';

const limits = { itemsMax: 256, bytesMax: 16 * 2 ** 20 };

export interface ForecasterEnv {
  /** The actor's name: which stored segments it has finished is kept under it. */
  readonly consumer: string;
  readonly store: ConsumerStore;
  readonly input: InPort<ReceivedSegment>;
  /** Where forecasts go, if anywhere. */
  readonly output: OutPort<AddressedMessage> | null;
  readonly report: Reporter;
  readonly retryInMs: (attempt: number) => number;
}

export function forecasterEffects(env: ForecasterEnv): ForecasterEffects {
  const { store, consumer, report } = env;
  const underWay = new MeansUnderWay();
  let unitTold = false;

  const finish = (ref: SegmentRef, means: readonly SensorMean[]) => store.finish(consumer, ref, means);

  return {
    retryInMs: env.retryInMs,
    async catchUp(config, signal) {
      let segments = 0;
      const unfinished = store.unfinished(consumer);
      // What is finished on the way must not move what is still to come.
      for await (const segment of Symbol.iterator in unfinished ? [...unfinished] : unfinished) {
        if (signal.aborted) break;
        const { header } = segment;
        const body = header.type === 'gap' ? null : await readable(() => store.body(segment), report);
        await finish(header, body ? segmentMeans(body, config).kept : []);
        segments += 1;
      }
      return { segments };
    },
    async forecasts({ input: config, signal, emit }) {
      const failure = Promise.withResolvers<never>();
      failure.promise.catch(() => {});
      const work = env.input.consume(limits, signal, async (segments) => {
        for (const { ref, body, stored } of segments) {
          const means = await answer(ref, body, config);
          emit({ type: 'FORECAST', edge: ref.edge, sequence: ref.sequence });
          // The forecast does not wait for the commit, keeping the means does. A segment that is not stored comes again.
          stored
            .then(() => finish(ref, means))
            .catch((thrown) => {
              const { code } = toProblem(thrown);
              if (code === 'internal' || code === 'store-failed') failure.reject(thrown);
            })
            .finally(() => underWay.forget(ref.edge, means));
        }
      });
      await Promise.race([work, failure.promise]);
    },
  };

  /** Sends a forecast if one can be made; gives the means to keep. */
  async function answer(
    ref: SegmentRef,
    body: Uint8Array,
    config: ForecasterConfig,
  ): Promise<readonly SensorMean[]> {
    try {
      const means = segmentMeans(body, config);
      underWay.add(ref.edge, means.kept);
      tellUnit(means, ref, config);
      if (means.own) await send(ref, config, { ...means, own: means.own });
      return means.kept;
    } catch (thrown) {
      // One segment that cannot be averaged must not cost the others their forecast.
      const { message } = toProblem(thrown);
      report(
        { type: 'note', text: `no forecast for segment ${ref.sequence} of ${ref.edge}: ${message}` },
        'warn',
      );
      return [];
    }
  }

  async function send(
    ref: SegmentRef,
    config: ForecasterConfig,
    { own }: { readonly own: NonNullable<SegmentMeans['own']> },
  ): Promise<void> {
    const known = async (sensor: string, backMs: number): Promise<readonly Mean[]> => {
      // Seen before the store is asked, for it may learn of one meanwhile; such a one counts once.
      const coming = underWay.of(ref.edge, sensor);
      const stored = await store.means(ref.edge, sensor, own.timeMs - backMs);
      const isThere = ({ timeMs, origin }: Mean) =>
        stored.some((mean) => mean.timeMs === timeMs && mean.origin === origin);
      return [...stored, ...coming.filter((mean) => !isThere(mean))];
    };
    const before = ofSameOrigin(await known(config.sensor, lookBackMs(config.window)), own);
    const forecast = makeForecast(own, before, {
      sensor: config.sensor,
      windowMs: config.window,
      minimumSpanMs: config['minimum-span'],
      site: siteOf(config, ref.edge, await measuredSite(config, own.timeMs, known)),
      thresholds: thresholdsOf(config),
    });
    const message = { type: 'forecast', stream: ref.stream, sequence: ref.sequence, forecast } as const;
    if (env.output && !env.output.blocked) {
      void env.output.send({ edge: ref.edge, epoch: ref.epoch, message });
    }
  }

  /** Once in a life: a sensor in another unit would be passed over in silence for ever. */
  function tellUnit({ strangeUnit }: SegmentMeans, { edge }: SegmentRef, config: ForecasterConfig): void {
    if (strangeUnit === null || unitTold) return;
    unitTold = true;
    const unit = strangeUnit === '' ? 'no unit' : printable(strangeUnit, 40);
    const text = `${config['temperature-sensor']} of ${edge} comes in ${unit}, not in °C: its values are not used`;
    report({ type: 'note', text }, 'warn');
  }
}

async function readable(read: () => Promise<Uint8Array>, report: Reporter): Promise<Uint8Array | null> {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof FogrunError) || thrown.code !== 'store-corrupt') throw thrown;
    report({ type: 'problem', ...toProblem(thrown) });
    return null;
  }
}
