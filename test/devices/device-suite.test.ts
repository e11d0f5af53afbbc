import test from 'ava';
import { awaitDevice, connectDevice } from '../../src/devices/client.ts';
import { startEmulator } from '../../src/devices/emulator/server.ts';
import { deviceSuite, suiteDevices } from '../suites/device.ts';
import { realClock as clock, fixedRandom } from './fixtures.ts';

deviceSuite(test, 'tinkerforge', async () => ({
  connect: (target, wish, { signal }) => connectDevice(target, wish, { clock, signal }),
  awaitDevice: (target, wish, { signal }) => awaitDevice(target, wish, { clock, signal }),
  emulate: (options) =>
    startEmulator(
      { host: '127.0.0.1', port: 0, secret: '', devices: suiteDevices, ...options },
      { clock, random: fixedRandom },
    ),
  settle: (promise) => promise,
}));
