/** The emulator as the vendor's bindings see it: with their own classes, and nothing of ours between. */
import test from 'ava';
import { emulate, v1, v2 } from './fixtures.ts';
import { callVendor as call, vendorClass as load, openVendor as open } from './vendor.ts';

test('the bindings enumerate the devices', async (t) => {
  const emulator = await emulate(t, { devices: [v1, v2] });
  const { IPConnection, connection } = await open(t, emulator.port);
  const seen: unknown[][] = [];
  await new Promise<void>((resolve) => {
    connection.on(IPConnection.CALLBACK_ENUMERATE, (...values: unknown[]) => {
      if (seen.push(values) === 3) resolve();
    });
    connection.enumerate();
  });
  t.deepEqual(seen, [
    ['FogEm', '0', '0', [2, 1, 0], [2, 5, 2], 13, 0],
    ['abc', 'FogEm', 'a', [1, 1, 0], [2, 0, 3], 221, 0],
    ['Xyz', 'FogEm', 'b', [1, 0, 0], [2, 0, 3], 2117, 0],
  ]);
});

test('every function of the first barometer works through the bindings', async (t) => {
  const emulator = await emulate(t);
  const { connection } = await open(t, emulator.port);
  const barometer = new (load('BrickletBarometer'))('abc', connection);
  barometer.setResponseExpectedAll(true);
  const ask = (method: string, ...values: unknown[]) => call(barometer, method, ...values);
  t.deepEqual(await ask('getAirPressure'), [1_013_250]);
  t.deepEqual(await ask('getAltitude'), [0]);
  await ask('setAirPressureCallbackPeriod', 60_000);
  t.deepEqual(await ask('getAirPressureCallbackPeriod'), [60_000]);
  await ask('setAltitudeCallbackPeriod', 70_000);
  t.deepEqual(await ask('getAltitudeCallbackPeriod'), [70_000]);
  await ask('setAirPressureCallbackThreshold', '>', 1_100_000, -5);
  t.deepEqual(await ask('getAirPressureCallbackThreshold'), ['>', 1_100_000, -5]);
  await ask('setAltitudeCallbackThreshold', '>', 1_000_000, 0);
  t.deepEqual(await ask('getAltitudeCallbackThreshold'), ['>', 1_000_000, 0]);
  await ask('setDebouncePeriod', 5_000);
  t.deepEqual(await ask('getDebouncePeriod'), [5_000]);
  await ask('setReferenceAirPressure', 1_000_000);
  t.deepEqual(await ask('getReferenceAirPressure'), [1_000_000]);
  const [temperature] = await ask('getChipTemperature');
  t.true(Math.abs((temperature as number) - 2_150) <= 50);
  await ask('setAveraging', 1, 2, 3);
  t.deepEqual(await ask('getAveraging'), [1, 2, 3]);
  await ask('setI2CMode', 1);
  t.deepEqual(await ask('getI2CMode'), [1]);
  t.deepEqual(await ask('getIdentity'), ['abc', 'FogEm', 'a', [1, 1, 0], [2, 0, 3], 221]);
  await t.throwsAsync(ask('setReferenceAirPressure', 1), { message: 'code 41' });
});

test('every function of the second barometer works through the bindings', async (t) => {
  const emulator = await emulate(t, { devices: [v2] });
  const { connection } = await open(t, emulator.port);
  const barometer = new (load('BrickletBarometerV2'))('Xyz', connection);
  barometer.setResponseExpectedAll(true);
  const ask = (method: string, ...values: unknown[]) => call(barometer, method, ...values);
  t.deepEqual(await ask('getAirPressure'), [990_001]);
  for (const what of ['AirPressure', 'Altitude', 'Temperature']) {
    await ask(`set${what}CallbackConfiguration`, 60_000, true, 'o', -7, 12);
    t.deepEqual(await ask(`get${what}CallbackConfiguration`), [60_000, true, 'o', -7, 12]);
  }
  await ask('setMovingAverageConfiguration', 1, 1_000);
  t.deepEqual(await ask('getMovingAverageConfiguration'), [1, 1_000]);
  await ask('setReferenceAirPressure', 0);
  t.deepEqual(await ask('getReferenceAirPressure'), [990_001]);
  t.deepEqual(await ask('getAltitude'), [0]);
  t.is((await ask('getTemperature')).length, 1);
  await ask('setCalibration', 1_000_000, 1_000_010);
  t.deepEqual(await ask('getCalibration'), [1_000_000, 1_000_010]);
  await ask('setSensorConfiguration', 1, 2);
  t.deepEqual(await ask('getSensorConfiguration'), [1, 2]);
  t.deepEqual(await ask('getSPITFPErrorCount'), [0, 0, 0, 0]);
  t.deepEqual(await ask('getBootloaderMode'), [1]);
  await ask('setStatusLEDConfig', 2);
  t.deepEqual(await ask('getStatusLEDConfig'), [2]);
  t.deepEqual(await ask('getChipTemperature'), [30]);
  t.deepEqual(await ask('readUID'), [186_909]);
  await ask('reset');
  t.deepEqual(await ask('getStatusLEDConfig'), [3]);
  await t.throwsAsync(ask('setBootloaderMode', 0), { message: 'code 42' });
});

test('the bindings receive callbacks of both barometers', async (t) => {
  const rising = { shape: 'linear', from: 900, to: 1_100, over: 20_000 } as const;
  const emulator = await emulate(t, {
    devices: [
      { ...v1, pressure: rising },
      { ...v2, pressure: rising },
    ],
  });
  const { connection } = await open(t, emulator.port);
  const Barometer = load('BrickletBarometer');
  const BarometerV2 = load('BrickletBarometerV2');
  const first = new Barometer('abc', connection);
  const second = new BarometerV2('Xyz', connection);
  const next = (device: typeof first, callback: number) =>
    new Promise<number>((resolve) => device.on(callback, resolve));
  const values = Promise.all([
    next(first, Barometer.CALLBACK_AIR_PRESSURE),
    next(first, Barometer.CALLBACK_AIR_PRESSURE_REACHED),
    next(second, BarometerV2.CALLBACK_AIR_PRESSURE),
  ]);
  await call(first, 'setAirPressureCallbackPeriod', 20);
  await call(first, 'setAirPressureCallbackThreshold', '>', 0, 0);
  await call(second, 'setAirPressureCallbackConfiguration', 20, false, 'x', 0, 0);
  for (const value of await values) t.true(value >= 900_000 && value <= 1_100_000);
});

test('the bindings authenticate', async (t) => {
  const emulator = await emulate(t, { secret: 'My Authentication Secret!' });
  const { connection } = await open(t, emulator.port, 'My Authentication Secret!');
  const barometer = new (load('BrickletBarometer'))('abc', connection);
  t.deepEqual(await call(barometer, 'getAirPressure'), [1_013_250]);
});

test('the bindings find a device of another type to be one', async (t) => {
  const emulator = await emulate(t);
  const { connection } = await open(t, emulator.port);
  const wrong = new (load('BrickletBarometerV2'))('abc', connection);
  await t.throwsAsync(call(wrong, 'getAirPressure'), { message: 'code 81' });
});
