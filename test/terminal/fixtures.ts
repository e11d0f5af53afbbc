/** Statuses, entries and a terminal for tests of the view. */
import fc from 'fast-check';
import type { Acted, ActorAction, Asker, PipelineControl, Watcher } from '../../src/contract/control.ts';
import { FogrunError, type Problem } from '../../src/contract/errors.ts';
import type { LogEntry, Report } from '../../src/contract/report.ts';
import type { ActorStatus, PipelineStatus } from '../../src/contract/status.ts';
import type { Tty } from '../../src/terminal/screen.ts';

export const startMs = Date.UTC(2026, 0, 1, 12);

export const unreachable: Problem = {
  code: 'link-unreachable',
  message: '127.0.0.1:7070 cannot be reached: connection refused',
  advice: 'Start it, or check host and port; the uploader tries again by itself.',
};

export function actorStatus(name: string, changes: Partial<ActorStatus> = {}): ActorStatus {
  return {
    name,
    kind: 'uploader',
    state: 'idle',
    health: 'well',
    sinceMs: startMs,
    cause: null,
    lastError: null,
    alarm: null,
    attempt: 0,
    retryAtMs: null,
    restarts: 0,
    readings: 0,
    readingsPerSecond: 0,
    perSecond: [],
    waiting: null,
    process: null,
    ...changes,
  };
}

const wave = (n: number) => Array.from({ length: n }, (_, i) => Math.round(10 + 8 * Math.sin(i / 5)));

export function edgeStatus(changes: Partial<PipelineStatus> = {}): PipelineStatus {
  return {
    pipeline: 'edge',
    file: '/somewhere/edge.yaml',
    edge: 'greenhouse-7',
    pid: 4242,
    version: '0.1.0',
    startedMs: startMs - 252_000,
    nowMs: startMs,
    ending: false,
    store: {
      role: 'edge',
      path: '/somewhere/.fogrun/edge',
      state: 'open',
      cause: null,
      bytes: 12 * 2 ** 20,
      bytesMax: 256 * 2 ** 20,
    },
    actors: [
      actorStatus('barometer', {
        kind: 'sensor-poller',
        state: 'polling',
        sinceMs: startMs - 252_000,
        readings: 3_100,
        readingsPerSecond: 12.3,
        perSecond: wave(60),
      }),
      actorStatus('rotator', {
        kind: 'file-rotator',
        state: 'rotating',
        sinceMs: startMs - 252_000,
        readings: 3_090,
        readingsPerSecond: 12.3,
        perSecond: wave(60),
        waiting: { readings: 12, bytes: 1_400, oldestMs: startMs - 3_000, bytesMax: 8 * 2 ** 20 },
      }),
      actorStatus('uploader', {
        state: 'waitingToRetry',
        health: 'trouble',
        sinceMs: startMs - 700,
        cause: unreachable,
        attempt: 4,
        retryAtMs: startMs + 2_300,
        readings: 1_800,
        perSecond: [...wave(30), ...Array(30).fill(0)],
        waiting: {
          readings: 1_204,
          bytes: 180 * 2 ** 20,
          oldestMs: startMs - 192_000,
          bytesMax: 256 * 2 ** 20,
        },
      }),
      actorStatus('acks', {
        kind: 'ack-handler',
        state: 'paused',
        health: 'paused',
        sinceMs: startMs - 60_000,
      }),
    ],
    actorsLeftOut: 0,
    ...changes,
  };
}

export function cloudStatus(changes: Partial<PipelineStatus> = {}): PipelineStatus {
  return {
    ...edgeStatus(),
    pipeline: 'cloud',
    edge: null,
    pid: 4243,
    store: { ...edgeStatus().store!, role: 'cloud', bytes: 0 },
    actors: [
      actorStatus('receiver', {
        state: 'serving.listening',
        readings: 20_000,
        readingsPerSecond: 1_204,
        perSecond: wave(20),
      }),
      actorStatus('receiver/127.0.0.1:44294', {
        state: 'receiving',
        readings: 100,
        readingsPerSecond: 1,
        perSecond: [1, 1],
      }),
      actorStatus('forecaster', {
        state: 'failed',
        health: 'failed',
        cause: {
          code: 'internal',
          message: 'TypeError: x is not a function',
          advice: 'Please report it with the lines above it.',
        },
      }),
      actorStatus('emulator', { state: 'stopped', health: 'ended' }),
    ],
    ...changes,
  };
}

