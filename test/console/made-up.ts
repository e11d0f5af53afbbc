/** A pipeline that is not there: as many actors and transitions as asked for, for the page and what serves it. */
import type { Asker, PipelineControl, Watcher } from '../../src/contract/control.ts';
import type { InspectFrame, InspectWatcher } from '../../src/contract/inspect.ts';
import type { ActorStatus, PipelineStatus } from '../../src/contract/status.ts';
import { FakeControl, pipelineStatus, actorStatus as someActor } from '../helpers/fake-control.ts';
import { madeUpWeather, pressureAt } from './made-up-fleet.ts';

export interface MadeUpOptions {
  readonly pipeline?: string;
  /** Beside those of an ordinary edge. */
  readonly actors?: number;
  readonly transitionsPerSecond?: number;
}

export interface MadeUp {
  readonly control: PipelineControl;
  /** What was asked of it. */
  readonly calls: unknown[][];
  stop(): void;
}

const ring = ['connecting', 'greeting', 'sending', 'awaitingAck', 'idle', 'waitingToRetry'] as const;
const tickMs = 100;

/** Runs on the real clock until `stop`. */
export function madeUpPipeline(options: MadeUpOptions = {}): MadeUp {
  const { pipeline = 'edge', actors: extra = 0, transitionsPerSecond = 2 } = options;
  const startedMs = Date.now();
  const names = ['barometer', 'rotator', 'uploader', 'acks'];
  const kinds = ['sensor-poller', 'file-rotator', 'uploader', 'ack-handler'];
  for (let i = 1; i <= extra; i += 1) {
    names.push(`uploader-${i}`);
    kinds.push('uploader');
  }
  const uploaders = names.filter((name) => name.startsWith('uploader'));
  const at = new Map(
    uploaders.map((name, i) => [name, { place: i % ring.length, sinceMs: startedMs, count: 0 }]),
  );
  const watchers = new Set<Watcher>();
  const inspectors = new Set<InspectWatcher>();
  const fake = new FakeControl(pipeline);
  let lastFrame = 0;
  let due = 0;
  let turn = 0;

  const statusOf = (name: string, i: number): ActorStatus => {
    const own = at.get(name);
    const state = own ? ring[own.place]! : ({ barometer: 'polling', rotator: 'filling' }[name] ?? 'waiting');
    const troubled = state === 'waitingToRetry';
    return someActor(name, {
      kind: kinds[i]!,
      state,
      health: troubled ? 'trouble' : 'well',
      sinceMs: own?.sinceMs ?? startedMs,
      cause: troubled
        ? { code: 'link-lost', message: 'the cloud is gone', advice: 'It tries again by itself.' }
        : null,
      attempt: troubled ? 3 : 0,
      retryAtMs: troubled ? own!.sinceMs + 4_000 : null,
      readings: Math.floor((Date.now() - startedMs) / 100),
      readingsPerSecond: 10,
      perSecond: Array.from({ length: 60 }, (_, s) => Math.round(10 + 5 * Math.sin(s / 6))),
      waiting:
        name === 'barometer'
          ? null
          : { readings: 45, bytes: 5_700, oldestMs: Date.now() - 12_000, bytesMax: 2 ** 28 },
      transitions: own?.count ?? 1,
    });
  };
  const status = (): PipelineStatus =>
    pipelineStatus({
      pipeline,
      startedMs,
      nowMs: Date.now(),
      actors: names.map(statusOf),
      wires: [
        ['barometer', 'rotator', 'readings'] as const,
        ['rotator', 'uploader', 'segments'] as const,
        ['uploader', 'acks', 'acknowledgements'] as const,
      ].map(([from, to, type]) => ({
        ...{ from, to, type, items: 1, bytes: 900, bytesMax: 8 * 2 ** 20, blocked: false },
        itemsTotal: Math.floor((Date.now() - startedMs) / 1_000),
        readingsTotal: type === 'readings' ? Math.floor((Date.now() - startedMs) / 100) : null,
      })),
    });
  const tell = (actor: string, from: string, to: string) => {
    const cause = {
      code: 'link-lost',
      message: 'the cloud is gone',
      advice: 'It tries again by itself.',
    } as const;
    const isWrong = to === 'waitingToRetry';
    const report = { type: 'transition', from, to, event: 'X', ...(isWrong && { cause }) } as const;
    const level = isWrong ? 'warn' : 'info';
    for (const watcher of watchers) watcher.entry({ time: Date.now(), level, pipeline, actor, report });
  };
  const step = (): InspectFrame => {
    const actor = uploaders[turn % uploaders.length]!;
    turn += 1;
    const own = at.get(actor)!;
    const from = ring[own.place]!;
    own.place = (own.place + 1) % ring.length;
    own.sinceMs = Date.now();
    own.count += 1;
    const to = ring[own.place]!;
    const after = to === 'connecting';
    tell(actor, from, to);
    const type = after
      ? `xstate.after.retry.uploader.waitingToRetry`
      : to === 'waitingToRetry'
        ? 'LOST'
        : 'GREETED';
    lastFrame += 1;
    return {
      ...{ type: 'step', id: lastFrame, timeMs: Date.now(), actor, from, to, value: to },
      source: after ? actor : `${actor}#link`,
      event: { type, name: after ? 'after retry' : type, payload: after ? null : { waiting: 3 } },
      taken: [after ? `waitingToRetry|${type}|0` : `|${type}|0`],
      refused: type === 'GREETED' ? [{ transition: 'greeting|GREETED|0', guard: 'hasBacklog' }] : [],
      sent: [],
      timers:
        to === 'waitingToRetry'
          ? [{ event: 'xstate.after.retry.uploader.waitingToRetry', startedMs: Date.now(), delayMs: 4_000 }]
          : [],
    };
  };
  const timer = setInterval(() => {
    due += (transitionsPerSecond * tickMs) / 1_000;
    const frames: InspectFrame[] = [];
    for (; due >= 1; due -= 1) frames.push(step());
    const timeMs = Date.now();
    lastFrame += 1;
    frames.push({
      ...{
        type: 'sample',
        id: lastFrame,
        timeMs,
        actor: 'rotator',
        device: 'bAr',
        sensor: 'pressure',
        unit: 'hPa',
      },
      value: pressureAt(timeMs),
      simulated: true,
      readingTimeMs: timeMs,
      edge: null,
    });
    for (const { frames: hear } of inspectors) hear(frames);
  }, tickMs);
  const statusTimer = setInterval(() => {
    const now = status();
    for (const watcher of watchers) watcher.status(now);
  }, 500);
  const control: PipelineControl = {
    pipeline,
    status: async () => status(),
    watch(watcher) {
      watchers.add(watcher);
      watcher.status(status());
      return () => void watchers.delete(watcher);
    },
    inspect(watcher) {
      inspectors.add(watcher);
      return () => void inspectors.delete(watcher);
    },
    act: (actor, action, by: Asker) => fake.act(actor, action, by),
    stop: (by) => fake.stop(by),
    reload: (by, dry) => fake.reload(by, dry),
    segments: () => fake.segments(),
    where: (stream, seq) => fake.where(stream, seq),
    segmentBody: (stream, sequence) => fake.segmentBody(stream, sequence),
    discard: (range, by, reason) => fake.discard(range, by, reason),
    letters: fake.letters,
    fleet: fake.fleet,
    weather: async (sinceMs) => madeUpWeather(['edge-1'], sinceMs, Date.now()),
  };
  return {
    control,
    calls: fake.calls,
    stop() {
      clearInterval(timer);
      clearInterval(statusTimer);
    },
  };
}
