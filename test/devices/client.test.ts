import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import test from 'ava';
import type { FogrunError } from '../../src/contract/errors.ts';
import { connectDevice, listDevices } from '../../src/devices/client.ts';
import { deviceName } from '../../src/devices/names.ts';
import { emulate, handClock, pressureOf, readOne, realClock, serve, targetOf, v1, v2 } from './fixtures.ts';

const env = () => ({ clock: realClock, signal: new AbortController().signal });
const connectTo = (at: { port: number }, more = {}) => connectDevice(targetOf(at, more), pressureOf, env());

test('a barometer is found by its UID and read, and known as simulated', async (t) => {
  const emulator = await emulate(t, { devices: [v1, v2] });
  for (const [uid, pressure, name] of [
    ['abc', 1013.25, 'Barometer Bricklet'],
    ['Xyz', 990.001, 'Barometer Bricklet 2.0'],
    ['111abc', 1013.25, 'Barometer Bricklet'],
  ] as const) {
    const device = await connectTo(emulator, { uid });
    t.is(await readOne(device), pressure);
    t.is(device.info.name, name);
    t.deepEqual(device.sensors, [{ sensor: 'pressure', unit: 'hPa', plausible: { min: 850, max: 1_100 } }]);
    t.true(device.simulated);
    device.close();
  }
});

test('the only barometer needs no UID', async (t) => {
  const emulator = await emulate(t, { devices: [v2] });
  const device = await connectTo(emulator);
  t.like(device.info, { uid: 'Xyz', identifier: 2117, connectedUid: 'FogEm', position: 'a' });
  t.is(await readOne(device), 990.001);
  device.close();
});

test('reads may overlap', async (t) => {
  const emulator = await emulate(t);
  const device = await connectTo(emulator);
  t.deepEqual(await Promise.all(Array.from({ length: 10 }, () => readOne(device))), Array(10).fill(1013.25));
  device.close();
});

test('the secret opens a daemon that wants one', async (t) => {
  const emulator = await emulate(t, { secret: 'sesame' });
  const device = await connectTo(emulator, { secret: 'sesame', uid: 'abc' });
  t.is(await readOne(device), 1013.25);
  device.close();
});

test('a wrong secret, and one that is not wanted, are told apart from nothing else', async (t) => {
  for (const secret of ['sesame', '']) {
    const emulator = await emulate(t, { secret });
    const error = await t.throwsAsync(connectTo(emulator, { secret: 'other' }), { code: 'device-secret' });
    t.regex(error!.message, /the secret is wrong, or the daemon has authentication off/);
  }
  const emulator = await emulate(t, { secret: 'sesame' });
  await t.throwsAsync(connectTo(emulator, { secret: 'sésame' }), { code: 'device-secret', message: /ASCII/ });
});

test('a daemon that wants a secret says so, with and without a UID and in the list', async (t) => {
  const emulator = await emulate(t, { secret: 'sesame' });
  await t.throwsAsync(connectTo(emulator), { code: 'device-secret-missing' });
  await t.throwsAsync(connectTo(emulator, { uid: 'abc' }), { code: 'device-secret-missing' });
  await t.throwsAsync(listDevices(targetOf(emulator), env()), { code: 'device-secret-missing' });
});

test('text that is no UID is refused before anything is connected', async (t) => {
  for (const uid of ['l0l', 'a b', '1', '111', '2', 'zzzzzzz', '123456789', '\u001b[2J', 'ä']) {
    const error = await t.throwsAsync(connectTo({ port: 1 }, { uid }), { code: 'device-uid' }, uid);
    t.notRegex(error!.message, /\u001b/);
  }
});

test('an unknown UID is answered with what is there', async (t) => {
  const emulator = await emulate(t, { devices: [v1, v2] });
  const error = await t.throwsAsync(connectTo(emulator, { uid: 'zz' }), { code: 'device-unknown' });
  t.is(
    error!.message,
    `there is no device zz at 127.0.0.1:${emulator.port}; there is FogEm (Master Brick), ` +
      'abc (Barometer Bricklet), Xyz (Barometer Bricklet 2.0)',
  );
});

