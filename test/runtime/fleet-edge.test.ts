import test from 'ava';
import type { TakenRecord } from '../../src/contract/state-records.ts';
import { KnownEdge } from '../../src/runtime/fleet-edge.ts';

const epoch = 'ab'.repeat(16);
const state = (seq: number, to: string): TakenRecord => ({
  ...{ type: 'state', seq },
  record: {
    ...{ actor: 'uploader', timeMs: seq, from: 'x', to, event: 'E', health: 'well' },
    ...{ cause: null, attempt: null, retryInMs: null },
  },
});

test('what an edge said before changes nothing when it is read again; a new epoch counts anew', (t) => {
  const known = new KnownEdge('e1', epoch);
  known.take(epoch, [state(3, 'sending'), state(4, 'idle')]);
  known.take(epoch, [state(2, 'connecting'), state(4, 'greeting')]);
  t.like(known.word, { seq: 4, actors: [{ state: 'idle' }] });
  known.take('cd'.repeat(16), [state(1, 'forked')]);
  t.like(known.word, { seq: 1, actors: [{ state: 'forked' }] });
});
