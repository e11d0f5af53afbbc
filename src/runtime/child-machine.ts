/** How the parent looks after one pipeline's process. */
import { assign, sendTo, setup } from 'xstate';
import type { Problem } from '../contract/errors.ts';
import {
  causeIn,
  deadlineMissed,
  type EndedEvent,
  noTrouble,
  type Task,
  type Trouble,
  task,
} from '../contract/kind.ts';

export type ChildEvent =
  /** It joined and runs its pipeline. */
  | { readonly type: 'READY' }
  /** It ended in order, or somebody drained it. */
  | { readonly type: 'DONE' }
  /** It ended otherwise. `final`: starting it again is of no use; `killed`: somebody else ended it. */
  | { readonly type: 'DIED'; readonly cause: Problem; readonly final: boolean; readonly killed?: boolean };

export type ChildCommand = { readonly type: 'DRAIN'; readonly deadlineMs: number };

export interface ChildEffects {
  /** One life of the process; aborting kills it. */
  child: Task<undefined, ChildEvent, ChildCommand>;
  retryInMs: (attempt: number) => number;
}

/** Restarts in a row, none of which lasted `steadyMs`, after which a pipeline is given up. */
const restartsMax = 5;
const steadyMs = 60_000;
/** Room for the imports of a slow device. */
const startDeadlineMs = 60_000;
const notReady = deadlineMissed('its process did not begin its work within 1m');

export function childMachine(effects: ChildEffects) {
  return setup({
    types: {
      context: {} as Trouble,
      events: {} as
        | ChildEvent
        | EndedEvent
        | { type: 'FAILED'; cause: Problem }
        | { type: 'RETRY' }
        | { type: 'STOP'; deadlineMs: number },
    },
    actors: { child: task(effects.child) },
    actions: {
      well: assign(noTrouble),
      noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? notReady })),
      planRestart: assign(({ context, event }) => ({
        cause: causeIn(event) ?? notReady,
        attempt: context.attempt + 1,
        retryInMs: effects.retryInMs(context.attempt + 1),
      })),
      // Not its own failure, so it does not count, however often it happens.
      planRestartOfKilled: assign(({ event }) => ({
        cause: causeIn(event) ?? notReady,
        attempt: 0,
        retryInMs: effects.retryInMs(1),
      })),
      drain: sendTo('child', ({ event }) => ({
        type: 'DRAIN',
        deadlineMs: event.type === 'STOP' ? event.deadlineMs : 0,
      })),
    },
    guards: {
      killed: ({ event }) => event.type === 'DIED' && event.killed === true && !event.final,
      hopeless: ({ context, event }) =>
        (event.type === 'DIED' && event.final) || context.attempt >= restartsMax,
    },
    delays: { restart: ({ context }) => context.retryInMs ?? 0 },
  }).createMachine({
    id: 'child',
    context: noTrouble,
    initial: 'alive',
    states: {
      alive: {
        invoke: { id: 'child', src: 'child' },
        initial: 'starting',
        on: {
          DONE: 'stopped',
          DIED: [
            { guard: 'killed', target: 'waitingToRestart', actions: 'planRestartOfKilled' },
            { guard: 'hopeless', target: 'failed', actions: 'noteTrouble' },
            { target: 'waitingToRestart', actions: 'planRestart' },
          ],
          FAILED: { target: 'failed', actions: 'noteTrouble' },
          ENDED: { target: 'failed', actions: 'noteTrouble' },
        },
        states: {
          starting: {
            on: { READY: 'running', STOP: 'draining' },
            after: {
              [startDeadlineMs]: [
                { guard: 'hopeless', target: '#child.failed', actions: 'noteTrouble' },
                { target: '#child.waitingToRestart', actions: 'planRestart' },
              ],
            },
          },
          running: {
            tags: ['rest'],
            on: { STOP: 'draining' },
            after: { [steadyMs]: { actions: 'well' } },
          },
          draining: {
            entry: 'drain',
            on: { DIED: { target: '#child.failed', actions: 'noteTrouble' }, STOP: {} },
            // The task kills it at its deadline; this one is behind that.
            after: { 10000: '#child.stopped' },
          },
        },
      },
      waitingToRestart: {
        tags: ['trouble'],
        on: { STOP: 'stopped', RETRY: 'alive' },
        after: { restart: 'alive' },
      },
      failed: { type: 'final', tags: ['failed'] },
      stopped: { type: 'final' },
    },
  });
}
