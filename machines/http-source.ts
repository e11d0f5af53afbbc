/** Takes JSON posted over HTTP as readings, and answers once they are accepted. */
import { z } from 'zod';
import { duration, hostName, number, retryPolicy, size, tcpPort } from '../src/contract/config.ts';
import { intakeFields } from '../src/contract/intake-config.ts';
import { defineKind } from '../src/contract/kind.ts';
import { type ListenerEffects, listenerStatechart } from '../src/contract/listening.ts';
import { rateLimit } from '../src/contract/rate-config.ts';
import { guardListener, insecure } from '../src/contract/tls-config.ts';

const fields = z.strictObject({
  host: hostName().prefault('127.0.0.1').describe('Address to listen on.'),
  port: tcpPort({ min: 0 }).prefault(7172).describe('Port to listen on; 0 takes any free one.'),
  insecure: insecure(),
  ...intakeFields('http'),
  'body-max': size({ min: '1KiB', max: '64MiB' })
    .prefault('8MiB')
    .describe(
      'Largest body of a request; its readings may come to twice as much, those of all requests at once to eight times.',
    ),
  origins: z
    .array(
      z
        .string()
        .max(300)
        .regex(/^https?:\/\/[^/\s?#]+$/, 'expected an origin such as https://example.org, without a path'),
    )
    .max(100)
    .prefault([])
    .describe('Origins of web pages that may post here; those of all others are turned away.'),
  'request-timeout': duration({ min: '1s', max: '1h' })
    .prefault('30s')
    .describe('Longest time a request may take to arrive.'),
  'accept-timeout': duration({ min: '100ms', max: '10m' })
    .prefault('10s')
    .describe('Longest wait for the commit before the sender is told that it is not known yet.'),
  connections: z
    .strictObject({
      max: number({ min: 1, max: 65_536, integer: true }).prefault(256).describe('Most connections at once.'),
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

export type HttpSourceConfig = z.output<typeof config>;

export type HttpSourceEffects = ListenerEffects<HttpSourceConfig>;

export const httpSource = defineKind<'http-source', typeof config, HttpSourceEffects>({
  name: 'http-source',
  purpose: 'Takes JSON posted over HTTP as readings, and answers once they are on the disk.',
  config,
  accepts: null,
  emits: 'readings',
  store: null,
  placeable: true,
  onFailed: 'exit',
  example: `posts:
  kind: http-source
  port: 7172
  to: rotator`,
  effects: {
    listener: {
      as: 'task',
      does: 'Listens and turns each request into batches; on CLOSE it answers what it took and refuses the rest.',
    },
    retryInMs: { as: 'instant', does: 'Says how long to wait before an attempt.' },
  },
  statechart: (effects) => listenerStatechart('http-source', effects),
});
