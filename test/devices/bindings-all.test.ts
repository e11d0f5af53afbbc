/** Every emulated device as the vendor's bindings see it: with their own classes, and nothing of ours between. */
import test from 'ava';
import { bricklets } from '../../src/domain/bricklets.ts';
import { emulate } from './fixtures.ts';
import { callVendor, nextCallback, openVendor, vendorClass } from './vendor.ts';

const still = (value: number) => ({ shape: 'const', value }) as const;

/** What the emulator is told, and what each getter of the vendor's class must answer. */
const cases: Record<
  string,
  { values: Record<string, number>; getters: Record<string, unknown[]>; settings: Record<string, unknown[]> }
> = {
  BrickletTemperatureV2: {
    values: { temperature: -12.34 },
    getters: { getTemperature: [-1_234] },
    settings: {
      TemperatureCallbackConfiguration: [60_000, true, 'o', -700, 1_200],
      HeaterConfiguration: [1],
    },
  },
  BrickletHumidityV2: {
    values: { humidity: 42.23, temperature: 32 },
    getters: { getHumidity: [4_223], getTemperature: [3_200] },
    settings: {
      HumidityCallbackConfiguration: [60_000, false, '>', 6_000, 0],
      TemperatureCallbackConfiguration: [60_000, true, 'i', -100, 100],
      HeaterConfiguration: [1],
      MovingAverageConfiguration: [1, 1_000],
      SamplesPerSecond: [5],
    },
  },
  BrickletAmbientLightV3: {
    values: { illuminance: 99_999.99 },
    getters: { getIlluminance: [9_999_999] },
    settings: { IlluminanceCallbackConfiguration: [60_000, true, '<', 100, 0], Configuration: [6, 7] },
  },
  BrickletAirQuality: {
    values: { iaq: 75, accuracy: 2, temperature: 21.5, humidity: 45.5, pressure: 1_013.25 },
    getters: {
      getAllValues: [75, 2, 2_150, 4_550, 101_325],
      getIAQIndex: [75, 2],
      getTemperature: [2_150],
      getHumidity: [4_550],
      getAirPressure: [101_325],
    },
    settings: {
      AllValuesCallbackConfiguration: [60_000, true],
      IAQIndexCallbackConfiguration: [60_000, true],
      TemperatureCallbackConfiguration: [60_000, true, 'o', -7, 12],
      HumidityCallbackConfiguration: [60_000, false, 'x', 0, 0],
      AirPressureCallbackConfiguration: [60_000, true, '<', 95_000, 0],
      TemperatureOffset: [10],
      BackgroundCalibrationDuration: [1],
    },
  },
  BrickletCO2V2: {
    values: { co2: 700, temperature: -3.21, humidity: 55.55 },
    getters: {
      getAllValues: [700, -321, 5_555],
      getCO2Concentration: [700],
      getTemperature: [-321],
      getHumidity: [5_555],
    },
    settings: {
      AllValuesCallbackConfiguration: [60_000, false],
      CO2ConcentrationCallbackConfiguration: [60_000, true, '>', 1_000, 0],
      TemperatureCallbackConfiguration: [60_000, true, 'o', -700, 1_200],
      HumidityCallbackConfiguration: [60_000, true, 'o', 3_000, 6_000],
      AirPressure: [1_013],
      TemperatureOffset: [10],
    },
  },
};
const gps = {
  values: {
    latitude: -33.856784,
    longitude: 151.215297,
    altitude: -4.2,
    separation: 2_300,
    course: 359.99,
    speed: 12.34,
    satellites: 7,
  },
  getters: {
    getCoordinates: [33_856_784, 'S', 151_215_297, 'E'],
    getStatus: [true, 7],
    getAltitude: [-420, 2_300],
    getMotion: [35_999, 1_234],
  },
  settings: {
    CoordinatesCallbackPeriod: [60_000],
    StatusCallbackPeriod: [60_000],
    AltitudeCallbackPeriod: [60_000],
    MotionCallbackPeriod: [60_000],
    DateTimeCallbackPeriod: [60_000],
    FixLEDConfig: [4],
    SBASConfig: [1],
  },
};
cases.BrickletGPSV2 = gps;
cases.BrickletGPSV3 = gps;

const descriptionOf = (name: string) =>
  bricklets.find(({ identifier }) => identifier === vendorClass(name).DEVICE_IDENTIFIER)!;

test('every device but the barometers, which have tests of their own, is tried', (t) => {
  const tried = Object.keys(cases).map((name) => descriptionOf(name).name);
  t.deepEqual(
    tried.sort(),
    bricklets
      .filter(({ type }) => type !== 'barometer')
      .map(({ name }) => name)
      .sort(),
  );
});

