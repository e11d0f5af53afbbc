/** Listens for edges, stores what they send, and acknowledges it once it is on the disk. */
import { assign, sendTo, setup } from 'xstate';
import { z } from 'zod';
import { boolean, duration, hostName, number, retryPolicy, size, tcpPort } from '../src/contract/config.ts';
import {
  type ControlEvent,
  causeIn,
  deadlineMissed,
  defineKind,
  type EndedEvent,
  type FailedEvent,
  nextAttempt,
  noTrouble,
  type Task,
  type Trouble,
  task,
} from '../src/contract/kind.ts';
import { linkPort } from '../src/contract/link.ts';
import { rateLimit } from '../src/contract/rate-config.ts';
import { guardListener, insecure, serverTls } from '../src/contract/tls-config.ts';

const fields = z.strictObject({
  host: hostName().prefault('127.0.0.1').describe('Address to listen on.'),
  port: tcpPort({ min: 0 }).prefault(linkPort).describe('Port to listen on; 0 takes any free one.'),
  tls: serverTls(),
  tokens: z
    .string()
    .prefault('')
    .describe(
      'File of the tokens that edges show instead of certificates, as `fogrun keys token` writes it; empty: the ' +
        '`tokens.json` of `tls.dir`. Without TLS, each edge needs one then.',
    ),
  insecure: insecure(),
  heartbeat: duration({ min: '100ms', max: '10m' })
    .prefault('5s')
    .describe('Both sides send something at least this often; three times this in silence ends a link.'),
  window: z
    .strictObject({
      segments: number({ min: 1, max: 65_536, integer: true })
        .prefault(4_096)
        .describe('Most segments an edge may have unacknowledged.'),
      bytes: size({ min: '1KiB', max: '1GiB' })
        .prefault('256MiB')
        .describe('Most bytes it may have unacknowledged, nearly all of them under way.'),
    })
    .prefault({})
    .describe('How far an edge may run ahead of its acknowledgements.'),
  memory: size({ min: '1MiB', max: '64GiB' })
    .prefault('64MiB')
    .describe(
      'For segments of all edges that are not on the disk yet. Above it, edges that have one here are read no further until ' +
        'half of it is free.',
    ),
  'frame-max': size({ min: '16KiB', max: '64MiB' })
    .prefault('16MiB')
    .describe('Longest frame taken from an edge; must hold its largest segment.'),
  compression: boolean().prefault(true).describe('Whether edges that want to may compress what they send.'),
  connections: z
    .strictObject({
      max: number({ min: 1, max: 65_536, integer: true })
        .prefault(4_096)
        .describe('Most connections at once.'),
      'per-address': number({ min: 1, max: 65_536, integer: true })
        .prefault(2_048)
        .describe('Most connections from one address.'),
      ungreeted: number({ min: 1, max: 65_536, integer: true })
        .prefault(1_024)
        .describe(
          'Most connections that have not greeted yet; above it the address that has most of them yields to others.',
        ),
      greeting: number({ min: 1, max: 65_536, integer: true })
        .prefault(256)
        .describe('Most edges greeted at once; any more are told to come again later.'),
    })
    .prefault({})
    .describe('Caps on connections.'),
  rate: rateLimit(),
  'bind-attempts': number({ min: 1, max: 1_000, integer: true })
    .prefault(3)
    .describe('Attempts to listen before giving up.'),
  retry: retryPolicy(),
});
const config = fields.superRefine(guardListener);

export type CloudReceiverConfig = z.output<typeof config>;

/** What the task `listener` tells. */
export type ReceiverEvent = { readonly type: 'LISTENING'; readonly host: string; readonly port: number };

/** What the machine tells the task `listener`. */
export type ReceiverCommand = { readonly type: 'CLOSE' };

export interface CloudReceiverEffects {
  /** Ends by itself once `CLOSE` has been carried out. */
  listener: Task<CloudReceiverConfig, ReceiverEvent, ReceiverCommand>;
  retryInMs: (attempt: number) => number;
}

interface Context extends Trouble {
  readonly config: CloudReceiverConfig;
  readonly address: string | null;
}

const notInTime = deadlineMissed('the receiver did not start in time');

