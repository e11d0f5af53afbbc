/**
 * The inspection stream in the words of Stately's inspector: one JSON object a frame, as `@statelyai/inspect` 0.7.2 sends and
 * receives them (its package is the specification; there is no handshake).
 */
import type { InspectFrame, StateValue, StepFrame } from '../contract/inspect.ts';

export const statelyVersion = '0.7.2';

interface Base {
  readonly sessionId: string;
  readonly rootId: string;
  /** Ms since 1970, as text. */
  readonly createdAt: string;
  readonly id: null;
  readonly _version: typeof statelyVersion;
}

/** Of the event: its type, and beside that what it carries. */
type SentEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface StatelySnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly value: StateValue;
  readonly context: unknown;
  readonly children: Readonly<Record<string, never>>;
  readonly historyValue: Readonly<Record<string, never>>;
  readonly tags: readonly string[];
  readonly error?: unknown;
}

export type StatelyFrame =
  | (Base & {
      readonly type: '@xstate.actor';
      readonly name: string;
      /** The machine's config as JSON text. */
      readonly definition: string;
      readonly parentId: string | undefined;
      readonly snapshot: StatelySnapshot;
    })
  | (Base & {
      readonly type: '@xstate.event';
      readonly event: SentEvent;
      readonly sourceId: string | undefined;
    })
  | (Base & {
      readonly type: '@xstate.snapshot';
      readonly event: SentEvent;
      readonly snapshot: StatelySnapshot;
    });

/** What a kind's statechart is for Stately, as JSON text; `null` for a kind that is not known. */
export type DefinitionOf = (kind: string) => string | null;

/** What was last said of one actor: frames tell contexts only when they change. */
interface Session {
  readonly rootId: string;
  value: StateValue;
  context: unknown;
}

/**
 * Translates the frames of one pipeline. Keeps one entry for each live actor.
 * Sessions are named `<pipeline>/<actor>`, which stays true over restarts.
 */
export class StatelyTranslator {
  readonly #pipeline: string;
  readonly #definitionOf: DefinitionOf;
  readonly #sessions = new Map<string, Session>();
  /** Effects that were named as a source, by the actor that invoked them. */
  readonly #effects = new Map<string, Set<string>>();

  constructor(pipeline: string, definitionOf: DefinitionOf) {
    this.#pipeline = pipeline;
    this.#definitionOf = definitionOf;
  }

  translate(frame: InspectFrame): readonly StatelyFrame[] {
    const { actor, timeMs } = frame;
    switch (frame.type) {
      case 'actor': {
        const { kind, parent, value, context } = frame;
        const rootId = this.#id(parent ?? actor);
        this.#sessions.set(actor, { rootId, value, context });
        const definition = this.#definitionOf(kind) ?? JSON.stringify({ id: kind });
        const parentId = parent === null ? undefined : this.#id(parent);
        const snapshot = snapshotOf('active', value, context);
        return [
          {
            ...this.#base(actor, rootId, timeMs),
            type: '@xstate.actor',
            name: actor,
            definition,
            parentId,
            snapshot,
          },
        ];
      }
      case 'step':
        return this.#step(frame);
      case 'end': {
        const { rootId, value, context } = this.#session(actor);
        this.#sessions.delete(actor);
        this.#effects.delete(actor);
        const status = frame.how === 'threw' ? 'error' : frame.how === 'failed' ? 'done' : 'stopped';
        const snapshot = {
          ...snapshotOf(status, value, context),
          ...(frame.cause ? { error: frame.cause } : {}),
        };
        const event = { type: frame.how === 'stopped' ? 'xstate.stop' : 'xstate.error' };
        return [{ ...this.#base(actor, rootId, timeMs), type: '@xstate.snapshot', event, snapshot }];
      }
      case 'sample':
        return [];
    }
  }

  #step(frame: StepFrame): StatelyFrame[] {
    const { actor, timeMs, source, value } = frame;
    const session = this.#session(actor);
    session.value = value;
    if (frame.context !== undefined) session.context = frame.context;
    const base = this.#base(actor, session.rootId, timeMs);
    const event = eventOf(frame);
    const sourceId = source === null ? undefined : this.#id(source);
    return [
      ...this.#effect(frame, session),
      { ...base, type: '@xstate.event', event, sourceId },
      { ...base, type: '@xstate.snapshot', event, snapshot: snapshotOf('active', value, session.context) },
    ];
  }

  /** An effect that speaks for the first time is an actor to Stately, and wants to be introduced. */
  #effect({ actor, source, timeMs }: StepFrame, { rootId }: Session): StatelyFrame[] {
    if (source === null || !source.startsWith(`${actor}#`)) return [];
    const known = this.#effects.get(actor) ?? new Set();
    if (known.has(source)) return [];
    this.#effects.set(actor, known.add(source));
    const definition = JSON.stringify({ id: source });
    const snapshot = snapshotOf('active', 'running', {});
    const parentId = this.#id(actor);
    return [
      {
        ...this.#base(source, rootId, timeMs),
        type: '@xstate.actor',
        name: source,
        definition,
        parentId,
        snapshot,
      },
    ];
  }

  #session(actor: string): Session {
    const known = this.#sessions.get(actor);
    if (known) return known;
    const session: Session = { rootId: this.#id(actor), value: '', context: {} };
    this.#sessions.set(actor, session);
    return session;
  }

  #id(actor: string): string {
    return `${this.#pipeline}/${actor}`;
  }

  #base(actor: string, rootId: string, timeMs: number): Base {
    return {
      sessionId: this.#id(actor),
      rootId,
      createdAt: String(timeMs),
      id: null,
      _version: statelyVersion,
    };
  }
}

function snapshotOf(status: StatelySnapshot['status'], value: StateValue, context: unknown): StatelySnapshot {
  return { status, value, context, children: {}, historyValue: {}, tags: [] };
}

function eventOf({ event: { type, payload } }: StepFrame): SentEvent {
  const carried = typeof payload === 'object' && payload !== null && !Array.isArray(payload) ? payload : null;
  return { ...carried, ...(carried || payload === null ? {} : { payload }), type };
}

/** A machine's config as JSON text: functions and effects are left out, names stay. */
export function definitionText(config: unknown): string {
  const path: unknown[] = [];
  return JSON.stringify(config, function (this: unknown, _, value: unknown) {
    while (path.length > 0 && path.at(-1) !== this) path.pop();
    if (typeof value === 'function' || typeof value === 'bigint' || typeof value === 'symbol')
      return undefined;
    if (typeof value === 'object' && value !== null) {
      if (path.includes(value)) return undefined;
      path.push(value);
    }
    return value;
  });
}
