/** What a console knows of its pipelines at one moment. Values never change: each event makes a new world that shares what it left alone. */
import type { Problem } from '../../../contract/errors.ts';
import type {
  EndFrame,
  InspectFrame,
  RunningTimer,
  StateValue,
  StepFrame,
} from '../../../contract/inspect.ts';
import type { ActorStatus, PipelineStatus, WireStatus } from '../../../contract/status.ts';
import type { ConsoleEvent, PipelineEvent } from '../../wire.ts';

/** An actor by its frames: ahead of its status by up to half a second. */
export interface LiveActor {
  readonly kind: string;
  readonly parent: string | null;
  /** Path of its state. */
  readonly state: string;
  readonly value: StateValue;
  /** When it came into that state, by its frames, ms since 1970; `null` when it was there before somebody looked. */
  readonly sinceMs: number | null;
  /** Redacted and capped. */
  readonly context: unknown;
  readonly timers: readonly RunningTimer[];
  readonly last: StepFrame | null;
  /** Set once its life is over. */
  readonly ended: EndFrame | null;
}

export interface ActorWorld {
  readonly name: string;
  readonly kind: string;
  /** `null` for one that no status names: too many sessions, or none was said yet. */
  readonly status: ActorStatus | null;
  /** `null` before its first frame. */
  readonly live: LiveActor | null;
}

export interface PipelineWorld {
  readonly name: string;
  readonly attached: boolean;
  /** Why it cannot be reached. */
  readonly cause: Problem | null;
  /** When it was attached or lost, ms since 1970 on the console's clock; `null` when it was never attached. */
  readonly turnedMs: number | null;
  /** When the last word of any kind came from it, on the console's clock; `null` when none has. */
  readonly heardMs: number | null;
  readonly status: PipelineStatus | null;
  /** What its wires said in the last seconds, oldest first: for what flows through them. */
  readonly earlier: readonly { readonly nowMs: number; readonly wires: readonly WireStatus[] }[];
  /** By name: first those of its file or status in the order data flows, then others. */
  readonly actors: ReadonlyMap<string, ActorWorld>;
}

export interface World {
  /** Of the last event in it; 0 for none. */
  readonly eventId: number;
  readonly timeMs: number;
  readonly pipelines: ReadonlyMap<string, PipelineWorld>;
}

export const emptyWorld: World = { eventId: 0, timeMs: 0, pipelines: new Map() };

/** Sessions that are over and still known. */
const endedMax = 200;

/** Means of so long say what flows: as long as those of actors, so that one does not tremble beside the other. */
const earlierMs = 10_000;

const unknownPipeline = (name: string): PipelineWorld => ({
  ...{ name, attached: false, cause: null, turnedMs: null, heardMs: null, status: null },
  ...{ earlier: [], actors: new Map() },
});

/** The world after one more event. */
export function fold(world: World, event: ConsoleEvent): World {
  const stamped = { ...world, eventId: event.id, timeMs: event.timeMs };
  if (event.type === 'reset') return { ...stamped, pipelines: new Map() };
  if (event.type === 'entries') return stamped;
  const name = event.type === 'status' ? event.status.pipeline : event.pipeline;
  const before = world.pipelines.get(name) ?? unknownPipeline(name);
  const after = changed(before, event);
  const pipelines = new Map(world.pipelines).set(name, after);
  return { ...stamped, pipelines };
}

function changed(before: PipelineWorld, event: Exclude<ConsoleEvent, { type: 'reset' | 'entries' }>) {
  if (event.type === 'pipeline') return withPipeline(before, event);
  const heard = { ...before, heardMs: event.timeMs };
  if (event.type === 'status') return withStatus(heard, event.status);
  return { ...heard, actors: withFrames(before.actors, event.frames) };
}

