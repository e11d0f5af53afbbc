/** Effects of the kind `forecaster`: means in the cloud's store, forecasts out of them. */
import type { ForecasterConfig, ForecasterEffects } from '../../machines/forecaster.ts';
import { FogrunError, toProblem } from '../contract/errors.ts';
import type { AddressedMessage, InPort, OutPort, ReceivedSegment } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import type { CloudStore, Mean } from '../contract/store.ts';
import { makeForecast, segmentMean } from '../domain/forecast.ts';
import type { SegmentRef } from '../domain/segment.ts';

const limits = { itemsMax: 256, bytesMax: 16 * 2 ** 20 };

export interface ForecasterEnv {
  /** The actor's name: which stored segments it has finished is kept under it. */
  readonly consumer: string;
  readonly store: CloudStore;
  readonly input: InPort<ReceivedSegment>;
  /** Where forecasts go, if anywhere. */
  readonly output: OutPort<AddressedMessage> | null;
  readonly report: Reporter;
  readonly retryInMs: (attempt: number) => number;
}

export function forecasterEffects(env: ForecasterEnv): ForecasterEffects {
  const { store, consumer, report } = env;
  /** Means of segments whose commit is still under way, by edge: the store does not know them yet. */
  const underWay = new Map<string, Set<Mean>>();

  const finish = (ref: SegmentRef, config: ForecasterConfig, mean: Mean | null) =>
    store.finish(consumer, ref, mean && { sensor: config.sensor, value: mean });

  return {
    retryInMs: env.retryInMs,
    async catchUp(config, signal) {
      let segments = 0;
      for (const receipt of [...store.unfinished(consumer)]) {
        if (signal.aborted) break;
        const { header } = receipt;
        const body = header.type === 'gap' ? null : await readable(() => store.body(receipt), report);
        await finish(header, config, body && meanOf(body, config));
        segments += 1;
      }
      return { segments };
    },
    async forecasts({ input: config, signal, emit }) {
      const failure = Promise.withResolvers<never>();
      failure.promise.catch(() => {});
      const work = env.input.consume(limits, signal, async (segments) => {
        for (const { ref, body, stored } of segments) {
          const mean = answer(ref, body, config);
          emit({ type: 'FORECAST', edge: ref.edge, sequence: ref.sequence });
          // The forecast does not wait for the commit, keeping the mean does. A segment that is not stored comes again.
          stored
            .then(() => finish(ref, config, mean))
            .catch((thrown) => {
              const { code } = toProblem(thrown);
              if (code === 'internal' || code === 'store-failed') failure.reject(thrown);
            })
            .finally(() => forget(ref.edge, mean));
        }
      });
      await Promise.race([work, failure.promise]);
    },
  };

  function forget(edge: string, mean: Mean | null): void {
    const means = underWay.get(edge);
    if (mean) means?.delete(mean);
    if (means?.size === 0) underWay.delete(edge);
  }

  /** Sends a forecast if one can be made; gives the mean to keep. */
  function answer(ref: SegmentRef, body: Uint8Array, config: ForecasterConfig): Mean | null {
    try {
      const own = segmentMean(body, { sensor: config.sensor });
      if (!own) return null;
      const mean = own.mean === null ? null : { timeMs: own.timeMs, mean: own.mean, readings: own.readings };
      if (mean) underWay.set(ref.edge, (underWay.get(ref.edge) ?? new Set()).add(mean));
      const before = store.means(ref.edge, config.sensor, own.timeMs - config.window);
      const forecast = makeForecast(own, [...before, ...(underWay.get(ref.edge) ?? [])], {
        sensor: config.sensor,
        windowMs: config.window,
        minimumSpanMs: config['minimum-span'],
      });
      const message = { type: 'forecast', stream: ref.stream, sequence: ref.sequence, forecast } as const;
      if (env.output && !env.output.blocked) {
        void env.output.send({ edge: ref.edge, epoch: ref.epoch, message });
      }
      return mean;
    } catch (thrown) {
      // One segment that cannot be averaged must not cost the others their forecast.
      const { message } = toProblem(thrown);
      report(
        { type: 'note', text: `no forecast for segment ${ref.sequence} of ${ref.edge}: ${message}` },
        'warn',
      );
      return null;
    }
  }
}

function meanOf(body: Uint8Array, config: ForecasterConfig): Mean | null {
  const own = segmentMean(body, { sensor: config.sensor });
  return own === null || own.mean === null
    ? null
    : { timeMs: own.timeMs, mean: own.mean, readings: own.readings };
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
