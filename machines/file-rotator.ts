/** Puts readings into the store and seals them into segments by time and size. */
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { duration, size } from '../src/contract/config.ts';
import type { Problem } from '../src/contract/errors.ts';
import {
  type ControlEvent,
  causeIn,
  defineKind,
  type Effect,
  type EndedEvent,
  type FailedEvent,
  noTrouble,
  request,
  type Task,
  type Trouble,
  task,
} from '../src/contract/kind.ts';

const config = z.strictObject({
  every: duration({ min: '10ms', max: '7d' })
    .prefault('15s')
    .describe('Age at which an open segment is sealed, counted from its first reading.'),
  size: size({ min: '1KiB', max: '8MiB' })
    .prefault('1MiB')
    .describe('Size at which it is sealed before that.'),
  'commit-every': duration({ min: '10ms', max: '1h' })
    .optional()
    .describe(
      'Readings gather in memory for so long before they are accepted in one commit, which spares an SD card; ' +
        'what has not been accepted is lost with the power. Absent: they are committed as they come.',
    ),
});

export type FileRotatorConfig = z.output<typeof config>;

/** What the task `intake` tells. */
export type IntakeEvent =
  /**
   * Readings were accepted, and `sealed` segments that had grown large were sealed in the same commit; `bytes` is what the
   * open segment holds now, `dueInMs` when it is to be sealed.
   */
  | { readonly type: 'WRITTEN'; readonly bytes: number; readonly dueInMs: number; readonly sealed: number }
  | { readonly type: 'FULL'; readonly cause: Problem }
  | { readonly type: 'ROOM' };

/** What is left in the open segment after sealing. */
export interface Sealed {
  /** Bytes that were accepted meanwhile. */
  readonly bytes: number;
  readonly dueInMs: number;
}

export interface FileRotatorEffects {
  intake: Task<FileRotatorConfig, IntakeEvent>;
  seal: Effect<FileRotatorConfig, Sealed>;
}

/** What the answer of a sealing says is in the open segment by then. */
function leftOpen(event: { readonly type: string }): number {
  return 'output' in event ? (event.output as Sealed).bytes : 0;
}

interface Context extends Trouble {
  readonly config: FileRotatorConfig;
  readonly dueInMs: number;
}

export const fileRotator = defineKind<'file-rotator', typeof config, FileRotatorEffects>({
  name: 'file-rotator',
  purpose: 'Puts readings into the store and seals them into segments by time and size.',
  config,
  accepts: 'readings',
  emits: 'segments',
  store: 'edge',
  placeable: false,
  single: true,
  onFailed: 'exit',
  example: `rotator:
  kind: file-rotator
  every: 15s
  size: 1MiB
  to: uploader`,
  effects: {
    intake: {
      as: 'task',
      does: 'Takes batches from the port and accepts them into the store, many in one commit that also seals what has grown large; waits while it is full.',
    },
    seal: { as: 'request', does: 'Seals the open segment and tells the port.' },
  },
  statechart: (effects) =>
    setup({
      types: {
        context: {} as Context,
        input: {} as { config: FileRotatorConfig },
        events: {} as IntakeEvent | EndedEvent | FailedEvent | ControlEvent,
      },
      actors: { intake: task(effects.intake), seal: request(effects.seal) },
      actions: {
        noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
        well: assign(noTrouble),
        noteDue: assign({
          dueInMs: ({ event, context }) => ('dueInMs' in event ? event.dueInMs : context.dueInMs),
        }),
      },
      guards: {
        // Only what an earlier run left open: what grows large now is sealed in its commit.
        large: ({ context, event }) => event.type === 'WRITTEN' && event.bytes >= context.config.size,
        nothingOpen: ({ event }) => event.type === 'WRITTEN' && event.bytes === 0,
        largeAgain: ({ context, event }) => leftOpen(event) >= context.config.size,
        openAgain: ({ event }) => leftOpen(event) > 0,
        sealedSome: ({ event }) => event.type === 'WRITTEN' && event.sealed > 0,
      },
      delays: { due: ({ context }) => context.dueInMs },
    }).createMachine({
      id: 'file-rotator',
      context: ({ input }) => ({ ...noTrouble, config: input.config, dueInMs: 0 }),
      invoke: { id: 'intake', src: 'intake', input: ({ context }) => context.config },
      initial: 'empty',
      on: {
        STOP: '.stopped',
        FAILED: { target: '.failed', actions: 'noteTrouble' },
        ENDED: { target: '.failed', actions: 'noteTrouble' },
        FULL: { target: '.full', actions: 'noteTrouble' },
      },
      states: {
        empty: {
          tags: ['rest'],
          on: {
            WRITTEN: [
              { guard: 'large', target: 'sealing' },
              { guard: 'nothingOpen' },
              { target: 'filling', actions: 'noteDue' },
            ],
          },
        },
        filling: {
          on: {
            STOP: 'closing',
            WRITTEN: [
              { guard: 'large', target: 'sealing' },
              { guard: 'nothingOpen', target: 'empty' },
              // Another segment than before: it is due later.
              { guard: 'sealedSome', target: 'filling', reenter: true, actions: 'noteDue' },
            ],
          },
          after: { due: 'sealing' },
        },
        sealing: {
          invoke: {
            src: 'seal',
            input: ({ context }) => context.config,
            onDone: [
              // So much came meanwhile that it need not wait.
              { guard: 'largeAgain', target: 'sealing', reenter: true },
              {
                guard: 'openAgain',
                target: 'filling',
                actions: assign({ dueInMs: ({ event }) => event.output.dueInMs }),
              },
              { target: 'empty' },
            ],
            onError: { target: 'failed', actions: 'noteTrouble' },
          },
          // More may have come since this sealing began.
          on: { STOP: 'closing' },
        },
        full: {
          tags: ['trouble'],
          // What is there already must be able to leave: only that makes room.
          invoke: {
            src: 'seal',
            input: ({ context }) => context.config,
            onError: { target: 'failed', actions: 'noteTrouble' },
          },
          on: { FULL: {}, ROOM: { target: 'empty', actions: 'well' } },
        },
        // Told to stop: what is open is sealed, so that an orderly end can still bring it to the cloud.
        closing: {
          invoke: {
            src: 'seal',
            input: ({ context }) => context.config,
            onDone: 'stopped',
            onError: { target: 'failed', actions: 'noteTrouble' },
          },
          on: { STOP: {}, FULL: {} },
          after: { 2000: 'stopped' },
        },
        failed: { type: 'final', tags: ['failed'] },
        stopped: { type: 'final' },
      },
    }),
});