export function entry(report: Report, changes: Partial<LogEntry> = {}): LogEntry {
  return { time: startMs, level: 'info', pipeline: 'edge', actor: 'uploader', report, ...changes };
}

export interface FakeControl extends PipelineControl {
  readonly acts: { actor: string; action: ActorAction; by: Asker }[];
  watcher(): Watcher | null;
  /** What the next act comes to. */
  answer: Acted | FogrunError;
}

export function fakeControl(pipeline: string): FakeControl {
  let watcher: Watcher | null = null;
  const control: FakeControl = {
    pipeline,
    acts: [],
    answer: { from: 'idle', to: 'paused' },
    watcher: () => watcher,
    status: async () => edgeStatus({ pipeline }),
    watch(given) {
      watcher = given;
      return () => {
        watcher = null;
      };
    },
    async act(actor, action, by) {
      control.acts.push({ actor, action, by });
      if (control.answer instanceof FogrunError) throw control.answer;
      return control.answer;
    },
    stop: async () => {},
    reload: async () => ({ unchanged: [], changed: [], added: [], removed: [], store: [], warnings: [] }),
    segments: async () => [],
    where: async () => {
      throw new FogrunError('control-refused', 'no edge');
    },
    segmentBody: async () => new Uint8Array(),
    discard: async () => ({ segments: 0, readings: 0, bytes: 0 }),
    letters: {
      list: async () => [],
      body: async () => new Uint8Array(),
      requeue: async () => ({ letters: 0, readings: 0 }),
      discard: async () => ({ letters: 0, readings: 0 }),
    },
    inspect: () => () => {},
    fleet: {
      edges: async () => [],
      changes: async () => ({ mark: null, whole: true, edges: [], heardMs: {} }),
      history: async (edge) => ({ edge, transitions: [], before: null }),
    },
    weather: async () => ({ series: [], gaps: [], forecasts: [] }),
  };
  return control;
}

export interface FakeTty extends Tty {
  /** Everything written. */
  text: string;
  raw: boolean;
  columns: number;
  rows: number;
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Writes do not come through until `release` is called. */
  stuck: boolean;
  release(): void;
}

export function fakeTty(columns = 100, rows = 30): FakeTty {
  let input: ((text: string) => void) | null = null;
  let resized: (() => void) | null = null;
  let held: (() => void)[] = [];
  const tty: FakeTty = {
    text: '',
    raw: false,
    stuck: false,
    columns,
    rows,
    size: () => ({ columns: tty.columns, rows: tty.rows }),
    write(text) {
      tty.text += text;
      return new Promise((resolve) => (tty.stuck ? void held.push(resolve) : resolve()));
    },
    writeNow: (text) => {
      tty.text += text;
    },
    setRaw: (raw) => {
      tty.raw = raw;
    },
    onInput(listener) {
      input = listener;
      return () => {
        input = null;
      };
    },
    onResize(listener) {
      resized = listener;
      return () => {
        resized = null;
      };
    },
    type: (text) => input?.(text),
    resize(columns, rows) {
      tty.columns = columns;
      tty.rows = rows;
      resized?.();
    },
    release() {
      const all = held;
      held = [];
      tty.stuck = false;
      for (const done of all) done();
    },
  };
  return tty;
}

/** Anything that may come from a device or a peer. */
export const foreign = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.constantFrom(
        '気',
        '圧',
        'é',
        'e\u0301',
        '🌧',
        '👨',
        '🏽',
        '🇩🇪',
        '한',
        'ᄒ',
        'ｱ',
        'क्षि',
        '️',
        'a',
        ' ',
      ),
    )
    .map((all) => all.join('')),
);
