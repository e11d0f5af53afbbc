import test from 'ava';
import type { InspectFrame, SampleFrame } from '../../src/contract/inspect.ts';
import type { RunningPipeline } from '../../src/runtime/pipeline.ts';
import { Samples } from '../../src/runtime/samples.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { actorPlan, fakeKind, planOf, startPipeline } from './pipeline-fixtures.ts';

const limits = { itemsMax: 100, bytesMax: 1_000_000 };
const reading = (value: unknown, more: object = {}) => ({
  ...{ device: 'bAr', sensor: 'pressure', time: '2026-11-23T12:00:00.000Z', value, unit: 'hPa' },
  ...more,
});
const ndjson = (...lines: unknown[]) =>
  Buffer.from(
    lines.map((line) => (typeof line === 'string' ? `${line}\n` : `${JSON.stringify(line)}\n`)).join(''),
  );

type Told = Omit<SampleFrame, 'id' | 'type' | 'timeMs'>;

function looking() {
  const clock = createVirtualClock();
  const told: Told[] = [];
  const inspection = { active: true, sample: (of: Told) => void told.push(of) };
  const samples = new Samples(inspection, clock);
  const look = (...lines: unknown[]) =>
    samples.look('rotator', { stream: 'readings', lines: ndjson(...lines) });
  const values = () => told.splice(0).map(({ value }) => value);
  return { clock, told, inspection, samples, look, values };
}

const watch = (pipeline: RunningPipeline) => {
  const samples: SampleFrame[] = [];
  const end = pipeline.control.inspect({
    frames: (frames: readonly InspectFrame[]) =>
      void samples.push(...frames.filter((frame) => frame.type === 'sample')),
    over: () => {},
  });
  return { samples, end };
};

test('who inspects sees readings that the last actor they are meant for has dealt with, once each', async (t) => {
  const plan = planOf([
    actorPlan('source', fakeKind({ emits: 'readings' }), 'relay'),
    actorPlan('relay', fakeKind({ accepts: 'readings', emits: 'readings' }), 'sink'),
    actorPlan('sink', fakeKind({ accepts: 'readings' })),
  ]);
  const { pipeline, clock, envs } = await startPipeline(plan, {
    relay: (env) => (io) =>
      env.input.consume(limits, io.signal, async (items) => {
        for (const item of items) await env.output.send(item);
      }),
    sink: (env) => (io) => env.input.consume(limits, io.signal, async () => {}),
  });
  const send = (value: number) =>
    (envs.get('source')!.output as unknown as { send(item: object): Promise<void> }).send({
      ...{ stream: 'readings', lines: ndjson(reading(value)), count: 1 },
    });
  await clock.until(send(1_000));
  const { samples, end } = watch(pipeline);
  await clock.until(send(1_013.25));
  await clock.advance(200);
  t.is(samples.length, 1);
  t.like(samples[0], {
    ...{ type: 'sample', actor: 'sink', device: 'bAr', sensor: 'pressure', unit: 'hPa', value: 1_013.25 },
    ...{ readingTimeMs: Date.parse('2026-11-23T12:00:00.000Z'), edge: null },
  });
  end();
  await clock.advance(1_000);
  await clock.until(send(1_014));
  await clock.advance(1_000);
  t.is(samples.length, 1);
});

test('of each sensor there are two a second at most, the newest of its batch', async (t) => {
  const { clock, look, values } = looking();
  const humidity = { sensor: 'humidity', unit: '%' };
  look(reading(1), reading(50, humidity), reading(2), reading(51, humidity));
  t.deepEqual(values(), [51, 2]);
  for (let i = 0; i < 49; i += 1) {
    await clock.advance(10);
    look(reading(3));
  }
  t.deepEqual(values(), []);
  await clock.advance(10);
  look(reading(4));
  t.deepEqual(values(), [4]);
});

test('a cloud tells which edge a reading is of, and a gap is none', (t) => {
  const { samples, told } = looking();
  const ref = { edge: 'shed', epoch: 'ab', stream: 'readings', sequence: 1 };
  samples.look('forecaster', { ref, body: ndjson({ seq: 9, ...reading(1_000) }) });
  samples.look('forecaster', { ref, body: ndjson({ gap: 'dropped', ...reading(1) }), gap: true });
  t.deepEqual(
    told.map(({ edge, actor, value }) => [edge, actor, value]),
    [['shed', 'forecaster', 1_000]],
  );
});

test('what is no plain reading is passed over, and nothing throws', (t) => {
  const { samples, look, values } = looking();
  look('null', '[]', '"x"', '{', 'no JSON', reading('text'), reading({ from: 'a' }));
  look(reading(1, { device: 7 }), reading(2, { sensor: null }), reading(3, { implausible: true }));
  look(reading(4, { text: 'x'.repeat(5_000) }));
  look('{"device":"bAr","sensor":"pressure","value":1e999}');
  for (const item of [
    null,
    undefined,
    7,
    {},
    { lines: 'text' },
    { lines: new Uint8Array() },
    { body: [1] },
  ]) {
    t.notThrows(() => samples.look('x', item));
  }
  t.deepEqual(values(), []);
});

test('a reading without a time, or with one of a clock that could not be right, is of now', (t) => {
  const { clock, told, look } = looking();
  look(
    reading(1, { time: undefined }),
    reading(2, { sensor: 'a', clock: 'unsynced', time: '1970-01-01T00:00:09.000Z' }),
    reading(3, { sensor: 'b', time: 'yesterday' }),
  );
  t.deepEqual(
    told.map(({ readingTimeMs }) => readingTimeMs),
    [clock.now(), clock.now(), clock.now()],
  );
});

test('a reading that no device measured says so', (t) => {
  const { told, look } = looking();
  look(reading(1, { simulated: true }));
  look(reading(2, { device: 'real' }), reading(3, { device: 'odd', simulated: 'yes' }));
  t.deepEqual(
    told.map(({ device, simulated }) => [device, simulated]),
    [
      ['bAr', true],
      ['odd', undefined],
      ['real', undefined],
    ],
  );
});

test('sensors are bounded: one too many waits until another has been silent for a minute', async (t) => {
  const { clock, look, values } = looking();
  for (let i = 0; i < 64; i += 1) {
    look(reading(i, { device: `d${i}` }));
    await clock.advance(25);
  }
  t.is(values().length, 64);
  look(reading(1_000, { device: 'late' }));
  t.deepEqual(values(), []);
  await clock.advance(59_000);
  look(reading(1_000, { device: 'late' }));
  t.deepEqual(values(), [1_000]);
});

test('batches by the thousand are not looked into each, and when nobody inspects none is', (t) => {
  const { inspection, samples } = looking();
  let read = 0;
  const item = {
    get lines() {
      read += 1;
      return ndjson(reading(1));
    },
  };
  for (let i = 0; i < 10_000; i += 1) samples.look('x', item);
  t.true(read > 0 && read <= 50, `${read} were read`);
  const before = read;
  inspection.active = false;
  for (let i = 0; i < 100; i += 1) samples.look('x', item);
  t.is(read, before);
});
