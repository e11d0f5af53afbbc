/** The client with every device: reading, listening, and devices that come and go. */
import test, { type ExecutionContext } from 'ava';
import type { Device, DeviceListener, Measurement } from '../../src/contract/device.ts';
import type { Problem } from '../../src/contract/errors.ts';
import { awaitDevice, connectDevice } from '../../src/devices/client.ts';
import { bricklets, quantitiesOfType, sensorsByDefault } from '../../src/domain/bricklets.ts';
import { emulate, pressureOf, readOne, realClock, targetOf, v1, v2 } from './fixtures.ts';

const still = (value: number) => ({ shape: 'const', value }) as const;
const rising = { shape: 'linear', from: 900, to: 1_100, over: 20_000 } as const;

async function connectTo(
  t: ExecutionContext,
  at: { port: number },
  type: string,
  sensors?: readonly string[],
) {
  const wish = { type, sensors: sensors ?? sensorsByDefault(type) };
  const signal = new AbortController().signal;
  const device = await connectDevice(targetOf(at), wish, { clock: realClock, signal });
  t.teardown(() => device.close());
  return device;
}

/** A listener that collects; `until` resolves when as much has come, in whatever order. */
function collector() {
  const measured: Measurement[] = [];
  const problems: Problem[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  const listener: DeviceListener = {
    measured: (more) => {
      measured.push(...more);
      wake();
    },
    noValue: (cause) => {
      problems.push(cause);
      wake();
    },
  };
  const until = (fits: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!fits()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { listener, measured, problems, until };
}

for (const { models, type, name } of bricklets) {
  test(`a ${name} is read and listened to, every sensor in its range and unit`, async (t) => {
    const emulator = await emulate(t, { devices: [{ type: models[0]!, uid: 'abc' }] });
    const all = quantitiesOfType(type);
    const device = await connectTo(
      t,
      emulator,
      type,
      all.map(({ sensor }) => sensor),
    );
    t.is(device.info.name, name);
    const measured = await device.read();
    t.deepEqual(
      measured.map(({ sensor }) => sensor),
      all.map(({ sensor }) => sensor),
    );
    for (const [index, { value }] of measured.entries()) {
      const { range, plausible } = all[index]!;
      t.true(value >= range.min && value <= range.max, all[index]!.sensor);
      t.true(value >= plausible.min && value <= plausible.max, all[index]!.sensor);
    }
    const heard = collector();
    await device.listen({ periodMs: 20, onChange: false }, heard.listener);
    const names = () => new Set(heard.measured.map(({ sensor }) => sensor));
    await heard.until(() => names().size === all.length);
    t.deepEqual(heard.problems, []);
  });
}

test('values come in the order wished for, signs and accuracy and all', async (t) => {
  const emulator = await emulate(t, {
    devices: [
      { type: 'gps', uid: 'abc', values: { latitude: still(-33.856784), longitude: still(-70.5) } },
      { type: 'air-quality', uid: 'abd', values: { iaq: still(120), accuracy: still(1) } },
    ],
  });
  const gps = await connectTo(t, emulator, 'gps', ['longitude', 'latitude']);
  t.deepEqual(await gps.read(), [
    { sensor: 'longitude', value: -70.5 },
    { sensor: 'latitude', value: -33.856784 },
  ]);
  const air = await connectTo(t, emulator, 'air-quality', ['iaq']);
  t.deepEqual(await air.read(), [{ sensor: 'iaq', value: 120, accuracy: 'low' }]);
});

test('a receiver without a fix has no values, says why, and has them once there is one', async (t) => {
  const fix = { shape: 'csv', values: [0, 1], every: 400 } as const;
  const emulator = await emulate(t, {
    devices: [{ type: 'gps', uid: 'abc', values: { fix, satellites: still(4) } }],
  });
  const device = await connectTo(t, emulator, 'gps', ['latitude']);
  const heard = collector();
  await device.listen({ periodMs: 20, onChange: false }, heard.listener);
  await heard.until(() => heard.problems.length > 0);
  t.is(heard.problems[0]!.code, 'device-no-value');
  t.regex(heard.problems[0]!.message, /GPS Bricklet 3\.0 abc at .* has no fix yet; satellites in view: 4/);
  await heard.until(() => heard.measured.length > 0);
  t.is(heard.measured[0]!.sensor, 'latitude');
  const without = await emulate(t, { devices: [{ type: 'gps-v2', uid: 'abc', values: { fix: still(0) } }] });
  const lost = await connectTo(t, without, 'gps');
  await t.throwsAsync(lost.read(), { code: 'device-no-value' });
});

test('whether silence says nothing depends on the generation and on what was asked for', async (t) => {
  const emulator = await emulate(t, { devices: [v1, { type: 'temperature', uid: 'abd' }] });
  const old = await connectTo(t, emulator, 'barometer');
  t.deepEqual(await old.listen({ periodMs: 60_000, onChange: false }, collector().listener), {
    onlyChanges: true,
  });
  const newer = await connectTo(t, emulator, 'temperature');
  const listen = (onChange: boolean) => newer.listen({ periodMs: 60_000, onChange }, collector().listener);
  t.deepEqual(await listen(false), { onlyChanges: false });
  t.deepEqual(await listen(true), { onlyChanges: true });
});

test('a value that stays the same is sent again and again, or once on change', async (t) => {
  const values = { co2: still(700) };
  const emulator = await emulate(t, {
    devices: [
      { type: 'co2', uid: 'abc', values },
      { type: 'co2', uid: 'abd', values },
    ],
  });
  const listen = async (uid: string, onChange: boolean) => {
    const heard = collector();
    const wish = { type: 'co2', sensors: ['co2'] };
    const env = { clock: realClock, signal: new AbortController().signal };
    const device = await connectDevice(targetOf(emulator, { uid }), wish, env);
    t.teardown(() => device.close());
    await device.listen({ periodMs: 10, onChange }, heard.listener);
    return { device, heard };
  };
  const changes = await listen('abc', true);
  const steady = await listen('abd', false);
  await changes.heard.until(() => changes.heard.measured.length > 0);
  await steady.heard.until(() => steady.heard.measured.length >= 5);
  await changes.device.read();
  t.is(changes.heard.measured.length, 1);
  const newer = collector();
  await steady.device.listen({ periodMs: 10, onChange: false }, newer.listener);
  const before = steady.heard.measured.length;
  await newer.until(() => newer.measured.length >= 3);
  t.is(steady.heard.measured.length, before, 'the newest listener counts');
});

test('a device that was reset is told again what to send, without a new connection', async (t) => {
  const emulator = await emulate(t, { devices: [{ ...v2, pressure: rising }] });
  const device = await connectTo(t, emulator, 'barometer');
  device.onLost(() => t.fail('it was never away'));
  const heard = collector();
  await device.listen({ periodMs: 20, onChange: false }, heard.listener);
  await heard.until(() => heard.measured.length > 0);
  t.true(emulator.reset('Xyz'));
  const before = heard.measured.length;
  await heard.until(() => heard.measured.length > before + 2);
  t.pass();
});

test('an unplugged device is lost with that as the cause, and is found again where it is plugged in', async (t) => {
  const emulator = await emulate(t, { devices: [v1, v2] });
  const target = targetOf(emulator, { uid: 'abc' });
  const signal = new AbortController().signal;
  const env = { clock: realClock, signal };
  const device = await connectDevice(target, pressureOf, env);
  const lost = new Promise<Problem>((resolve) => device.onLost(resolve));
  t.true(emulator.unplug('abc'));
  t.false(emulator.unplug('abc'));
  t.like(await lost, { code: 'device-unknown' });
  t.regex((await lost).message, /abc at .* was unplugged/);
  await t.throwsAsync(connectDevice(target, pressureOf, env), { code: 'device-unknown' });
  const back = awaitDevice(target, { type: 'barometer', orPresent: true }, env);
  t.is(await Promise.race([back.then(() => 'back'), connected(t, emulator, 2)]), 'still away');
  t.true(emulator.replug('abc', 'h'));
  await back;
  const again = await connectDevice(target, pressureOf, env);
  t.is(again.info.position, 'h');
  t.is(await readOne(again), 1013.25);
  again.close();
});

/** Resolves once so many clients are connected and one more has been served after them. */
async function connected(
  t: ExecutionContext,
  emulator: { port: number; connections: number },
  clients: number,
) {
  while (emulator.connections < clients - 1) await new Promise((resolve) => setImmediate(resolve));
  await (await connectTo(t, emulator, 'barometer')).read();
  return 'still away';
}

test('a device that is there is waited for only when it was just plugged in, unless told otherwise', async (t) => {
  const emulator = await emulate(t, { devices: [v1] });
  const env = { clock: realClock, signal: new AbortController().signal };
  const target = targetOf(emulator);
  await awaitDevice(target, { type: 'barometer', orPresent: true }, env);
  const returned = awaitDevice(target, { type: 'barometer', orPresent: false }, env);
  let early = true;
  void returned.then(() => t.false(early));
  const device: Device = await connectTo(t, emulator, 'barometer');
  await device.read();
  early = false;
  t.true(emulator.reset('abc'));
  await returned;
});

test('waiting for a device ends with the connection, and at once when nobody waits any more', async (t) => {
  const emulator = await emulate(t, { devices: [v1] });
  const abort = new AbortController();
  const wish = { type: 'co2', orPresent: true };
  const given = awaitDevice(targetOf(emulator), wish, { clock: realClock, signal: abort.signal });
  setImmediate(() => abort.abort());
  await t.throwsAsync(given, { code: 'device-unreachable' });
  const ended = awaitDevice(targetOf(emulator), wish, {
    clock: realClock,
    signal: new AbortController().signal,
  });
  while (emulator.connections === 0) await new Promise((resolve) => setImmediate(resolve));
  await emulator.close();
  const error = await t.throwsAsync(ended);
  t.regex((error as { code?: string }).code!, /^device-/);
});

test('a sensor that this generation lacks is named with what there is', async (t) => {
  const emulator = await emulate(t, { devices: [v1] });
  await t.throwsAsync(connectTo(t, emulator, 'barometer', ['co2']), {
    code: 'device-type',
    message: /Barometer Bricklet, which does not measure co2; it measures pressure, altitude, temperature/,
  });
});
