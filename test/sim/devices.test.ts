import test from 'ava';
import { createSimDevices } from '../../src/sim/devices.ts';
import { createVirtualClock } from '../../src/sim/virtual-clock.ts';
import { deviceSuite, suiteDevices } from '../suites/device.ts';

const target = { host: '127.0.0.1', port: 4223, uid: '', secret: '', timeoutMs: 1_000 };
const wish = { type: 'barometer', sensors: ['pressure'] };
const env = () => new AbortController();

deviceSuite(test, 'simulated', async () => {
  const clock = createVirtualClock();
  // Nothing here stands for real devices.
  const emulates = Array.from({ length: 100 }, (_, i) => `127.0.0.1:${40_000 + i}`);
  const devices = createSimDevices({ clock, emulates });
  return {
    ...devices,
    emulate: (options) =>
      devices.startEmulator({ host: '127.0.0.1', port: 0, secret: '', devices: suiteDevices, ...options }),
    settle: (promise) => clock.until(promise),
  };
});

test('what no emulator of the process serves stands for a real daemon with one device of the type', async (t) => {
  const clock = createVirtualClock();
  const devices = createSimDevices({ clock, emulates: ['127.0.0.1:4224'] });
  const device = await clock.until(devices.connect({ ...target, host: 'greenhouse' }, wish, env()));
  t.false(device.simulated);
  const [one] = await clock.until(device.read());
  t.true(one!.value > 950 && one!.value < 1_050);
  const named = await clock.until(devices.connect({ ...target, uid: 'qBz' }, wish, env()));
  t.is(named.info.uid, 'qBz');
  await t.throwsAsync(
    clock.until(devices.connect({ ...target, host: 'localhost', port: 4224 }, wish, env())),
    {
      code: 'device-unreachable',
    },
  );
});

test('a daemon that falls silent is noticed by its deadline, and goes on afterwards', async (t) => {
  const clock = createVirtualClock();
  const devices = createSimDevices({ clock });
  const device = await clock.until(devices.connect(target, wish, env()));
  const daemon = devices.daemons[0]!;
  daemon.silent = true;
  await t.throwsAsync(clock.until(device.read()), { code: 'device-silent', message: /within 1s/ });
  await t.throwsAsync(clock.until(devices.connect(target, wish, env())), { code: 'device-unreachable' });
  daemon.silent = false;
  t.is((await clock.until(device.read())).length, 1);
  t.is(clock.pending, 0);
});

test('a device with an unplug plan comes and goes by it', async (t) => {
  const clock = createVirtualClock();
  const devices = createSimDevices({ clock });
  const unplug = { after: 5_000, for: 2_000, every: 10_000 };
  const emulator = await devices.startEmulator({
    ...{ host: '127.0.0.1', port: 4223, secret: '' },
    devices: [{ type: 'barometer', uid: 'abc', unplug }],
  });
  const away: boolean[] = [];
  for (let second = 0; second < 20; second++) {
    away.push(devices.daemons[0]!.slots.length === 0);
    await clock.advance(1_000);
  }
  t.deepEqual(
    away.flatMap((gone, second) => (gone ? [second] : [])),
    [5, 6, 15, 16],
  );
  await emulator.close();
  t.is(clock.pending, 0);
});
