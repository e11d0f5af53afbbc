import test from 'ava';
import { fileSource } from '../../machines/file-source.ts';
import { tcpSource } from '../../machines/tcp-source.ts';
import { fileSourceEffects } from '../../src/connectors/file-source-effects.ts';
import { tcpSourceEffects } from '../../src/connectors/tcp-source-effects.ts';
import { sleep } from '../../src/contract/clock.ts';
import type { Batch } from '../../src/contract/port.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { buildStatechart } from '../../src/runtime/effects.ts';
import { createPort } from '../../src/runtime/port.ts';
import { startLineFeeder, startLogFeeder } from '../../src/sim/feeders.ts';
import { createSimNetwork } from '../../src/sim/network.ts';
import { processClock } from '../../src/sim/process-clock.ts';
import { SimSourceFiles } from '../../src/sim/source-files.ts';
import { createVirtualClock, type VirtualClock } from '../../src/sim/virtual-clock.ts';
import { seededRandom } from '../helpers/store-fixtures.ts';
import { sourceFilesSuite } from '../suites/source-files.ts';

sourceFilesSuite(test, 'simulated', async () => {
  const files = new SimSourceFiles(createVirtualClock());
  return {
    files,
    put: async (path, text) => files.put(path, Buffer.from(text)),
    append: async (path, text) => files.append(path, Buffer.from(text)),
    rename: async (from, to) => files.rename(from, to),
    remove: async (path) => files.remove(path),
    at: (name) => `machine/${name}`,
  };
});

test('simulated files that fail say so as real ones do', async (t) => {
  const files = new SimSourceFiles(createVirtualClock());
  files.failure = 'EIO';
  await t.throwsAsync(files.look('a'), { code: 'file-unreadable', message: /EIO/ });
});

/** A port whose items are accepted a little later, and the values in it. */
function intake(clock: VirtualClock) {
  const port = createPort<Batch>({ itemsMax: 100, bytesMax: 2 ** 20 }, ({ lines }) => lines.length);
  const life = new AbortController();
  const values: number[] = [];
  void port.in.consume({ itemsMax: 10, bytesMax: 2 ** 20 }, life.signal, async (items) => {
    await sleep(clock, 5);
    for (const { lines } of items) {
      const found = Buffer.from(lines).toString().split('\n').slice(0, -1);
      values.push(...found.map((line) => (JSON.parse(line) as { value: number }).value));
    }
  });
  return { output: port.out, values, life };
}

const range = (to: number) => Array.from({ length: to }, (_, i) => i + 1);

test('what a sender of lines heard to be accepted was, whatever became of its connections', async (t) => {
  const clock = createVirtualClock();
  const network = createSimNetwork(clock);
  const { output, values, life } = intake(clock);
  const own = processClock(clock);
  const effects = tcpSourceEffects({
    ...{ output, clock: own, report: () => {}, retryInMs: () => 1_000 },
    transport: () => network.join('edge-1').transport,
  });
  const config = tcpSource.config.parse({ acks: true });
  const machine = buildStatechart(tcpSource, { ...effects }, life.signal);
  runActor(machine, { clock: own, report: () => {}, input: { config } });
  const end = new AbortController();
  const feeder = startLineFeeder({
    ...{ clock, random: seededRandom('feeder'), device: 'd', sensor: 's', everyMs: 100, signal: end.signal },
    ...{ transport: network.join('feeder').transport, host: 'edge-1', port: 7171, acks: true },
  });
  await clock.advance(10_000);
  t.true(feeder.acknowledged > 90);
  network.cut();
  await clock.advance(5_000);
  network.blackHole();
  await clock.advance(60_000);
  network.heal();
  await clock.advance(60_000);
  end.abort();
  await clock.until(feeder.ended);
  t.true(feeder.made > 1_300);
  t.true(feeder.acknowledged > feeder.made - 3);
  t.deepEqual([...new Set(values)], range(Math.max(...values)));
  t.true(Math.max(...values) >= feeder.acknowledged);
  life.abort();
});

test('a simulated log is read whole and once, also in pieces and after a rotation', async (t) => {
  const clock = createVirtualClock();
  const files = new SimSourceFiles(clock);
  const { output, values, life } = intake(clock);
  const effects = fileSourceEffects({
    ...{ name: 'log', output, files, clock, report: () => {}, retryInMs: () => 1_000 },
    store: { position: () => undefined },
  });
  const machine = buildStatechart(fileSource, { ...effects }, life.signal);
  const actor = runActor(machine, {
    ...{ clock, report: () => {} },
    input: { config: fileSource.config.parse({ path: 'app/readings.ndjson' }) },
  });
  const end = new AbortController();
  const feeder = startLogFeeder({
    ...{ clock, device: 'd', sensor: 's', everyMs: 200, signal: end.signal },
    ...{ files, path: 'app/readings.ndjson', rotateAfter: 100 },
  });
  await clock.advance(60_000);
  end.abort();
  await clock.until(feeder.ended);
  await clock.advance(5_000);
  t.true(feeder.written > 250);
  t.deepEqual(values, range(feeder.written));
  actor.send({ type: 'STOP' });
  await clock.advance(5_000);
  life.abort();
});
