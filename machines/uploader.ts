/** Brings sealed segments to the cloud over a link that comes and goes. */
import { assign, sendTo, setup } from 'xstate';
import { z } from 'zod';
import { duration, hostName, number, retryPolicy, secret, tcpPort } from '../src/contract/config.ts';
import type { Problem } from '../src/contract/errors.ts';
import {
  type ControlEvent,
  causeIn,
  deadlineMissed,
  defineKind,
  type Effect,
  type EndedEvent,
  type FailedEvent,
  nextAttempt,
  noTrouble,
  request,
  type Task,
  type Trouble,
  task,
} from '../src/contract/kind.ts';
import { linkPort } from '../src/contract/link.ts';
import { clientTls, guardDialler, insecure } from '../src/contract/tls-config.ts';
import { deadLetters, retention, uploadWindow } from '../src/contract/uploader-config.ts';

const fields = z.strictObject({
  cloud: z
    .strictObject({
      host: hostName().prefault('127.0.0.1').describe('Host of the receiver.'),
      port: tcpPort().prefault(linkPort).describe('Port of the receiver.'),
    })
    .prefault({})
    .describe('Where the cloud listens.'),
  tls: clientTls(),
  token: secret(
    z.string().regex(/^[\x21-\x7e]{0,256}$/, 'expected at most 256 letters, digits and signs without spaces'),
  )
    .prefault('')
    .describe('Token of this edge, for a cloud that wants one instead of a certificate.'),
  insecure: insecure(),
  'connect-timeout': duration({ min: '50ms', max: '5m' })
    .prefault('10s')
    .describe('Longest wait for a connection.'),
  'greet-timeout': duration({ min: '50ms', max: '5m' })
    .prefault('10s')
    .describe('Longest wait for the greeting.'),
  'ack-timeout': duration({ min: '100ms', max: '1h' })
    .prefault('2m')
    .describe(
      'Longest time without an acknowledgement while something is on its way; then the link is made anew. ' +
        'Must allow for a whole segment on the slowest link. (A link that is dead is noticed by heartbeats, long before.)',
    ),
  window: uploadWindow(),
  compression: z
    .enum(['none', 'zstd'])
    .prefault('none')
    .describe('How segments travel, if the cloud agrees; readings shrink to a tenth or less for 1 ms a MiB.'),
  'compression-level': number({ min: 1, max: 19, integer: true })
    .prefault(1)
    .describe('1 is fastest; above 3 it costs several times as much and saves next to nothing on readings.'),
  'dead-letters': deadLetters(),
  retention: retention(),
  retry: retryPolicy(),
});
const config = fields.superRefine(guardDialler);

export type UploaderConfig = z.output<typeof config>;

/** What the task `link` tells. */
export type UploadEvent =
  | { readonly type: 'CONNECTED'; readonly remote: string }
  /** Greeted, and what the greeting taught is on the disk. */
  | { readonly type: 'GREETED'; readonly backlog: number }
  /** The cloud's history and ours do not continue each other. */
  | { readonly type: 'FORKED'; readonly cause: Problem }
  /** The cloud does not want us. `lasting`: trying again soon is of no use. */
  | {
      readonly type: 'REFUSED';
      readonly cause: Problem;
      readonly lasting: boolean;
      readonly retryAfterMs?: number;
      /** Which attempt the next one is, where that is counted elsewhere. */
      readonly attempt?: number;
    }
  /** Segments are there to be sent. */
  | { readonly type: 'BACKLOG' }
  /** Everything sealed is on its way; `waiting` segments are unacknowledged. */
  | { readonly type: 'ALL_SENT'; readonly waiting: number }
  /** An acknowledgement was taken by the port; `waiting` segments are still unacknowledged. */
  | { readonly type: 'ACKNOWLEDGED'; readonly waiting: number }
  | { readonly type: 'LOST'; readonly cause: Problem }
  /** The link is down because we wanted it. */
  | { readonly type: 'DOWN' };

/** What the machine tells the task `link`. */
export type UploadCommand =
  | { readonly type: 'DIAL' }
  | { readonly type: 'GREET' }
  /** Send what is there, within the window. */
  | { readonly type: 'SEND' }
  /** Say goodbye and close; answered by `DOWN`. */
  | { readonly type: 'GOODBYE' }
  /** Close at once. */
  | { readonly type: 'DROP' };

