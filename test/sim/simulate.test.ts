import test from 'ava';
import { renderEntry } from '../../src/runtime/log.ts';
import type { PlannedFault } from '../../src/sim/fault-plan.ts';
import { faultKinds, type SimRun } from '../../src/sim/run.ts';
import { shrink } from '../../src/sim/shrink.ts';
import { simulate } from '../../src/sim/simulate.ts';
import { invariants } from '../../src/sim/telling.ts';
import { readText } from '../rules/tree.ts';
import { optionsOf, planOf, run, type SimChoice } from './fixtures.ts';

/** The log of a run as text, and the run. */
async function logged(choice: SimChoice): Promise<{ text: string; run: SimRun }> {
  const lines: string[] = [];
  const made = await simulate({
    ...optionsOf(choice),
    listen: (entry) => void lines.push(renderEntry(entry, { format: 'json', colour: false })),
  });
  return { text: lines.join('\n'), run: made };
}

test('one seed gives one log, byte for byte, and another seed another', async (t) => {
  const choice = { seed: 5, hours: 0.2, faults: faultKinds };
  const [a, b] = [await logged(choice), await logged(choice)];
  t.true(a.text.length > 20_000);
  t.is(a.text, b.text);
  t.deepEqual(a.run, b.run);
  const other = await logged({ ...choice, seed: 6 });
  t.not(a.text, other.text);
});

test('nothing of the real world is in the log', async (t) => {
  const { text } = await logged({ hours: 0.1, faults: faultKinds });
  t.notRegex(text, new RegExp(process.cwd()));
  t.notRegex(text, /\/nowhere/);
  const times = text.split('\n').map((line) => JSON.parse(line).time as string);
  t.true(times.every((time) => time.startsWith('2026-01-01T00:')));
  t.deepEqual(times, times.toSorted());
});

test('each edge has an id, a store and a clock of its own', async (t) => {
  const { balances, transitions } = await run({ edges: 3, hours: 0.1 });
  t.deepEqual(
    balances.map(({ process }) => process),
    ['edge-1', 'edge-2', 'edge-3'],
  );
  for (const { accepted, stored, held, gaps } of balances) {
    t.true(accepted > 300);
    t.is(accepted, stored + held);
    t.deepEqual(gaps, {});
  }
  t.true(transitions.some(({ process, to }) => process === 'cloud' && to === 'serving.listening'));
});

test('faults happen in the first part of a run only, and each is told with its time and its target', async (t) => {
  const { faults, faultsUntilMs, virtualMs } = await run({ seed: 2, faults: faultKinds });
  t.true(faults.length >= faultKinds.length);
  t.true(faultsUntilMs < virtualMs);
  for (const { atMs, untilMs, target, text } of faults) {
    t.true(atMs > 0 && untilMs !== null && untilMs >= atMs && untilMs <= faultsUntilMs);
    t.true(target !== '' && text !== '');
  }
});

test('a kind without a simulated peer is refused by name, before anything runs', async (t) => {
  const plan = planOf(`
fogrun: 1
pipeline: web
store: { path: web, max: 16MiB }
actors:
  door: { kind: http-source, to: rotator }
  rotator: { kind: file-rotator, to: uploader }
  uploader: { kind: uploader, to: acks }
  acks: { kind: ack-handler }
`);
  const error = await t.throwsAsync(run({ plans: [plan] }), { code: 'sim-kind-unknown' });
  t.regex(error.message, /door is a http-source/);
});

test('of many faults only those that lead to a violation are left in its trail', async (t) => {
  const options = () => {
    const lives = new Map<string, number>();
    return optionsOf({
      seed: 5,
      hours: 1,
      faults: ['partition', 'crash', 'clock-jump', 'slow-disk'],
      plant: {
        // A bug that needs a restart.
        edge(store, cursor) {
          const life = (lives.get(store.edge) ?? 0) + 1;
          lives.set(store.edge, life);
          if (life === 1) return;
          const body = store.body.bind(store);
          store.body = async (header) => {
            const bytes = await body(header);
            await store.acknowledge(cursor, header.stream, header.sequence, header.hash).catch(() => {});
            return bytes;
          };
        },
      },
    });
  };
  const faults: PlannedFault[] = [];
  const failed = await simulate({ ...options(), planned: (all) => faults.push(...all) });
  t.is(failed.violations[0]?.invariant, 'stored-before-deleted');
  t.true(failed.faults.length > 1);
  const trail = await shrink({
    run: failed,
    faults,
    again: (only) => simulate({ ...options(), only }),
    budgetMs: 24 * 3_600_000,
  });
  t.deepEqual(
    trail.faults.map(({ kind }) => kind),
    ['crash'],
  );
  t.regex(trail.command, /--only \d+$/);
  t.is(trail.violation.invariant, 'stored-before-deleted');
  t.true(trail.transitions.some(({ actor, event }) => actor === 'process' && event === 'CRASH'));
});

test('the documentation explains every invariant and every fault there is', (t) => {
  const text = readText('docs/simulation.md');
  const explained = [...text.matchAll(/^\| `([a-z][a-z-]+)` \|/gm)].map(([, name]) => name!);
  t.deepEqual(explained.toSorted(), [...invariants, ...faultKinds].toSorted());
});
