/** What every way to devices must do, over daemons that are emulated. */
import type { TestFn } from 'ava';
import type { Device, DeviceTarget, DeviceWish, Measurement } from '../../src/contract/device.ts';
import { FogrunError, type Problem } from '../../src/contract/errors.ts';
import type { Emulator, EmulatorOptions } from '../../src/devices/emulator/server.ts';
import type { DeviceClient } from '../../src/runtime/platform.ts';

export interface DeviceCase extends DeviceClient {
  emulate(options?: Partial<EmulatorOptions>): Promise<Emulator>;
  /** Lets time pass until the promise settles. */
  settle<T>(promise: Promise<T>): Promise<T>;
}

const v1 = { type: 'barometer', uid: 'abc', pressure: { shape: 'const', value: 1013.25 } } as const;
const v2 = { type: 'barometer-v2', uid: 'Xyz', pressure: { shape: 'const', value: 990.001 } } as const;
const pressure: DeviceWish = { type: 'barometer', sensors: ['pressure'] };

export const suiteDevices = [v1];

export function deviceSuite(
  test: TestFn,
  name: string,
  factory: (t: { teardown(fn: () => unknown): void }) => Promise<DeviceCase>,
): void {
  const title = (sentence: string) => `${name}: ${sentence}`;
  const target = (at: { port: number }, more: Partial<DeviceTarget> = {}): DeviceTarget => ({
    ...{ host: '127.0.0.1', port: at.port, uid: '', secret: '', timeoutMs: 1_500 },
    ...more,
  });

  async function start(t: { teardown(fn: () => unknown): void }, options: Partial<EmulatorOptions> = {}) {
    const made = await factory(t);
    const { settle } = made;
    const emulator = await settle(made.emulate(options));
    t.teardown(() => void emulator.close());
    const life = new AbortController();
    const connect = (more: Partial<DeviceTarget> = {}, wish = pressure) =>
      settle(made.connect(target(emulator, more), wish, life));
    const awaitDevice = (orPresent: boolean, more: Partial<DeviceTarget> = {}) =>
      made.awaitDevice(target(emulator, more), { type: 'barometer', orPresent }, life);
    return { ...made, emulator, life, connect, awaitDevice };
  }

  /** What a device told of its end. */
  function ends(device: Device) {
    const causes: Problem[] = [];
    const first = Promise.withResolvers<void>();
    device.onLost((cause) => {
      causes.push(cause);
      first.resolve();
    });
    return { causes, first: first.promise };
  }

  test(title('a device is found by its UID, or as the only one of its type, and read'), async (t) => {
    const { connect, settle } = await start(t, { devices: [v1, { type: 'humidity', uid: 'hum' }] });
    for (const uid of ['abc', '111abc', '']) {
      const device = await connect({ uid });
      t.like(device.info, { uid: 'abc', identifier: 221, name: 'Barometer Bricklet', connectedUid: 'FogEm' });
      t.true(device.simulated);
      t.deepEqual(device.sensors, [{ sensor: 'pressure', unit: 'hPa', plausible: { min: 850, max: 1_100 } }]);
      t.deepEqual(await settle(device.read()), [{ sensor: 'pressure', value: 1013.25 }]);
      device.close();
    }
  });

  test(title('all sensors of one device come in the order they were wished for'), async (t) => {
    const values = {
      temperature: { shape: 'const', value: 21.5 },
      pressure: { shape: 'const', value: 990.001 },
    } as const;
    const { connect, settle } = await start(t, { devices: [{ type: 'barometer-v2', uid: 'Xyz', values }] });
    const device = await connect({}, { type: 'barometer', sensors: ['temperature', 'pressure'] });
    t.deepEqual(await settle(device.read()), [
      { sensor: 'temperature', value: 21.5 },
      { sensor: 'pressure', value: 990.001 },
    ]);
    device.close();
  });

  test(title('what does not fit is refused by a code of its own, and says what is there'), async (t) => {
    const humid = { type: 'humidity', uid: 'hum' };
    const both = await start(t, { devices: [v1, v2, humid] });
    const ambiguous = await t.throwsAsync(both.connect(), { code: 'device-ambiguous' });
    t.regex(ambiguous!.message, /abc .*Xyz/);
    const unknown = await t.throwsAsync(both.connect({ uid: 'zz' }), { code: 'device-unknown' });
    t.regex(unknown!.message, /abc \(Barometer Bricklet\)/);
    await t.throwsAsync(both.connect({ uid: 'hum' }), { code: 'device-type' });
    await t.throwsAsync(both.connect({ uid: 'l0l' }), { code: 'device-uid' });
    await t.throwsAsync(both.connect({}, { type: 'gps', sensors: ['latitude'] }), {
      code: 'device-unknown',
    });
    await t.throwsAsync(
      both.connect({ uid: 'abc' }, { type: 'barometer', sensors: ['pressure', 'no-such'] }),
      { code: 'device-type' },
    );
  });

  test(title('the secret opens a daemon that wants one'), async (t) => {
    const { connect, settle } = await start(t, { secret: 'sesame' });
    await t.throwsAsync(connect(), { code: 'device-secret-missing' });
    await t.throwsAsync(connect({ secret: 'other' }), { code: 'device-secret' });
    const device = await connect({ secret: 'sesame' });
    t.is((await settle(device.read()))[0]!.value, 1013.25);
    device.close();
  });

  test(title('where no daemon listens it cannot be reached, and a dead one ends its devices'), async (t) => {
    const { connect, settle, emulator } = await start(t);
    const device = await connect();
    const told = ends(device);
    await settle(emulator.close());
    await settle(told.first);
    t.is(told.causes.length, 1);
    t.is(told.causes[0]!.code, 'device-unreachable');
    await t.throwsAsync(settle(device.read()), { code: 'device-unreachable' });
    const error = await t.throwsAsync(connect(), { code: 'device-unreachable' });
    t.true(error instanceof FogrunError);
  });

  test(title('a device unplugged is lost at once, and awaited until it is back'), async (t) => {
    const { connect, settle, emulator, awaitDevice } = await start(t, { devices: [v1, v2] });
    const device = await connect({ uid: 'abc' });
    const told = ends(device);
    t.true(emulator.unplug('abc'));
    t.false(emulator.unplug('abc'));
    await settle(told.first);
    t.is(told.causes[0]!.code, 'device-unknown');
    await t.throwsAsync(settle(device.read()), { code: 'device-unknown' });
    await t.throwsAsync(connect({ uid: 'abc' }), { code: 'device-unknown' });
    let back = false;
    const waited = awaitDevice(true, { uid: 'abc' }).then(() => {
      back = true;
    });
    await settle(awaitDevice(true, { uid: 'Xyz' }));
    t.false(back);
    t.true(emulator.replug('abc'));
    await settle(waited);
    const again = await connect({ uid: 'abc' });
    t.is((await settle(again.read()))[0]!.value, 1013.25);
    again.close();
  });

  test(title('who closes a device, or gives it up, hears no more of it'), async (t) => {
    const { connect, settle, emulator, life } = await start(t);
    const [closed, aborted] = [await connect(), await connect()];
    const told = [ends(closed), ends(aborted)];
    closed.close();
    closed.close();
    await t.throwsAsync(settle(closed.read()), { code: 'device-unreachable' });
    life.abort();
    await t.throwsAsync(settle(aborted.read()), { code: 'device-unreachable' });
    await t.throwsAsync(connect(), { code: 'device-unreachable' });
    await settle(emulator.close());
    t.deepEqual(
      told.map(({ causes }) => causes),
      [[], []],
    );
  });

  test(
    title('a device that listens is told of values by itself, and only of changes if so wished'),
    async (t) => {
      const moving = {
        type: 'barometer-v2',
        uid: 'Xyz',
        pressure: { shape: 'linear', from: 990, to: 1_010, over: 2_000 },
      };
      const { connect, settle } = await start(t, { devices: [moving as never] });
      const device = await connect();
      const heard: (readonly Measurement[])[] = [];
      const three = Promise.withResolvers<void>();
      const { onlyChanges } = await settle(
        device.listen(
          { periodMs: 50, onChange: false },
          {
            measured(measurements) {
              heard.push(measurements);
              if (heard.length === 3) three.resolve();
            },
            noValue: (cause) => three.reject(new Error(cause.message)),
          },
        ),
      );
      t.false(onlyChanges);
      await settle(three.promise);
      for (const [one] of heard) {
        t.is(one!.sensor, 'pressure');
        t.true(one!.value >= 990 && one!.value <= 1_010);
      }
      device.close();
    },
  );
}