function withPipeline(before: PipelineWorld, event: PipelineEvent): PipelineWorld {
  const { attached, cause } = event;
  const turned = attached !== before.attached;
  // What its statecharts did before it was lost is not what they do now.
  const known = turned && attached ? withoutLive(before.actors) : before.actors;
  const actors = before.status ? known : named(known, event.actors);
  return {
    ...before,
    ...{ attached, cause, actors },
    turnedMs: turned ? event.timeMs : before.turnedMs,
    heardMs: turned && attached ? event.timeMs : before.heardMs,
  };
}

function withoutLive(actors: ReadonlyMap<string, ActorWorld>): Map<string, ActorWorld> {
  const kept = [...actors].filter(([, { status }]) => status !== null);
  return new Map(kept.map(([name, actor]) => [name, { ...actor, live: null }]));
}

function named(
  known: ReadonlyMap<string, ActorWorld>,
  actors: readonly { readonly name: string; readonly kind: string }[],
): Map<string, ActorWorld> {
  const first = actors.map(({ name, kind }): [string, ActorWorld] => {
    const before = known.get(name);
    return [name, before?.kind === kind ? before : { name, kind, status: null, live: before?.live ?? null }];
  });
  const all = new Map(first);
  for (const [name, actor] of known) if (!all.has(name) && actor.live) all.set(name, actor);
  return all;
}

function withStatus(before: PipelineWorld, status: PipelineStatus): PipelineWorld {
  const actors = new Map<string, ActorWorld>();
  for (const each of status.actors) {
    const live = before.actors.get(each.name)?.live ?? null;
    actors.set(each.name, { name: each.name, kind: each.kind, status: each, live });
  }
  const others = [...before.actors.values()].filter(({ name, live }) => live && !actors.has(name));
  const ended = others.filter(({ live }) => live!.ended);
  const forgotten = new Set(ended.slice(0, Math.max(0, ended.length - endedMax)));
  for (const other of others) {
    if (!forgotten.has(other)) actors.set(other.name, { ...other, status: null });
  }
  return { ...before, status, actors, earlier: withWires(before, status) };
}

function withWires({ earlier, status: last }: PipelineWorld, { nowMs, startedMs, wires }: PipelineStatus) {
  if (!wires || last?.startedMs !== startedMs) return wires ? [{ nowMs, wires }] : [];
  return [...earlier.filter((one) => nowMs - one.nowMs <= earlierMs && one.nowMs < nowMs), { nowMs, wires }];
}

function withFrames(before: ReadonlyMap<string, ActorWorld>, frames: readonly InspectFrame[]) {
  let actors: Map<string, ActorWorld> | null = null;
  for (const frame of frames) {
    if (frame.type === 'sample') continue;
    actors ??= new Map(before);
    const actor = actors.get(frame.actor);
    const live = afterFrame(actor?.live ?? null, frame);
    if (!live) continue;
    const kind = actor?.kind ?? live.kind;
    actors.set(frame.actor, { name: frame.actor, kind, status: actor?.status ?? null, live });
  }
  return actors ?? before;
}

/** The actor after one of its frames; also for a view of how it was then. `null` when nothing is known of it. */
export function afterFrame(before: LiveActor | null, frame: InspectFrame): LiveActor | null {
  if (frame.type === 'actor') {
    const { kind, parent, state, value, context, timers, known, timeMs } = frame;
    return {
      kind,
      parent,
      state,
      value,
      context,
      timers,
      last: null,
      ended: null,
      sinceMs: known ? null : timeMs,
    };
  }
  if (frame.type === 'end') return before && { ...before, timers: [], ended: frame };
  if (frame.type === 'sample') return before;
  const known = before ?? { kind: '', parent: null, sinceMs: null, context: null, timers: [], ended: null };
  return {
    ...known,
    state: frame.to,
    value: frame.value,
    sinceMs: frame.from === frame.to ? known.sinceMs : frame.timeMs,
    context: 'context' in frame ? frame.context : known.context,
    timers: frame.timers ?? known.timers,
    last: frame,
  };
}
