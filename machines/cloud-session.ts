/** One edge's connection at the receiver: not a kind of its own, the receiver starts one for each connection. */
import { assign, sendTo, setup } from 'xstate';
import { isBug, type Problem } from '../src/contract/errors.ts';
import {
  causeIn,
  deadlineMissed,
  type Effect,
  type EndedEvent,
  type FailedEvent,
  noTrouble,
  request,
  type Task,
  type Trouble,
  task,
} from '../src/contract/kind.ts';

/** What the task `link` tells. */
export type SessionEvent =
  /** The greeting was judged good and answered. */
  | { readonly type: 'GREETED'; readonly edge: string }
  /** Segments came in whole. */
  | { readonly type: 'RECEIVED' }
  | { readonly type: 'CLOSED'; readonly cause?: Problem };

/** What the machine tells the task `link`. */
export type SessionCommand = { readonly type: 'GOODBYE' } | { readonly type: 'DROP' };

export interface CloudSessionEffects {
  link: Task<undefined, SessionEvent, SessionCommand>;
  commit: Effect<undefined, { readonly committed: number }>;
  acknowledge: Effect<undefined, { readonly waiting: number }>;
  finish: Effect<undefined, void>;
}

interface Context extends Trouble {
  /** Of this connection: thousands of sessions share one statechart. */
  readonly effects: CloudSessionEffects;
  readonly edge: string | null;
  /** Something came in after the last look at what waits. */
  readonly more: boolean;
}

/** Why each effect is there; the reference prints it with the receiver's. */
export const cloudSessionEffects = {
  link: { as: 'task', does: 'Owns the connection of one edge: greeting, frames in, heartbeats, goodbye.' },
  commit: {
    as: 'request',
    does: 'Puts everything received so far into the store, bytes and receipts in one transaction.',
  },
  acknowledge: { as: 'request', does: 'Acknowledges what was committed, with the forecasts that are ready.' },
  finish: { as: 'request', does: 'Waits for the commit under way and acknowledges it.' },
} as const;

const effectsOf = ({ context }: { context: Context }) => context.effects;

/**
 * The statechart of a session; its input is the effects of that session. It ends in `closed`, in `lost` with a cause, or
 * in `failed` when the store did.
 */
export const cloudSession = setup({
  types: {
    context: {} as Context,
    input: {} as CloudSessionEffects,
    events: {} as SessionEvent | EndedEvent | FailedEvent | { type: 'STOP' },
  },
  actors: {
    link: task<CloudSessionEffects, SessionEvent, SessionCommand>((io) =>
      io.input.link({ ...io, input: undefined }),
    ),
    commit: request((effects: CloudSessionEffects, signal) => effects.commit(undefined, signal)),
    acknowledge: request((effects: CloudSessionEffects, signal) => effects.acknowledge(undefined, signal)),
    finish: request((effects: CloudSessionEffects, signal) => effects.finish(undefined, signal)),
  },
  actions: {
    noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
    drop: sendTo('link', { type: 'DROP' }),
    sayGoodbye: sendTo('link', { type: 'GOODBYE' }),
  },
  guards: {
    hasCause: ({ event }) => causeIn(event) !== undefined,
    moreCame: ({ context, event }) =>
      context.more || ('output' in event && (event.output as { readonly waiting: number }).waiting > 0),
    beyondRepair: ({ event }) => {
      const cause = causeIn(event);
      return cause !== undefined && (isBug(cause) || cause.code === 'store-failed');
    },
  },
}).createMachine({
  id: 'cloud-session',
  context: ({ input }) => ({ ...noTrouble, effects: input, edge: null, more: false }),
  invoke: { id: 'link', src: 'link', input: effectsOf },
  initial: 'greeting',
  on: {
    STOP: '.closing',
    CLOSED: [{ guard: 'hasCause', target: '.lost', actions: 'noteTrouble' }, { target: '.closed' }],
    FAILED: { target: '.failed', actions: 'noteTrouble' },
    ENDED: { target: '.failed', actions: 'noteTrouble' },
  },
  states: {
    greeting: {
      on: { GREETED: { target: 'receiving', actions: assign({ edge: ({ event }) => event.edge }) } },
      // The link closes at its handshake deadline and the store has a watchdog; this one is behind both.
      after: {
        60000: {
          target: 'lost',
          actions: ['drop', assign({ cause: deadlineMissed('no greeting within the deadline') })],
        },
      },
    },
    // Heartbeats have deadlines in the link: a silent edge ends this state by CLOSED.
    receiving: { tags: ['rest'], on: { RECEIVED: 'committing' } },
    committing: {
      entry: assign({ more: false }),
      on: { STOP: 'finishing' },
      invoke: {
        src: 'commit',
        input: effectsOf,
        onDone: 'acknowledging',
        // The effect has said why to the edge; dropping now would swallow that.
        onError: [
          { guard: 'beyondRepair', target: 'failed', actions: 'noteTrouble' },
          { target: 'lost', actions: 'noteTrouble' },
        ],
      },
    },
    acknowledging: {
      on: { RECEIVED: { actions: assign({ more: true }) }, STOP: 'finishing' },
      invoke: {
        src: 'acknowledge',
        input: effectsOf,
        onDone: [{ guard: 'moreCame', target: 'committing' }, { target: 'receiving' }],
        onError: [
          { guard: 'beyondRepair', target: 'failed', actions: ['noteTrouble', 'drop'] },
          { target: 'lost', actions: ['noteTrouble', 'drop'] },
        ],
      },
    },
    // Told to stop in mid-commit: that much is still acknowledged. What waits behind it, the edge sends again.
    finishing: {
      invoke: { src: 'finish', input: effectsOf, onDone: 'closing', onError: 'closing' },
      on: { STOP: {} },
      after: { 2000: 'closing' },
    },
    closing: {
      entry: 'sayGoodbye',
      on: { STOP: {} },
      after: { 3000: { target: 'closed', actions: 'drop' } },
    },
    failed: { type: 'final', tags: ['failed'] },
    lost: { type: 'final', tags: ['trouble'] },
    closed: { type: 'final' },
  },
});
