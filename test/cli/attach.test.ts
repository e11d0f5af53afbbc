import test from 'ava';
import { keepAttached } from '../../src/cli/attach.ts';
import type { PipelineControl } from '../../src/contract/control.ts';
import { FogrunError } from '../../src/contract/errors.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { fakeControl } from '../terminal/fixtures.ts';

function setup(connect: (name: string) => Promise<PipelineControl>, names: () => string[] = () => ['edge']) {
  const clock = createVirtualClock();
  const attached = new Set<string>();
  const attaches: string[] = [];
  const lines: string[] = [];
  const over = new AbortController();
  const done = keepAttached({
    view: {
      attach: ({ pipeline }) => {
        attached.add(pipeline);
        attaches.push(pipeline);
      },
      isAttached: (name) => attached.has(name),
      line: (_, text) => void lines.push(text),
    },
    names: async () => names(),
    connect,
    entries: true,
    everyMs: 2_000,
    clock,
    signal: over.signal,
  });
  return { clock, attached, attaches, lines, over, done };
}

test('what runs is attached once, and again when it comes back', async (t) => {
  let runs = false;
  const { clock, attached, attaches, lines, over, done } = setup(async (name) => {
    if (!runs) throw new FogrunError('control-absent', 'nobody listens');
    return fakeControl(name);
  });
  await clock.advance(5_000);
  t.deepEqual(attaches, []);
  runs = true;
  await clock.advance(20_000);
  t.deepEqual(attaches, ['edge']);
  attached.clear();
  await clock.advance(2_000);
  t.deepEqual(attaches, ['edge', 'edge']);
  t.deepEqual(lines, []);
  over.abort();
  await done;
  t.is(clock.pending, 0);
});

test('what is in the way is said once', async (t) => {
  let message = 'it speaks version 9';
  const { clock, lines, over, done } = setup(async () => {
    throw new FogrunError('control-version', message);
  });
  await clock.advance(20_000);
  t.deepEqual(lines, ['control-version: it speaks version 9']);
  message = 'it speaks version 10';
  await clock.advance(4_000);
  t.is(lines.length, 2);
  over.abort();
  await done;
});

test('one that hangs does not keep the others from being found', async (t) => {
  const { clock, attaches, over } = setup(
    (name) => (name === 'stuck' ? new Promise(() => {}) : Promise.resolve(fakeControl(name))),
    () => ['stuck', 'edge'],
  );
  await clock.advance(100);
  t.deepEqual(attaches, ['edge']);
  over.abort();
});
