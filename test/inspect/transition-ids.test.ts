import test from 'ava';
import { builtInKinds } from '../../machines/index.ts';
import { statesOf, transitionsOf } from '../../src/inspect/transition-ids.ts';

const anyEffects = new Proxy({}, { get: () => () => {} });
const idsOf = (kind: (typeof builtInKinds)[number]) =>
  statesOf(kind.statechart(anyEffects as never)).flatMap((node) => transitionsOf(node).map(({ id }) => id));

test('transitions of every kind have names that no two of them share', (t) => {
  for (const kind of builtInKinds) {
    const ids = idsOf(kind);
    t.true(ids.length > 3, kind.name);
    t.is(new Set(ids).size, ids.length, kind.name);
  }
});

test('another instance of a kind has the same names for its transitions', (t) => {
  for (const kind of builtInKinds) t.deepEqual(idsOf(kind), idsOf(kind), kind.name);
});

test('the names say source, event and place among those that are asked for it', (t) => {
  const ids = idsOf(builtInKinds.find(({ name }) => name === 'uploader')!);
  for (const id of [
    '|REFUSED|0',
    '|REFUSED|1',
    'greeting|GREETED|0',
    'waitingToRetry|xstate.after.retry.uploader.waitingToRetry|0',
  ]) {
    t.true(ids.includes(id), id);
  }
});
