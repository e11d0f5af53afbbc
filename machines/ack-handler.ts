/** Deletes from the edge what the cloud has on its disk, and passes its forecasts on to people. */
import { assign, setup } from 'xstate';
import { z } from 'zod';
import {
  type ControlEvent,
  causeIn,
  deadlineMissed,
  defineKind,
  type EndedEvent,
  type FailedEvent,
  noTrouble,
  type Task,
  type Trouble,
  task,
} from '../src/contract/kind.ts';

const config = z.strictObject({});

export type AckHandlerConfig = z.output<typeof config>;

/** What the task `settle` tells. */
export type SettleEvent =
  /** Acknowledgements came; their segments are being deleted. */
  | { readonly type: 'ACKNOWLEDGED'; readonly count: number }
  /** They are deleted, in one transaction with the cursor. */
  | { readonly type: 'DELETED'; readonly segments: number };

export interface AckHandlerEffects {
  settle: Task<AckHandlerConfig, SettleEvent>;
}

interface Context extends Trouble {
  readonly config: AckHandlerConfig;
}

export const ackHandler = defineKind<'ack-handler', typeof config, AckHandlerEffects>({
  name: 'ack-handler',
  purpose:
    'Deletes from the edge what the cloud has acknowledged by its hash, and tells the forecast that came along.',
  config,
  accepts: 'acknowledgements',
  emits: null,
  store: 'edge',
  placeable: false,
  single: true,
  onFailed: 'exit',
  example: `acks:
  kind: ack-handler`,
  effects: {
    settle: {
      as: 'task',
      does: 'Takes acknowledgements from the port; moves the cursor and deletes in one transaction; reports forecasts.',
    },
  },
  statechart: (effects) =>
    setup({
      types: {
        context: {} as Context,
        input: {} as { config: AckHandlerConfig },
        events: {} as SettleEvent | EndedEvent | FailedEvent | ControlEvent,
      },
      actors: { settle: task(effects.settle) },
      actions: {
        noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
        noteDeadline: assign({
          cause: deadlineMissed('the store did not delete what the cloud acknowledged within 1m'),
        }),
      },
    }).createMachine({
      id: 'ack-handler',
      context: ({ input }) => ({ ...noTrouble, config: input.config }),
      invoke: { id: 'settle', src: 'settle', input: ({ context }) => context.config },
      initial: 'waiting',
      on: {
        STOP: '.stopped',
        FAILED: { target: '.failed', actions: 'noteTrouble' },
        ENDED: { target: '.failed', actions: 'noteTrouble' },
      },
      states: {
        waiting: { tags: ['rest'], on: { ACKNOWLEDGED: 'deleting' } },
        deleting: {
          on: { DELETED: 'waiting' },
          // The store has a watchdog of its own for a commit that does not settle and fails the task then.
          after: { 60000: { target: 'failed', actions: 'noteDeadline' } },
        },
        failed: { type: 'final', tags: ['failed'] },
        stopped: { type: 'final' },
      },
    }),
});
