/**
 * Edges and clouds in one test process: real statecharts, effects, stores, ports and pipelines, over a clock, a
 * network and disks in memory. Each side can be stopped, crash, and be started again from its disk.
 */
import { ackHandler } from '../../machines/ack-handler.ts';
import { type CloudReceiverConfig, cloudReceiver } from '../../machines/cloud-receiver.ts';
import { cloudSession } from '../../machines/cloud-session.ts';
import { fileRotator } from '../../machines/file-rotator.ts';
import { type ForecasterConfig, forecaster } from '../../machines/forecaster.ts';
import { type UploaderConfig, uploader } from '../../machines/uploader.ts';
import type { Plan } from '../../src/contract/plan.ts';
import type { Batch, OutPort } from '../../src/contract/port.ts';
import type { StatesTold } from '../../src/contract/state-records.ts';
import type { CloudStore, EdgeStore, WhenFull } from '../../src/contract/store.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { retryDelayMs } from '../../src/domain/backoff.ts';
import { encodeReading } from '../../src/domain/reading.ts';
import { receiverEffects } from '../../src/link/receiver-effects.ts';
import { uploaderEffects } from '../../src/link/uploader-effects.ts';
import { zstdCompressAtOnce } from '../../src/link/zstd.ts';
import type { ActorEnv, Bindings } from '../../src/runtime/pipeline.ts';
import { ackEffects } from '../../src/store/ack-effects.ts';
import { CloudStoreReader } from '../../src/store/cloud-reader.ts';
import { createCloudStore } from '../../src/store/cloud-store.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { forecasterEffects } from '../../src/store/forecaster-effects.ts';
import { rotatorEffects } from '../../src/store/rotator-effects.ts';
import { fakeKind, untilAborted } from '../runtime/pipeline-fixtures.ts';
import { ClockedKv } from './clocked-kv.ts';
import { MemoryFiles } from './memory-files.ts';
import { MemoryDisk, MemoryKv } from './memory-kv.ts';
import { createNetwork } from './memory-network.ts';
import { type MortalClock, mortalClock } from './mortal-clock.ts';
import { actor, planOf, runSide, type Side } from './side.ts';
import { seededRandom } from './store-fixtures.ts';
import { createVirtualClock } from './virtual-clock.ts';

export const cursor = 'uploader';
export const stream = 'readings';
export const cloudPort = 7070;
const agent = 'test/1';

/** A cloud's disk: its store and its files. */
export interface CloudDisk {
  readonly kv: MemoryDisk;
  readonly files: MemoryFiles;
}

export interface Edge extends Side {
  readonly store: EdgeStore;
  readonly disk: MemoryDisk;
  readonly source: OutPort<Batch>;
  /** Hands one batch of these values on; resolves when it is accepted. */
  append(...values: number[]): Promise<void>;
  /** Values accepted so far, in order. */
  readonly accepted: readonly number[];
}

export interface Cloud extends Side {
  readonly store: CloudStore;
  readonly disk: CloudDisk;
}

export interface EdgeOptions {
  readonly name?: string;
  readonly disk?: MemoryDisk;
  readonly bytesMax?: number;
  readonly whenFull?: WhenFull;
  readonly uploader?: object;
  readonly rotator?: object;
  /** Name of the one that deals with acknowledgements. */
  readonly acks?: 'acks' | 'ackers';
  /** `none` unless given. */
  readonly states?: StatesTold;
}

export interface CloudOptions {
  readonly disk?: CloudDisk;
  readonly bytesMax?: number;
  readonly receiver?: object;
  /** Whether a forecaster answers, or its config. */
  readonly forecaster?: boolean | object;
  readonly port?: number;
}

