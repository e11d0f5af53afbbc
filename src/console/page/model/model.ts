/**
 * The world as signals, for views: one for each pipeline and each actor, so that an event redraws what it is about and nothing else.
 * Knows neither network nor screen: `stream.ts` feeds it live, `replay.ts` from a recording.
 */
import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Problem } from '../../../contract/errors.ts';
import type { ActorStatus, PipelineStatus } from '../../../contract/status.ts';
import type { ConsoleEvent, HelloEvent } from '../../wire.ts';
import { createPast, type Past, type PastView } from './past.ts';
import { type ActorWorld, emptyWorld, fold, type PipelineWorld, type World } from './world.ts';

export interface Connection {
  /**
   * - `connecting`: for the first time
   * - `live`: what is shown is now
   * - `lost`: what is shown is old
   * - `replay`: what is shown is a recording
   */
  readonly state: 'connecting' | 'live' | 'lost' | 'replay';
  /** When it is tried again, on the page's own clock (`model.clockMs`); `null` while it is being tried. */
  readonly retryAtMs: number | null;
  /** Why, when it is lost. */
  readonly reason: string | null;
}

/** Why something shown is old. */
export interface Stale {
  /** It was true then, on the console's clock, ms since 1970. */
  readonly asOfMs: number;
  /**
   * - `console`: the page hears nothing from the console
   * - `pipeline`: the console cannot reach the pipeline
   * - `ended`: the pipeline ended in order
   * - `silent`: the pipeline is reached and says nothing
   */
  readonly why: 'console' | 'pipeline' | 'ended' | 'silent';
  readonly cause: Problem | null;
}

export interface ActorModel {
  readonly pipeline: PipelineModel;
  readonly name: string;
  readonly known: ReadonlySignal<ActorWorld>;
  /** Of `known`; changes less often than its frames. */
  readonly status: ReadonlySignal<ActorStatus | null>;
}

export interface PipelineModel {
  readonly name: string;
  readonly known: ReadonlySignal<PipelineWorld>;
  readonly status: ReadonlySignal<PipelineStatus | null>;
  /** In the order data flows, each followed by those that belong to it. Changes when one comes or goes. */
  readonly actors: ReadonlySignal<readonly ActorModel[]>;
  actor(name: string): ActorModel | undefined;
  /** `null` while what is shown is now (or the recording's now). */
  readonly stale: ReadonlySignal<Stale | null>;
  /** Ms since 1970: the time that is to be shown. Stands still while it is stale, so that nothing counts down that nobody knows of. */
  readonly nowMs: ReadonlySignal<number>;
}

export interface Model {
  readonly hello: ReadonlySignal<HelloEvent | null>;
  readonly connection: ReadonlySignal<Connection>;
  /** The page is shown a recording. */
  readonly isReplay: ReadonlySignal<boolean>;
  /** In the order they became known. */
  readonly pipelines: ReadonlySignal<readonly PipelineModel[]>;
  pipeline(name: string): PipelineModel | undefined;
  /** What happened; renewed at most once a frame of the screen. */
  readonly past: ReadonlySignal<PastView>;
  /** The console's clock, or the recording's; stands still while the console is not heard. */
  readonly nowMs: ReadonlySignal<number>;
  /** The console's clock, which also goes on while it is not heard. */
  readonly clockMs: ReadonlySignal<number>;
}

/** A model, and what feeds it. */
export interface ModelFeed {
  readonly model: Model;
  hello(event: HelloEvent): void;
  /** Takes several events at once. */
  take(events: readonly ConsoleEvent[]): void;
  /** Shows a world that was folded elsewhere, with the past up to it. */
  show(world: World, past: PastView): void;
  connect(connection: Connection): void;
  /** The page's clock goes on; for a recording, the time that is shown. */
  tick(pageMs: number): void;
}

/** A pipeline that is reached says something twice a second; after so long it hangs. */
const silentMs = 6_000;

