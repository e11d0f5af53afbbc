/** A pipeline of this process in somebody's hands: what it says of itself, and what it can be asked. */
import { resolve } from 'node:path';
import type { Clock } from '../contract/clock.ts';
import type { Asker, AuditEntry, PipelineControl } from '../contract/control.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { FleetControl } from '../contract/fleet.ts';
import type { Plan } from '../contract/plan.ts';
import { statesStream } from '../contract/state-records.ts';
import type { ActorStatus, PipelineStatus, StoreSummary, Waiting } from '../contract/status.ts';
import type { EdgeStore } from '../contract/store.ts';
import { actOn } from './control-act.ts';
import { controlLetters } from './control-letters.ts';
import { reloadFor } from './control-reload.ts';
import { discardSegments, listSegments, readSegment, whereOf } from './control-segments.ts';
import { Ending, inspect, watch } from './control-watch.ts';
import { weatherOf } from './control-weather.ts';
import { LoopWatch } from './loop-watch.ts';
import { countsReadings } from './pipeline-ports.ts';
import type { OpenedStore } from './pipeline-store.ts';
import type { Wires } from './pipeline-wires.ts';
import { type Reloader, sentenceOf } from './reload.ts';
import type { Board } from './status.ts';
import type { Supervised } from './supervisor.ts';

export interface ControlEnv {
  readonly plan: Plan;
  readonly clock: Clock;
  readonly board: Board;
  /** Those that have been started. */
  readonly actors: ReadonlyMap<string, Supervised>;
  readonly wires: Wires;
  readonly store: OpenedStore;
  /** Name of the cursor in an edge's store: its uploader's. */
  readonly cursor: string;
  /** Wall clock, ms since 1970. */
  readonly startedMs: number;
  readonly version: string;
  /** Of a cloud. */
  readonly fleet: FleetControl | null;
  readonly ended: Promise<Problem | null>;
  audit(entry: AuditEntry): void;
  isEnding(): boolean;
  /** Nothing may be asked of the store any more. */
  isStoreClosed(): boolean;
  readonly reloader: Reloader;
  /** Drains it. */
  end(): void;
  /** An actor that had ended runs again. */
  revived(actor: string): void;
}

/** Does what somebody asked for; whatever comes of it, the audit log gets a line. */
export type Audited = <T>(
  by: Asker,
  action: AuditEntry['action'],
  target: string,
  work: () => Promise<{ value: T; detail: string }>,
) => Promise<T>;

export function createControl(env: ControlEnv): PipelineControl {
  const { clock, board } = env;
  const { name } = env.plan;
  const ending = new Ending(env.ended);
  env.store.edge?.subscribe(({ type }) => {
    if (type === 'forked') board.forked();
  });

  const audited: Audited = async (by, action, target, work) => {
    const write = (outcome: AuditEntry['outcome'], detail: string) =>
      env.audit({ timeMs: clock.now(), by, action, target, outcome, detail });
    try {
      const { value, detail } = await work();
      write('done', detail);
      return value;
    } catch (thrown) {
      const { code, message } = toProblem(thrown);
      write(code, message);
      throw thrown;
    }
  };

  const loop = new LoopWatch();
  const status = () => statusOf(env, loop);
  /** Those under way have paused the uploader. */
  let discards = 0;
  const control: PipelineControl = {
    pipeline: name,
    status: async () => status(),
    watch: (watcher, options) => watch({ clock, board, ending, loop }, status, watcher, options),
    act: (actor, action, by) =>
      audited(by, action, `${name}/${actor}`, async () => {
        refuseWhenEnding(env);
        refuseWhenReloading(env);
        const value = await actOn(env, actor, action);
        return { value, detail: `${value.from} → ${value.to}` };
      }),
    stop: (by) =>
      audited(by, 'stop', name, async () => {
        const already = env.isEnding();
        env.end();
        return { value: undefined, detail: already ? 'was ending already' : 'ending in order' };
      }),
    async reload(by, { dryRun = false } = {}) {
      if (dryRun) return env.reloader.preview();
      return audited(by, 'reload', name, async () => {
        refuseWhenEnding(env);
        refuseWhenReloading(env);
        if (discards > 0)
          throw new FogrunError('control-refused', `segments of ${name} are being discarded: try again`);
        const value = await reloadFor(by, env.reloader, board.log.reporter(name, 'pipeline'));
        return { value, detail: sentenceOf(value) };
      });
    },
    async segments() {
      refuseWhenEnding(env);
      return listSegments(env);
    },
    async where(stream, seq) {
      refuseWhenEnding(env);
      return whereOf(env, stream, seq);
    },
    async segmentBody(stream, sequence) {
      refuseWhenEnding(env);
      return readSegment(env, stream, sequence);
    },
    discard: (range, by, reason = '') =>
      audited(by, 'discard', `${name} ${range.stream} ${range.from} to ${range.to}`, async () => {
        refuseWhenEnding(env);
        refuseWhenReloading(env);
        discards += 1;
        const value = await discardSegments(env, range, reason).finally(() => {
          discards -= 1;
        });
        const { segments, readings, bytes } = value;
        return { value, detail: `${segments} segments, ${readings} readings, ${bytes} bytes` };
      }),
    letters: controlLetters(env, () => refuseWhenEnding(env), audited),
    inspect: (watcher) => inspect({ board, ending }, watcher),
    fleet: controlFleet(env),
    async weather(sinceMs, edge) {
      refuseWhenEnding(env);
      return weatherOf(env, sinceMs, edge);
    },
  };
  return control;
}