for (const [name, { values, getters, settings }] of Object.entries(cases)) {
  test(`${name} reads and sets everything through the bindings`, async (t) => {
    const [type] = descriptionOf(name).models;
    const shapes = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, still(value)]));
    const emulator = await emulate(t, { devices: [{ type: type!, uid: 'abc', values: shapes }] });
    const { connection } = await openVendor(t, emulator.port);
    const device = new (vendorClass(name))('abc', connection);
    device.setResponseExpectedAll(true);
    for (const [method, answer] of Object.entries(getters)) {
      t.deepEqual(await callVendor(device, method), answer, method);
    }
    for (const [what, given] of Object.entries(settings)) {
      await callVendor(device, `set${what}`, ...given);
      t.deepEqual(await callVendor(device, `get${what}`), given, what);
    }
    t.deepEqual(await callVendor(device, 'getSPITFPErrorCount'), [0, 0, 0, 0]);
    await callVendor(device, 'setStatusLEDConfig', 1);
    t.deepEqual(await callVendor(device, 'getStatusLEDConfig'), [1]);
    t.is((await callVendor(device, 'getChipTemperature')).length, 1);
    t.deepEqual(await callVendor(device, 'readUID'), [30_867]);
    await callVendor(device, 'reset');
    t.deepEqual(await callVendor(device, 'getStatusLEDConfig'), [3]);
  });

  test(`${name} sends every callback that the bindings know`, async (t) => {
    const Vendor = vendorClass(name);
    const bricklet = descriptionOf(name);
    const emulator = await emulate(t, { devices: [{ type: bricklet.models[0]!, uid: 'abc' }] });
    const { connection } = await openVendor(t, emulator.port);
    const device = new Vendor('abc', connection);
    for (const { callback, fields } of bricklet.channels) {
      const sent = nextCallback(device, callback!.id);
      const [label] = Object.entries(Vendor).find(
        ([key, id]) => key.startsWith('FUNCTION_SET_') && id === callback!.set,
      )!;
      const method = Object.keys(device).find(
        (key) => key.toLowerCase() === label.replace('FUNCTION_', '').replaceAll('_', '').toLowerCase(),
      )!;
      const more = callback!.form === 'on-change' ? [] : callback!.threshold ? [false, 'x', 0, 0] : [false];
      await callVendor(device, method, 20, ...more);
      t.is((await sent).length, fields.length, method);
      await callVendor(device, method, 0, ...more);
    }
  });
}

test('a receiver tells of its satellites, and that it has no fix', async (t) => {
  const emulator = await emulate(t, {
    devices: [
      { type: 'gps', uid: 'abc', values: { satellites: still(3) } },
      { type: 'gps-v2', uid: 'Xyz', values: { fix: still(0) } },
    ],
  });
  const { connection } = await openVendor(t, emulator.port);
  const fixed = new (vendorClass('BrickletGPSV3'))('abc', connection);
  t.deepEqual(await callVendor(fixed, 'getSatelliteSystemStatus', 0), [[1, 2, 3], 3, 150, 90, 120]);
  t.deepEqual(await callVendor(fixed, 'getSatelliteSystemStatus', 1), [[], 1, 9_999, 9_999, 9_999]);
  t.deepEqual(await callVendor(fixed, 'getSatelliteStatus', 0, 2), [22, 74, 40]);
  await t.throwsAsync(callVendor(fixed, 'getSatelliteStatus', 0, 33), { message: 'code 41' });
  const [date, time] = (await callVendor(fixed, 'getDateTime')) as [number, number];
  const now = new Date();
  t.is(date % 100, now.getUTCFullYear() % 100);
  t.true(time >= 0 && time < 240_000_000);
  const lost = new (vendorClass('BrickletGPSV2'))('Xyz', connection);
  t.deepEqual(await callVendor(lost, 'getStatus'), [false, 9]);
});

test('settings out of range are refused, and zeros take away what may be taken away', async (t) => {
  const emulator = await emulate(t, { devices: [{ type: 'co2', uid: 'abc' }] });
  const { connection } = await openVendor(t, emulator.port);
  const co2 = new (vendorClass('BrickletCO2V2'))('abc', connection);
  co2.setResponseExpectedAll(true);
  await callVendor(co2, 'setAirPressure', 1_000);
  await t.throwsAsync(callVendor(co2, 'setAirPressure', 699), { message: 'code 41' });
  t.deepEqual(await callVendor(co2, 'getAirPressure'), [1_000]);
  await callVendor(co2, 'setAirPressure', 0);
  t.deepEqual(await callVendor(co2, 'getAirPressure'), [0]);
});
