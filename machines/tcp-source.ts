/** Takes lines of JSON over TCP as readings, and tells the sender what was accepted if it wants to know. */
import { z } from 'zod';
import { boolean, duration, hostName, number, retryPolicy, tcpPort } from '../src/contract/config.ts';
import { intakeFields } from '../src/contract/intake-config.ts';
import { defineKind } from '../src/contract/kind.ts';
import { type ListenerEffects, listenerStatechart } from '../src/contract/listening.ts';
import { rateLimit } from '../src/contract/rate-config.ts';
import { guardListener, insecure } from '../src/contract/tls-config.ts';

const fields = z.strictObject({
  host: hostName().prefault('127.0.0.1').describe('Address to listen on.'),
  port: tcpPort({ min: 0 }).prefault(7171).describe('Port to listen on; 0 takes any free one.'),
  insecure: insecure(),
  ...intakeFields('tcp'),
  acks: boolean()
    .prefault(false)
    .describe('Whether each connection is told, as lines of JSON, what was accepted and what was refused.'),
  'ack-timeout': duration({ min: '100ms', max: '1d' })
    .prefault('30s')
    .describe('How long a sender may leave what it is told unread before its connection is closed.'),
  'idle-timeout': duration({ min: '100ms', max: '366d' })
    .optional()
    .describe(
      'A connection that sends nothing for so long is closed (reset, unless `acks`); none is unless this is given.',
    ),
  connections: z
    .strictObject({
      max: number({ min: 1, max: 65_536, integer: true }).prefault(256).describe('Most connections at once.'),
      'per-address': number({ min: 1, max: 65_536, integer: true })
        .prefault(64)
        .describe('Most connections from one address.'),
    })
    .prefault({})
    .describe(
      'Caps on connections; at a cap, one that has been held back for long is reset to make room for a new one.',
    ),
  rate: rateLimit(),
  'bind-attempts': number({ min: 1, max: 1_000, integer: true })
    .prefault(3)
    .describe('Attempts to listen before giving up.'),
  retry: retryPolicy(),
});
const config = fields.superRefine(guardListener);

export type TcpSourceConfig = z.output<typeof config>;

export type TcpSourceEffects = ListenerEffects<TcpSourceConfig>;

export const tcpSource = defineKind<'tcp-source', typeof config, TcpSourceEffects>({
  name: 'tcp-source',
  purpose: 'Takes lines of JSON over TCP as readings, as fast as the store accepts them.',
  config,
  accepts: null,
  emits: 'readings',
  store: null,
  placeable: true,
  onFailed: 'exit',
  example: `lines:
  kind: tcp-source
  port: 7171
  acks: true
  to: rotator`,
  effects: {
    listener: {
      as: 'task',
      does: 'Listens and turns the lines of each connection into batches; on CLOSE it lets what it took be accepted.',
    },
    retryInMs: { as: 'instant', does: 'Says how long to wait before an attempt.' },
  },
  statechart: (effects) => listenerStatechart('tcp-source', effects),
});