test('a device of another type is named as what it is', async (t) => {
  const emulator = await emulate(t);
  await t.throwsAsync(connectTo(emulator, { uid: 'FogEm' }), {
    code: 'device-type',
    message: /FogEm at .* is a Master Brick; a Barometer Bricklet or Barometer Bricklet 2\.0 was expected/,
  });
});

test('without a UID, none of the type or several of it are listed', async (t) => {
  const none = await emulate(t, { devices: [] });
  await t.throwsAsync(connectTo(none), {
    code: 'device-unknown',
    message: /there is FogEm \(Master Brick\)/,
  });
  const both = await emulate(t, { devices: [v1, v2] });
  await t.throwsAsync(connectTo(both), {
    code: 'device-ambiguous',
    message: /abc \(Barometer Bricklet\), Xyz \(Barometer Bricklet 2\.0\)$/,
  });
});

test('nothing listening, no such host and a bad port are unreachable', async (t) => {
  const { port } = await serve(t, () => {});
  const gone = await emulate(t);
  await gone.close();
  await t.throwsAsync(connectTo(gone), { code: 'device-unreachable', message: /nothing listens there/ });
  await t.throwsAsync(connectTo({ port }, { host: 'no-such-host.invalid', timeoutMs: 5_000 }), {
    code: 'device-unreachable',
  });
  await t.throwsAsync(connectTo({ port: 99_999 }), { code: 'device-unreachable' });
});

test('a connection that does not come about is given up after its deadline', async (t) => {
  const emulator = await emulate(t);
  const clock = handClock();
  const attempt = connectDevice(targetOf(emulator), pressureOf, { ...env(), clock });
  // Before the network had a chance to answer.
  clock.advance(1_500);
  await t.throwsAsync(attempt, { code: 'device-unreachable', message: /within 1\.5s/ });
  t.is(clock.timers, 0);
});

test('an aborted attempt ends at once, and so does a connection when its signal aborts', async (t) => {
  const mute = await serve(t, () => {});
  const abort = new AbortController();
  const attempt = connectDevice(targetOf(mute, { timeoutMs: 60_000 }), pressureOf, {
    clock: realClock,
    signal: abort.signal,
  });
  setImmediate(() => abort.abort());
  await t.throwsAsync(attempt, { code: 'device-unreachable', message: /given up/ });
  await t.throwsAsync(
    connectDevice(targetOf(mute), pressureOf, { clock: realClock, signal: AbortSignal.abort() }),
    { code: 'device-unreachable' },
  );
  const emulator = await emulate(t);
  const later = new AbortController();
  const device = await connectDevice(targetOf(emulator), pressureOf, {
    clock: realClock,
    signal: later.signal,
  });
  device.onLost(() => t.fail('its owner ended it'));
  later.abort();
  await t.throwsAsync(device.read(), { code: 'device-unreachable' });
});

test('everything there is listed', async (t) => {
  const emulator = await emulate(t, { devices: [v1, v2] });
  const devices = await listDevices(targetOf(emulator), env());
  t.deepEqual(
    devices.map(({ uid, name, position }) => `${position} ${uid} ${name}`),
    ['0 FogEm Master Brick', 'a abc Barometer Bricklet', 'b Xyz Barometer Bricklet 2.0'],
  );
});

test('the names of devices are those of the bindings', (t) => {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('tinkerforge/lib/Device.js'));
  const files = readdirSync(folder).filter((file) => file.startsWith('Brick'));
  t.true(files.length > 100);
  for (const file of files) {
    const binding = require(`tinkerforge/lib/${file}`);
    t.is(deviceName(binding.DEVICE_IDENTIFIER), binding.DEVICE_DISPLAY_NAME, file);
  }
  t.is(deviceName(4_711), 'device 4711');
});

test('what went wrong has advice', async (t) => {
  const emulator = await emulate(t, { secret: 'sesame' });
  const error = (await t.throwsAsync(connectTo(emulator))) as FogrunError;
  t.regex(error.advice, /TINKERFORGE_SECRET/);
});
