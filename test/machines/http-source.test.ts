import test from 'ava';
import { httpSource } from '../../machines/http-source.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { failure } from '../helpers/statechart.ts';
import { testKind } from '../suites/kind.ts';
import { testListening } from '../suites/listening.ts';

testKind({
  kind: httpSource,
  file: 'machines/http-source.ts',
  reach: {
    retryInMs: {
      listener: async () => {
        throw failure('address-in-use', 'taken');
      },
    },
  },
});
testListening(httpSource as ActorKind);

test('an http-source is told origins as a browser names them, and nothing else', (t) => {
  const origins = (...list: string[]) => httpSource.config.safeParse({ origins: list }).success;
  t.true(origins('https://example.org', 'http://localhost:8080'));
  for (const wrong of ['*', 'example.org', 'https://example.org/', 'null', ''])
    t.false(origins(wrong), wrong);
});