export function createModel(startMs: number, past: Past = createPast()): ModelFeed {
  let world = emptyWorld;
  let offsetMs = 0;
  const hello = signal<HelloEvent | null>(null);
  const connection = signal<Connection>({ state: 'connecting', retryAtMs: null, reason: null });
  const shownPast = signal<PastView>(past.view());
  const nowMs = signal(startMs);
  const clockMs = signal(startMs);
  const heardMs = signal(startMs);
  const list = signal<readonly PipelineFeed[]>([]);
  const around: Around = { connection, nowMs, heardMs };

  const show = (next: World, view: PastView) => {
    world = next;
    batch(() => {
      shownPast.value = view;
      const before = list.peek();
      const after: PipelineFeed[] = [];
      for (const each of next.pipelines.values()) {
        const feed = before.find(({ name }) => name === each.name);
        if (feed) feed.set(each);
        after.push(feed ?? createPipeline(each, around));
      }
      if (after.length !== before.length || after.some((feed, i) => feed !== before[i])) list.value = after;
    });
  };

  const model: Model = {
    ...{ hello, connection, past: shownPast, nowMs, clockMs },
    isReplay: computed(() => connection.value.state === 'replay'),
    pipelines: computed(() => list.value.map((feed) => feed.model)),
    pipeline: (name) => list.value.find((feed) => feed.name === name)?.model,
  };
  return {
    model,
    hello(event) {
      if (hello.peek() && hello.peek()!.life !== event.life) {
        past.clear();
        show(emptyWorld, past.view());
      }
      hello.value = event;
      offsetMs = event.nowMs - clockMs.peek() + offsetMs;
    },
    take(events) {
      for (const event of events) {
        world = fold(world, event);
        past.add(event);
      }
      heardMs.value = clockMs.peek();
      show(world, past.view());
    },
    show,
    connect(next) {
      connection.value = next;
    },
    tick(pageMs) {
      batch(() => {
        const { state } = connection.peek();
        clockMs.value = state === 'replay' ? pageMs : pageMs + offsetMs;
        if (state !== 'lost') nowMs.value = clockMs.peek();
      });
    },
  };
}

interface Around {
  readonly connection: Signal<Connection>;
  readonly nowMs: Signal<number>;
  /** When the console last said something, on its clock. */
  readonly heardMs: Signal<number>;
}

interface PipelineFeed {
  readonly name: string;
  readonly model: PipelineModel;
  set(world: PipelineWorld): void;
}

function createPipeline(first: PipelineWorld, { connection, nowMs, heardMs }: Around): PipelineFeed {
  const known = signal(first);
  const byName = new Map<string, { model: ActorModel; known: Signal<ActorWorld> }>();
  const actors = signal<readonly ActorModel[]>([]);
  const stale = computed<Stale | null>(() => {
    const { attached, cause, heardMs: saidMs, turnedMs, status } = known.value;
    const { state } = connection.value;
    if (state === 'lost')
      return { asOfMs: Math.max(saidMs ?? 0, heardMs.peek()), why: 'console', cause: null };
    if (!attached) {
      const asOfMs = saidMs ?? turnedMs ?? nowMs.peek();
      return { asOfMs, why: cause || !status ? 'pipeline' : 'ended', cause };
    }
    if (saidMs !== null && isSilent.value) return { asOfMs: saidMs, why: 'silent', cause: null };
    return null;
  });
  const isSilent = computed(() => {
    const saidMs = known.value.heardMs;
    return saidMs !== null && nowMs.value - saidMs > silentMs;
  });
  const model: PipelineModel = {
    ...{ name: first.name, known, actors, stale },
    status: computed(() => known.value.status),
    actor: (name) => {
      // Whoever asks is told when there is one.
      actors.value;
      return byName.get(name)?.model;
    },
    nowMs: computed(() => stale.value?.asOfMs ?? nowMs.value),
  };
  const set = (world: PipelineWorld) => {
    if (world === known.peek() && byName.size > 0) return;
    known.value = world;
    const after: ActorModel[] = [];
    for (const each of world.actors.values()) {
      let own = byName.get(each.name);
      if (own) own.known.value = each;
      else {
        const actorKnown = signal(each);
        const status = computed(() => actorKnown.value.status);
        own = { known: actorKnown, model: { pipeline: model, name: each.name, known: actorKnown, status } };
        byName.set(each.name, own);
      }
      after.push(own.model);
    }
    const before = actors.peek();
    if (after.length === before.length && after.every((actor, i) => actor === before[i])) return;
    for (const name of byName.keys()) if (!world.actors.has(name)) byName.delete(name);
    actors.value = after;
  };
  set(first);
  return { name: first.name, model, set };
}