export function createWorld(seed = 'world') {
  const clock = createVirtualClock();
  const random = seededRandom(seed);
  const network = createNetwork(clock);
  const cloudDisks: CloudDisk[] = [];
  /** Segments that left an edge while no cloud ever had them. */
  const deletedUnstored: string[] = [];
  let commitMs = () => 1;

  const isStored = (edge: string, epoch: string, name: string, sequence: number) =>
    cloudDisks.some(({ kv, files }) => {
      const mark = new CloudStoreReader(new MemoryKv(kv), files).mark(edge, epoch, name);
      return mark !== undefined && mark.sequence >= sequence;
    });
  const retry =
    ({ retry: policy }: Pick<UploaderConfig, 'retry'>) =>
    (attempt: number) =>
      retryDelayMs(policy, attempt, random.next());

  async function startEdge(options: EdgeOptions): Promise<Edge> {
    const disk = options.disk ?? new MemoryDisk();
    const own = mortalClock(clock);
    const kv = new ClockedKv(disk, own, () => commitMs());
    const accepted: number[] = [];
    const bytesMax = options.bytesMax ?? 2 ** 24;
    let source: OutPort<Batch> | undefined;
    const store = await createEdgeStore(kv, {
      clock: own,
      random,
      edge: options.name ?? 'e1',
      cursors: [cursor],
      bytesMax,
      whenFull: options.whenFull ?? 'block',
    });
    const acknowledge = store.acknowledge.bind(store);
    store.acknowledge = async (...ack) => {
      const headers = await acknowledge(...ack);
      for (const { edge, epoch, stream: name, sequence } of headers) {
        if (!isStored(edge, epoch, name, sequence))
          deletedUnstored.push(`${edge}/${epoch}/${name}/${sequence}`);
      }
      return headers;
    };
    const bindings = (transport: Transport): Bindings => ({
      openStore: async () => ({ edge: store, cloud: null }),
      effects: (env) => {
        if (env.plan.name === 'source') source = env.output as unknown as OutPort<Batch>;
        return edgeEffects(env, store, transport, own);
      },
    });
    const side = await runSide(clock, { plan: edgePlan(options), kv, own, access: network.join(), bindings });
    await side.pipeline.started;
    return Object.assign(side, {
      store,
      disk,
      accepted,
      source: source!,
      async append(...values: number[]) {
        const lines = values.map((value) =>
          encodeReading({
            device: 'd',
            sensor: 'pressure',
            time: new Date(clock.now()).toISOString(),
            value,
            unit: 'hPa',
          }),
        );
        await source!.send({ stream, lines: Buffer.concat(lines), count: values.length });
        accepted.push(...values);
      },
    });
  }

  function edgeEffects(env: ActorEnv, store: EdgeStore, transport: Transport, own: MortalClock) {
    const { input, output, report, trust } = env;
    switch (env.plan.name) {
      case 'rotator':
        return { ...rotatorEffects({ store, input: input!, output: output!, clock: own, trust, report }) };
      case cursor:
        return {
          ...uploaderEffects({
            cursor,
            store,
            transport,
            input: input!,
            output: output!,
            clock: own,
            trust,
            compress: zstdCompressAtOnce,
            report,
            agent,
            retryInMs: retry(env.plan.config as UploaderConfig),
          }),
        };
      case 'acks':
      case 'ackers':
        return { ...ackEffects({ store, cursor, input: input!, report }) };
      default:
        return { work: ({ signal }: { signal: AbortSignal }) => untilAborted(signal) };
    }
  }

  async function startCloud(options: CloudOptions): Promise<Cloud> {
    const disk = options.disk ?? { kv: new MemoryDisk(), files: new MemoryFiles() };
    if (!cloudDisks.includes(disk)) cloudDisks.push(disk);
    const own = mortalClock(clock);
    const kv = new ClockedKv(disk.kv, own, () => commitMs());
    const bytesMax = options.bytesMax ?? 2 ** 24;
    const forecasts = options.forecaster ?? true;
    const store = await createCloudStore(kv, disk.files, {
      clock: own,
      random,
      bytesMax,
      consumers: forecasts ? ['forecaster'] : [],
    });
    await store.resume();
    const bindings = (transport: Transport): Bindings => ({
      openStore: async () => ({ edge: null, cloud: store }),
      effects: (env) => cloudEffects(env, store, transport, own),
    });
    const side = await runSide(clock, {
      plan: cloudPlan(options),
      kv,
      own,
      access: network.join(),
      bindings,
    });
    await side.pipeline.started;
    return Object.assign(side, { store, disk });
  }

  function cloudEffects(env: ActorEnv, store: CloudStore, transport: Transport, own: MortalClock) {
    const { report } = env;
    if (env.plan.name === 'forecaster') {
      const retryInMs = retry(env.plan.config as ForecasterConfig);
      const { output } = env;
      return {
        ...forecasterEffects({ consumer: 'forecaster', store, input: env.input!, output, report, retryInMs }),
      };
    }
    return {
      ...receiverEffects({
        store,
        transport,
        input: env.input,
        output: env.output,
        clock: own,
        report,
        agent,
        retryInMs: retry(env.plan.config as CloudReceiverConfig),
        presence: env.presence,
        startSession: (name, effects) => env.startChild(name, cloudSession, effects),
      }),
    };
  }

  return {
    clock,
    random,
    network,
    deletedUnstored,
    /** How long each commit takes from now on, on either side. */
    set commitMs(next: () => number) {
      commitMs = next;
    },
    edge: (options: EdgeOptions = {}) => clock.until(startEdge(options)),
    cloud: (options: CloudOptions = {}) => clock.until(startCloud(options)),
  };
}

export function edgePlan(options: EdgeOptions): Plan {
  const link = { 'ack-timeout': '30s', retry: { every: '100ms', max: '2s' } };
  const { acks = 'acks' } = options;
  const plan = planOf('edge', options.bytesMax ?? 2 ** 24, [
    actor('source', fakeKind({ emits: 'readings' }), {}, 'rotator'),
    actor('rotator', fileRotator, { every: '1s', ...options.rotator }, cursor),
    actor(cursor, uploader, { ...link, ...options.uploader }, acks),
    actor(acks, ackHandler, {}),
  ]);
  return { ...plan, states: options.states ?? 'none' };
}

export function cloudPlan(options: CloudOptions): Plan {
  const receiver = { heartbeat: '1s', port: options.port ?? cloudPort, ...options.receiver };
  const forecasts = options.forecaster ?? true;
  return planOf('cloud', options.bytesMax ?? 2 ** 24, [
    actor('receiver', cloudReceiver, receiver, forecasts ? 'forecaster' : null),
    ...(forecasts ? [actor('forecaster', forecaster, forecasts === true ? {} : forecasts, 'receiver')] : []),
  ]);
}

export type World = ReturnType<typeof createWorld>;