function isLastAttempt({ attempt, config }: Context): boolean {
  return attempt + 1 >= config['bind-attempts'];
}

export const cloudReceiver = defineKind<'cloud-receiver', typeof config, CloudReceiverEffects>({
  name: 'cloud-receiver',
  purpose: 'Listens for edges, stores their segments with receipts, and acknowledges what is on its disk.',
  config,
  accepts: 'messages',
  acceptsOptional: true,
  emits: 'received',
  emitsOptional: true,
  store: 'cloud',
  serves: true,
  placeable: false,
  single: true,
  onFailed: 'exit',
  example: `receiver:
  kind: cloud-receiver
  host: 127.0.0.1
  port: 7070
  to: forecaster`,
  effects: {
    listener: {
      as: 'task',
      does: 'Listens and starts a session for each connection; on CLOSE it stops listening and lets every session end.',
    },
    retryInMs: { as: 'instant', does: 'Says how long to wait before an attempt.' },
  },
  statechart: (effects) =>
    setup({
      types: {
        context: {} as Context,
        input: {} as { config: CloudReceiverConfig },
        events: {} as ReceiverEvent | EndedEvent | FailedEvent | ControlEvent,
      },
      actors: { listener: task(effects.listener) },
      actions: {
        close: sendTo('listener', { type: 'CLOSE' }),
        noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
        noteDeadline: assign({ cause: notInTime }),
        well: assign(noTrouble),
        planRetry: assign(({ context, event }) => nextAttempt(context, event, effects.retryInMs, notInTime)),
        listening: assign(({ event }) => ({
          ...noTrouble,
          address: event.type === 'LISTENING' ? `${event.host}:${event.port}` : null,
        })),
      },
      guards: {
        hopeless: ({ context, event }) =>
          isLastAttempt(context) ||
          !['address-in-use', 'address-refused', 'deadline-missed'].includes(causeIn(event)?.code ?? ''),
        lastAttempt: ({ context }) => isLastAttempt(context),
      },
      delays: { retry: ({ context }) => context.retryInMs ?? 0 },
    }).createMachine({
      id: 'cloud-receiver',
      context: ({ input }) => ({ ...noTrouble, config: input.config, address: null }),
      initial: 'serving',
      on: { STOP: '.stopped' },
      states: {
        serving: {
          invoke: { id: 'listener', src: 'listener', input: ({ context }) => context.config },
          initial: 'binding',
          on: {
            FAILED: [
              { guard: 'hopeless', target: 'failed', actions: 'noteTrouble' },
              { target: 'waitingToRetry', actions: 'planRetry' },
            ],
            ENDED: { target: 'failed', actions: 'noteTrouble' },
          },
          states: {
            binding: {
              on: {
                LISTENING: { target: 'listening', actions: 'listening' },
                PAUSE: '#cloud-receiver.paused',
              },
              after: {
                10000: [
                  { guard: 'lastAttempt', target: '#cloud-receiver.failed', actions: 'noteDeadline' },
                  { target: '#cloud-receiver.waitingToRetry', actions: 'planRetry' },
                ],
              },
            },
            listening: { tags: ['rest'], on: { STOP: 'draining', PAUSE: 'pausing' } },
            draining: {
              entry: 'close',
              on: { ENDED: '#cloud-receiver.stopped', STOP: {} },
              after: { 4000: '#cloud-receiver.stopped' },
            },
            pausing: {
              entry: 'close',
              on: { ENDED: '#cloud-receiver.paused', STOP: 'draining', RESUME: 'resuming' },
              after: { 4000: '#cloud-receiver.paused' },
            },
            // Not before the listener is closed: the address would still be taken.
            resuming: {
              on: { ENDED: '#cloud-receiver.serving', STOP: 'draining', PAUSE: 'pausing' },
              after: { 4000: '#cloud-receiver.serving' },
            },
          },
        },
        waitingToRetry: {
          tags: ['trouble'],
          on: { RETRY: 'serving', PAUSE: 'paused' },
          after: { retry: 'serving' },
        },
        paused: { entry: 'well', tags: ['rest'], on: { RESUME: 'serving' } },
        failed: { type: 'final', tags: ['failed'] },
        stopped: { type: 'final' },
      },
    }),
});
