import test from 'ava';
import { createTcpTransport } from '../../src/link/tcp.ts';
import { transportSuite } from '../suites/transport.ts';
import { clock } from './tcp-fixtures.ts';

transportSuite(test, 'tcp', async () => ({
  transport: createTcpTransport({ clock }),
  capped(caps) {
    const turnedAway: string[] = [];
    const note = (remote: string, why: string) => turnedAway.push(`${remote} ${why}`);
    return { transport: createTcpTransport({ clock, caps, turnedAway: note }), turnedAway };
  },
  settle: (promise) => promise,
}));
