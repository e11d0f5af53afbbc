/** A pipeline in somebody's hands that does what a test says, and sockets to it. */

import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Clock } from '../../src/contract/clock.ts';
import type {
  Asker,
  LetterInfo,
  PipelineControl,
  Reloaded,
  SegmentInfo,
  SegmentRange,
  Watcher,
} from '../../src/contract/control.ts';
import { FogrunError, type Problem } from '../../src/contract/errors.ts';
import type { EdgeHistory, EdgeSummary, EdgeTransition, FleetChanges } from '../../src/contract/fleet.ts';
import type { InspectWatcher } from '../../src/contract/inspect.ts';
import type { LogEntry } from '../../src/contract/report.ts';
import type { ActorStatus, PipelineStatus } from '../../src/contract/status.ts';
import type { Weather } from '../../src/contract/weather.ts';
import type { EdgeWhere } from '../../src/contract/where.ts';
import { connectControl, serveControl } from '../../src/runtime/ipc-control.ts';
import { privateDirectory } from '../runtime/ipc-fixtures.ts';
import { createVirtualClock } from './virtual-clock.ts';

export const by: Asker = { user: 'ada', command: 'fogrun pause edge/uploader' };

export function actorStatus(name: string, over: Partial<ActorStatus> = {}): ActorStatus {
  return {
    name,
    kind: 'uploader',
    state: 'idle',
    health: 'well',
    sinceMs: 1_000,
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
    ...over,
  };
}

export function pipelineStatus(over: Partial<PipelineStatus> = {}): PipelineStatus {
  return {
    pipeline: 'edge',
    file: '/x/edge.yaml',
    edge: 'edge-1',
    pid: process.pid,
    version: '0.1.0',
    startedMs: 1_000,
    nowMs: 61_000,
    ending: false,
    store: { role: 'edge', path: '/x', state: 'open', cause: null, bytes: 1_024, bytesMax: 4_096 },
    actors: [actorStatus('rotator'), actorStatus('uploader')],
    actorsLeftOut: 0,
    ...over,
  };
}

export function entry(text: string, over: Partial<LogEntry> = {}): LogEntry {
  return {
    time: 1_000,
    level: 'info',
    pipeline: 'edge',
    actor: 'rotator',
    report: { type: 'note', text },
    ...over,
  };
}

/** Calls are written down, watchers kept. */
export class FakeControl implements PipelineControl {
  readonly pipeline: string;
  readonly calls: unknown[][] = [];
  readonly watchers = new Set<Watcher>();
  current: PipelineStatus;
  past: LogEntry[] = [];
  held: SegmentInfo[] = [];
  dead: LetterInfo[] = [];
  bodies = new Map<string, Uint8Array>();
  bodiesRead = 0;
  reloaded: Reloaded = { unchanged: [], changed: [], added: [], removed: [], store: [], warnings: [] };

  constructor(pipeline = 'edge') {
    this.pipeline = pipeline;
    this.current = pipelineStatus({ pipeline });
  }

  async status() {
    return this.current;
  }

  watch(watcher: Watcher, options: { everyMs?: number; entriesMax?: number } = {}) {
    this.calls.push(['watch', options]);
    this.watchers.add(watcher);
    for (const each of this.past.slice(-(options.entriesMax ?? 0) || this.past.length)) watcher.entry(each);
    return () => {
      this.calls.push(['unwatch']);
      this.watchers.delete(watcher);
    };
  }

  async act(actor: string, action: string, asker: Asker) {
    this.calls.push(['act', actor, action, asker]);
    if (action === 'retry') throw new FogrunError('control-refused', `${actor} is not waiting to retry`);
    return { from: 'idle', to: 'paused' };
  }

  async stop(asker: Asker) {
    this.calls.push(['stop', asker]);
  }

  async reload(asker: Asker, options?: { dryRun?: boolean }) {
    this.calls.push(['reload', asker, options]);
    return this.reloaded;
  }

  async segments() {
    return this.held;
  }

  async where(stream: string, seq: number): Promise<EdgeWhere> {
    this.calls.push(['where', stream, seq]);
    const nothing = { segment: null, gap: null, sent: null, acknowledgedMs: null };
    return { edge: 'shed', epoch: 'ab', stream, seq, state: 'never', nextSeq: 1, ...nothing };
  }

  async segmentBody(stream: string, sequence: number) {
    this.bodiesRead += 1;
    const body = this.bodies.get(`${stream} ${sequence}`);
    if (!body) throw new FogrunError('control-unknown', `there is no segment ${sequence} of ${stream}`);
    return body;
  }

  async discard(range: SegmentRange, asker: Asker, reason?: string) {
    this.calls.push(['discard', range, asker, reason]);
    return { segments: range.to - range.from + 1, readings: 20, bytes: 300 };
  }

  readonly letters = {
    list: async () => this.dead,
    body: async (id: number) => {
      const body = this.bodies.get(`letter ${id}`);
      if (!body) throw new FogrunError('letter-unknown', `there is no dead letter ${id}`);
      return body;
    },
    requeue: async (ids: readonly number[], asker: Asker) => {
      this.calls.push(['requeue', ids, asker]);
      return { letters: ids.length, readings: 10 };
    },
    discard: async (ids: readonly number[], asker: Asker) => {
      this.calls.push(['discard letters', ids, asker]);
      return { letters: ids.length, readings: 10 };
    },
  };

  readonly inspectors = new Set<InspectWatcher>();

  inspect(watcher: InspectWatcher) {
    this.inspectors.add(watcher);
    return () => void this.inspectors.delete(watcher);
  }

  summaries: EdgeSummary[] = [];
  heardMs: Record<string, number> = {};
  transitions: EdgeTransition[] = [];
  /** Of the fleet; a question that names it is answered with no edges. */
  mark: string | null = 'one.1';
  readonly fleet = {
    edges: async () => this.summaries,
    changes: async (since?: string): Promise<FleetChanges> => {
      this.calls.push(['changes', since]);
      const whole = since !== this.mark;
      return {
        mark: this.mark,
        whole,
        edges: whole ? this.summaries : [],
        heardMs: whole ? {} : this.heardMs,
      };
    },
    history: async (edge: string, _options?: object): Promise<EdgeHistory> => ({
      edge,
      transitions: this.transitions,
      before: null,
    }),
  };

  known: Weather = { series: [], gaps: [], forecasts: [] };

  async weather(sinceMs: number, edge?: string) {
    this.calls.push(['weather', sinceMs, edge]);
    return this.known;
  }

  over(cause: Problem | null) {
    for (const watcher of this.watchers) watcher.over(cause);
    this.watchers.clear();
  }
}

/** A control socket over a fake pipeline, in a directory of states of its own. */
export async function startControl(
  t: ExecutionContext,
  options: { control?: FakeControl; state?: string; socketPath?: string; clock?: Clock } = {},
) {
  const control = options.control ?? new FakeControl();
  const state = options.state ?? (await privateDirectory(t));
  const socketPath = options.socketPath ?? join(state, control.pipeline, 'control.sock');
  // No deadline of a real clock passes while the machine is busy with something else.
  const clock = options.clock ?? createVirtualClock();
  const server = await serveControl({ control, socketPath, agent: 'fogrun/test', clock });
  t.teardown(() => server.close());
  const connect = async () => {
    const remote = await connectControl(socketPath, { clock, agent: 'fogrun/client', timeoutMs: 30_000 });
    t.teardown(() => remote.close());
    return remote;
  };
  return { control, state, socketPath, server, connect };
}