/** Its past is read from the store, which answers nothing any more once it is closed. */
function controlFleet(env: ControlEnv): FleetControl {
  const { fleet, plan } = env;
  return {
    edges: async () => fleet?.edges() ?? [],
    changes: async (since) => fleet?.changes(since) ?? { mark: null, whole: true, edges: [], heardMs: {} },
    async history(edge, options) {
      if (!fleet) throw new FogrunError('control-unknown', `${plan.name} is no cloud: it knows of no edges`);
      refuseWhenEnding(env);
      return fleet.history(edge, options);
    },
  };
}

function refuseWhenEnding({ plan, isEnding }: ControlEnv): void {
  if (!isEnding()) return;
  throw new FogrunError('control-refused', `${plan.name} is ending: it takes no more orders`);
}

/** Who is ended and begun at that moment would be named by chance. */
function refuseWhenReloading({ plan, reloader }: ControlEnv): void {
  if (!reloader.busy) return;
  throw new FogrunError('control-refused', `${plan.name} is being reloaded: try again in a moment`);
}

function statusOf(env: ControlEnv, loop: LoopWatch): PipelineStatus {
  const { plan, clock, board, store, wires } = env;
  const { actors, leftOut } = board.statuses(
    (actor) => waitingFor(env, actor),
    (actor) => wires.isHeldBack(actor),
  );
  const { user, system } = process.cpuUsage();
  return {
    pipeline: plan.name,
    file: resolve(plan.file),
    edge: store.edge?.edge ?? null,
    pid: process.pid,
    version: env.version,
    startedMs: env.startedMs,
    nowMs: clock.now(),
    ending: env.isEnding(),
    store: storeSummary(env),
    actors: actors as readonly ActorStatus[],
    actorsLeftOut: leftOut,
    wires: wires.status(plan),
    meters: {
      ackLatency: store.edge ? board.travels.latency.histogram() : null,
      loopStallMsMax: loop.stallMsMax,
      residentBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
    },
  };
}

function storeSummary({ plan, store }: ControlEnv): StoreSummary | null {
  const any = store.edge ?? store.cloud;
  if (!plan.store || !any) return null;
  const { state, cause, bytes, bytesMax, lost, letters } = any.status();
  const { role, path } = plan.store;
  const summary = { role, path, state, cause: cause ?? null, bytes, bytesMax, lost };
  return letters ? { ...summary, letters } : summary;
}

/** The edge's store, unless it is closed or has failed: then it answers nothing, and the pipeline is about to end. */
function answeringStore({ store, isStoreClosed }: ControlEnv): EdgeStore | null {
  return isStoreClosed() || store.edge?.status().state === 'failed' ? null : store.edge;
}

/** What waits for an actor: in its port, and in the store if that is where its work lies. */
function waitingFor(env: ControlEnv, actor: string): Waiting | null {
  const port = env.wires.ports.get(actor);
  if (!port) return null;
  const edge = answeringStore(env);
  if (edge && port.type === 'segments' && actor === env.cursor) {
    const { readings, bytes, oldestMs } = edge.backlog(env.cursor, statesStream);
    return { readings, bytes, oldestMs, bytesMax: edge.status().bytesMax };
  }
  const { readingsIn, readingsOut, bytesIn, bytesOut, oldestMs } = port.counts();
  let held: Waiting = {
    readings: countsReadings(port.type) ? readingsIn - readingsOut : null,
    bytes: bytesIn - bytesOut,
    oldestMs,
    bytesMax: port.bytesMax,
  };
  const { kind, config } = env.plan.actors.find(({ name }) => name === actor)!;
  if (!edge || kind.accepts !== 'readings' || kind.store !== 'edge') return held;
  // Accepted, and not sealed yet.
  for (const stream of edge.streams()) {
    if (stream === statesStream) continue;
    const { count, bytes, sinceMs } = edge.openSegment(stream);
    const oldest = Math.min(held.oldestMs ?? Number.POSITIVE_INFINITY, sinceMs ?? Number.POSITIVE_INFINITY);
    held = {
      ...held,
      readings: held.readings! + count,
      bytes: held.bytes + bytes,
      oldestMs: oldest === Number.POSITIVE_INFINITY ? null : oldest,
    };
  }
  const { size = 0 } = config as { size?: number };
  return { ...held, bytesMax: port.bytesMax + size };
}
