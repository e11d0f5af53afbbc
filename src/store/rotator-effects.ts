/** Effects of the kind `file-rotator`: from a port into the store. */
import type { FileRotatorConfig, FileRotatorEffects, IntakeEvent } from '../../machines/file-rotator.ts';
import { type Clock, sleep } from '../contract/clock.ts';
import type { ClockTrust } from '../contract/clock-trust.ts';
import { FogrunError, toProblem } from '../contract/errors.ts';
import type { Batch, InPort, OutPort, SealedNotice, Staying } from '../contract/port.ts';
import { type Reporter, segmentReport } from '../contract/report.ts';
import { statesStream } from '../contract/state-records.ts';
import type { EdgeStore } from '../contract/store.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import { createStampJudge } from './rotator-clock.ts';

/** One commit takes at most this much from the port, so that no commit grows without bound. */
const commitLimits = { itemsMax: 4_096, bytesMax: 4 * 2 ** 20 };
/** And at most this share of the store, so that a small one can take what waits bit by bit. */
const commitShare = 1 / 8;

export interface RotatorEnv {
  readonly store: EdgeStore;
  readonly input: InPort<Batch>;
  readonly output: OutPort<SealedNotice>;
  readonly clock: Clock;
  readonly trust: ClockTrust;
  readonly report: Reporter;
}

export function rotatorEffects(env: RotatorEnv): FileRotatorEffects {
  const { store, clock } = env;
  const judged = createStampJudge(env.trust, env.report);

  /** Of what comes by the port: states are sealed along with it, but are no reason to, or sealing would go on by itself. */
  const open = () =>
    store.streams().flatMap((stream) => (stream === statesStream ? [] : store.openSegment(stream)));
  const openBytes = () => open().reduce((sum, { bytes }) => sum + bytes, 0);
  const dueInMs = (config: FileRotatorConfig) => {
    const since = open().map(({ sinceMs }) => sinceMs ?? Number.POSITIVE_INFINITY);
    const oldest = Math.min(...since, clock.now());
    // A wall clock that was set back must not put the sealing off.
    return Math.min(config.every, Math.max(0, oldest + config.every - clock.now()));
  };
  const sealed = (header: SegmentHeader) => {
    env.report(segmentReport('sealed', header));
    // The segment waits in the store; the notice only wakes the uploader, which looks there for everything.
    if (!env.output.blocked) void env.output.send({ stream: header.stream, sequence: header.sequence });
  };
  /** The store is full, and somebody wants to hear when that is over. */
  let turnsAway = false;
  return {
    async intake({ input: config, signal, emit }) {
      let sealedSince = 0;
      const failure = Promise.withResolvers<never>();
      failure.promise.catch(() => {});
      const unsubscribe = store.subscribe((event) => {
        if (event.type === 'sealed') {
          sealedSince += 1;
          sealed(event.header);
        }
        if (event.type === 'state' && event.to === 'open' && turnsAway) {
          turnsAway = false;
          emit({ type: 'ROOM' });
          store.policies.turnedAwayToGaps().catch(failure.reject);
        }
      });
      const written = () => {
        emit({ type: 'WRITTEN', bytes: openBytes(), dueInMs: dueInMs(config), sealed: sealedSince });
        sealedSince = 0;
      };
      // What a run before this one left open is sealed when it is due, not when the next reading comes.
      if (openBytes() > 0) written();
      try {
        if (store.status().state === 'open') await store.policies.turnedAwayToGaps();
        const share = () => Math.min(commitLimits.bytesMax, store.status().bytesMax * commitShare);
        const gatherMs = config['commit-every'];
        const gather = (enough: AbortSignal) => sleep(clock, gatherMs ?? 0, enough);
        const limits = { ...commitLimits, bytesMax: share(), ...(gatherMs === undefined ? {} : { gather }) };
        const consumed = env.input.consume(limits, signal, async (batches) => {
          if (store.policies.whenFull === 'drop-newest')
            return appendOrTurnAway(batches, config.size, signal, emit, written);
          await appendWhenRoom(judged(batches), config.size, signal, emit);
          // A reload may have given the store another quota.
          limits.bytesMax = share();
          written();
          return undefined;
        });
        await Promise.race([consumed, failure.promise]);
      } finally {
        unsubscribe();
      }
    },
    async seal(config) {
      for (const stream of store.streams()) await store.seal(stream);
      return { bytes: openBytes(), dueInMs: dueInMs(config) };
    },
  };

  /** What cannot wait is turned away while the store is full; the rest stays in the port until there is room. */
  async function appendOrTurnAway(
    batches: readonly Batch[],
    sealBytes: number,
    signal: AbortSignal,
    emit: (event: IntakeEvent) => void,
    written: () => void,
  ): Promise<Staying<Batch> | undefined> {
    // Not even what is small enough now: a gap would stand before each.
    const { state, cause } = store.status();
    if (state === 'full') {
      if (!turnsAway && cause) emit({ type: 'FULL', cause });
      turnsAway = true;
    } else {
      try {
        await store.append(judged(batches), sealBytes);
        written();
        return undefined;
      } catch (thrown) {
        if (signal.aborted || !(thrown instanceof FogrunError) || thrown.code !== 'store-full') throw thrown;
        turnsAway = true;
        emit({ type: 'FULL', cause: toProblem(thrown) });
      }
    }
    const turned = batches.filter(({ cannotWait }) => cannotWait);
    if (turned.length > 0) await store.policies.turnAway(turned);
    // The port knows them as it handed them over, not as they are marked.
    const items = batches.filter(({ cannotWait }) => !cannotWait);
    return items.length > 0 ? { items, until: store.room(bytesOf(items), signal) } : undefined;
  }

  async function appendWhenRoom(
    batches: readonly Batch[],
    sealBytes: number,
    signal: AbortSignal,
    emit: (event: IntakeEvent) => void,
  ) {
    for (let waited = false; ; waited = true) {
      try {
        await store.append(batches, sealBytes);
        if (waited) emit({ type: 'ROOM' });
        return;
      } catch (thrown) {
        if (signal.aborted || !(thrown instanceof FogrunError) || thrown.code !== 'store-full') throw thrown;
        emit({ type: 'FULL', cause: toProblem(thrown) });
        await store.room(bytesOf(batches), signal);
      }
    }
  }
}

function bytesOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, batch) => sum + batch.lines.length, 0);
}
