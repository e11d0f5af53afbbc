import test from 'ava';
import { httpSource } from '../../machines/http-source.ts';
import { tcpSource } from '../../machines/tcp-source.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { failure } from '../helpers/statechart.ts';
import { testKind } from '../suites/kind.ts';
import { testListening } from '../suites/listening.ts';

testKind({
  kind: tcpSource,
  file: 'machines/tcp-source.ts',
  reach: {
    retryInMs: {
      listener: async () => {
        throw failure('address-in-use', 'taken');
      },
    },
  },
});
testListening(tcpSource as ActorKind);

test('a tcp-source and an http-source take the same settings for the lines they take', (t) => {
  const settings = {
    device: 'a',
    sensor: 'b',
    unit: 'c',
    stream: 'doors',
    'line-max': '1MiB',
    'depth-max': 3,
  };
  for (const kind of [tcpSource, httpSource])
    t.like(kind.config.parse(settings), { unit: 'c', 'line-max': 2 ** 20 });
  t.false(tcpSource.config.safeParse({ 'line-max': '2MiB' }).success);
  t.false(tcpSource.config.safeParse({ stream: '../doors' }).success);
});