export interface UploaderEffects {
  link: Task<UploaderConfig, UploadEvent, UploadCommand>;
  fork: Effect<{ readonly cause: Problem }, void>;
  retryInMs: (attempt: number) => number;
}

interface Context extends Trouble {
  readonly config: UploaderConfig;
  readonly remote: string | null;
}

/** An attempt so late that its wait is the longest. */
const longestWait = 1_000;

/** How long the cloud asked us to stay away, in ms. */
function wishOf(event: UploadEvent | { readonly type: string }): number {
  return event.type === 'REFUSED' && 'retryAfterMs' in event ? (event.retryAfterMs ?? 0) : 0;
}

function attemptOf(event: UploadEvent | { readonly type: string }): number | undefined {
  return event.type === 'REFUSED' && 'attempt' in event ? event.attempt : undefined;
}

const noContinuation = deadlineMissed('the history does not continue');

export const uploader = defineKind<'uploader', typeof config, UploaderEffects>({
  name: 'uploader',
  purpose:
    'Brings sealed segments to the cloud over a link that comes and goes; resends until the cloud acknowledges.',
  config,
  accepts: 'segments',
  emits: 'acknowledgements',
  store: 'edge',
  placeable: false,
  single: true,
  onFailed: 'exit',
  example: `uploader:
  kind: uploader
  cloud: { host: cloud.example.org, port: 7070 }
  tls: { dir: /etc/fogrun/keys }
  retry: { every: 1s, factor: 1.5, max: 1m, jitter: 0.2 }
  to: acks`,
  effects: {
    link: {
      as: 'task',
      does: 'Owns the connection: dials, greets, sends within the window, hands acknowledgements to the port.',
    },
    fork: { as: 'request', does: 'Begins a new epoch in the store for what was not acknowledged.' },
    retryInMs: { as: 'instant', does: 'Says how long to wait before an attempt.' },
  },
  statechart: (effects) =>
    setup({
      types: {
        context: {} as Context,
        input: {} as { config: UploaderConfig },
        events: {} as UploadEvent | EndedEvent | FailedEvent | ControlEvent,
      },
      actors: { link: task(effects.link), fork: request(effects.fork) },
      actions: {
        dial: sendTo('link', { type: 'DIAL' }),
        greet: sendTo('link', { type: 'GREET' }),
        send: sendTo('link', { type: 'SEND' }),
        sayGoodbye: sendTo('link', { type: 'GOODBYE' }),
        drop: sendTo('link', { type: 'DROP' }),
        well: assign(noTrouble),
        noteRemote: assign({
          remote: ({ event, context }) => (event.type === 'CONNECTED' ? event.remote : context.remote),
        }),
        noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
        planRetry: assign(({ context, event }) => {
          const { host, port } = context.config.cloud;
          const trouble = nextAttempt(
            context,
            event,
            effects.retryInMs,
            deadlineMissed(`the cloud at ${host}:${port} did not answer within the deadline`),
          );
          // On top of our own wait: edges that were all told the same time must not come back together.
          return { ...trouble, retryInMs: (trouble.retryInMs ?? 0) + wishOf(event) };
        }),
        planLongRetry: assign(({ context, event }) => ({
          cause: causeIn(event) ?? null,
          attempt: attemptOf(event) ?? context.attempt + 1,
          retryInMs: effects.retryInMs(2 * (attemptOf(event) ?? longestWait)) + wishOf(event),
        })),
        // Why it forked stays the cause.
        planRetryOfFork: assign(({ context }) =>
          nextAttempt(context, context, effects.retryInMs, noContinuation),
        ),
      },
      guards: {
        lasting: ({ event }) => event.type === 'REFUSED' && event.lasting,
        nothingWaits: ({ event }) => 'waiting' in event && event.waiting === 0,
        hasBacklog: ({ event }) => event.type === 'GREETED' && event.backlog > 0,
      },
      delays: {
        retry: ({ context }) => context.retryInMs ?? 0,
        connectDeadline: ({ context }) => context.config['connect-timeout'] + 1_000,
        greetDeadline: ({ context }) => context.config['greet-timeout'],
        ackDeadline: ({ context }) => context.config['ack-timeout'],
      },
    }).createMachine({
      id: 'uploader',
      context: ({ input }) => ({ ...noTrouble, config: input.config, remote: null }),
      invoke: { id: 'link', src: 'link', input: ({ context }) => context.config },
      initial: 'connecting',
      on: {
        STOP: '.stopping',
        PAUSE: '.paused',
        FAILED: { target: '.failed', actions: 'noteTrouble' },
        ENDED: { target: '.failed', actions: 'noteTrouble' },
        LOST: { target: '.waitingToRetry', actions: 'planRetry' },
        FORKED: { target: '.forked', actions: 'noteTrouble' },
        REFUSED: [
          { guard: 'lasting', target: '.refused', actions: 'planLongRetry' },
          { target: '.waitingToRetry', actions: 'planRetry' },
        ],
      },
      states: {
        connecting: {
          entry: 'dial',
          // A fork is told after a greeting: this one comes late, from a link that is dropped, and was dealt with.
          on: { CONNECTED: { target: 'greeting', actions: 'noteRemote' }, FORKED: {} },
          after: { connectDeadline: { target: 'waitingToRetry', actions: 'planRetry' } },
        },
        greeting: {
          entry: 'greet',
          on: {
            // Well again is what gets something acknowledged, or has nothing to send.
            GREETED: [
              { guard: 'hasBacklog', target: 'sending' },
              { target: 'idle', actions: 'well' },
            ],
          },
          after: { greetDeadline: { target: 'waitingToRetry', actions: 'planRetry' } },
        },
        idle: { tags: ['rest'], on: { BACKLOG: 'sending' } },
        sending: {
          entry: 'send',
          on: {
            STOP: 'finishing',
            ALL_SENT: [{ guard: 'nothingWaits', target: 'idle', actions: 'well' }, { target: 'awaitingAck' }],
            // Re-entering starts the deadline anew: it runs from the last progress.
            ACKNOWLEDGED: { target: 'sending', reenter: true, actions: 'well' },
          },
          after: { ackDeadline: { target: 'waitingToRetry', actions: 'planRetry' } },
        },
        awaitingAck: {
          on: {
            STOP: 'finishing',
            BACKLOG: 'sending',
            ACKNOWLEDGED: [
              { guard: 'nothingWaits', target: 'idle', actions: 'well' },
              { target: 'awaitingAck', reenter: true, actions: 'well' },
            ],
          },
          after: { ackDeadline: { target: 'waitingToRetry', actions: 'planRetry' } },
        },
        waitingToRetry: {
          entry: 'drop',
          tags: ['trouble'],
          on: { RETRY: 'connecting', LOST: {}, REFUSED: {}, FORKED: {} },
          after: { retry: 'connecting' },
        },
        refused: {
          entry: 'drop',
          tags: ['trouble'],
          on: { RETRY: 'connecting', LOST: {}, REFUSED: {}, FORKED: {} },
          after: { retry: 'connecting' },
        },
        forked: {
          entry: 'drop',
          tags: ['trouble'],
          invoke: {
            src: 'fork',
            input: ({ context }) => ({ cause: context.cause ?? noContinuation }),
            // Not at once: a cloud that calls every history forked must not be answered with epochs without end.
            onDone: { target: 'waitingToRetry', actions: 'planRetryOfFork' },
            onError: { target: 'failed', actions: 'noteTrouble' },
          },
          on: { LOST: {}, REFUSED: {}, FORKED: {} },
        },
        paused: {
          entry: ['well', 'sayGoodbye'],
          tags: ['rest'],
          on: { RESUME: 'connecting', PAUSE: {}, LOST: {}, REFUSED: {}, FORKED: {} },
        },
        // Told to stop while the link is well: what is sealed goes first, and its acknowledgements are awaited for a while.
        finishing: {
          entry: 'send',
          on: {
            // Sending anew tells what still waits, or that nothing does.
            BACKLOG: { actions: 'send' },
            ACKNOWLEDGED: { actions: 'send' },
            ALL_SENT: { guard: 'nothingWaits', target: 'stopping' },
            STOP: {},
            PAUSE: {},
            LOST: 'stopped',
            REFUSED: 'stopping',
            FORKED: 'stopping',
          },
          after: { 2000: 'stopping' },
        },
        stopping: {
          entry: 'sayGoodbye',
          on: { DOWN: 'stopped', LOST: 'stopped', STOP: {}, PAUSE: {}, REFUSED: {}, FORKED: {} },
          after: { 3000: 'stopped' },
        },
        failed: { type: 'final', tags: ['failed'] },
        stopped: { type: 'final' },
      },
    }),
});
