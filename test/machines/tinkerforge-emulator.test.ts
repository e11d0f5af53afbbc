import test from 'ava';
import {
  type DaemonEvent,
  type TinkerforgeEmulatorConfig,
  tinkerforgeEmulator,
} from '../../machines/tinkerforge-emulator.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { failure, fakeTask, play } from '../helpers/statechart.ts';
import { testKind } from '../suites/kind.ts';

const inUse = () => failure('address-in-use', 'taken');

testKind({
  kind: tinkerforgeEmulator,
  file: 'machines/tinkerforge-emulator.ts',
  reach: {
    retryInMs: {
      daemon: async () => {
        throw inUse();
      },
    },
  },
});

function start() {
  const daemon = fakeTask<TinkerforgeEmulatorConfig, DaemonEvent>();
  const attempts: number[] = [];
  const retryInMs = (attempt: number) => {
    attempts.push(attempt);
    return 1_000 * attempt;
  };
  const played = play(tinkerforgeEmulator as ActorKind, { daemon: daemon.effect, retryInMs });
  const { clock } = played;
  const listen = async () => {
    daemon.emit({ type: 'LISTENING', host: '127.0.0.1', port: 4223 });
    await clock.flush();
  };
  const fail = async (thrown: unknown) => {
    daemon.fail(thrown);
    await clock.flush();
  };
  return { ...played, attempts, daemon, listen, fail };
}

test('an emulator starts and then rests listening', async (t) => {
  const { clock, states, listen } = start();
  await listen();
  t.deepEqual(states(), ['serving.starting', 'serving.listening']);
  t.is(clock.pending, 0);
});

test('a taken address is tried again at growing waits, for as long as it takes', async (t) => {
  const { clock, attempts, daemon, fail, listen, last } = start();
  for (let i = 0; i < 5; i++) {
    await fail(inUse());
    t.like(last(), { to: 'waitingToRetry', cause: { code: 'address-in-use' }, attempt: i + 1 });
    await clock.step();
  }
  await listen();
  await fail(inUse());
  t.deepEqual(attempts, [1, 2, 3, 4, 5, 1]);
  t.is(daemon.running, 0);
});

test('one that does not start in time is tried again', async (t) => {
  const { clock, state, last, daemon } = start();
  await clock.advance(10_000);
  t.is(state(), 'waitingToRetry');
  t.is(last().cause?.code, 'deadline-missed');
  t.is(daemon.running, 0);
});

test('what no attempt can mend fails at once', async (t) => {
  const { fail, ended } = start();
  await fail(failure('file-unreadable', 'no such file'));
  t.like(await ended, { how: 'failed', cause: { code: 'file-unreadable' } });
});

test('PAUSE closes it from every state, RESUME starts it anew, RETRY ends a wait', async (t) => {
  for (const before of ['starting', 'listening', 'waiting']) {
    const { clock, state, send, listen, fail, daemon } = start();
    if (before === 'listening') await listen();
    if (before === 'waiting') {
      await fail(inUse());
      await send('RETRY');
      t.is(state(), 'serving.starting');
      await fail(inUse());
    }
    await send('PAUSE');
    t.is(state(), 'paused');
    t.is(daemon.running, 0);
    t.is(clock.pending, 0);
    await send('RESUME');
    t.is(state(), 'serving.starting');
  }
});

test('STOP ends it at once in every state', async (t) => {
  for (const before of ['starting', 'listening', 'waiting', 'paused']) {
    const { clock, send, listen, fail, daemon, ended } = start();
    if (before === 'listening') await listen();
    if (before === 'waiting') await fail(inUse());
    if (before === 'paused') await send('PAUSE');
    await send('STOP');
    t.deepEqual(await ended, { how: 'stopped' });
    t.is(daemon.running, 0);
    t.is(clock.pending, 0);
  }
});

/** What the config says of a mistake, as `path: message`. */
const complaints = (devices: object[]) =>
  tinkerforgeEmulator.config
    .safeParse({ devices })
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

test('values that a device does not have, and a UID given twice, are mistakes', (t) => {
  const still = { shape: 'const', value: 1 };
  t.deepEqual(complaints([{ type: 'co2', pressure: still, values: { co2: still, fix: still } }]), [
    'devices.0.pressure: a device of type co2 has no pressure; it has co2, temperature, humidity',
    'devices.0.values.fix: a device of type co2 has no fix; it has co2, temperature, humidity',
  ]);
  t.deepEqual(complaints([{ uid: 'abc' }, { uid: '1abc', type: 'gps' }]), [
    'devices.1.uid: another device has this UID',
  ]);
  t.is(complaints([{ type: 'gps', values: { fix: still, latitude: still } }]), undefined);
});

test('a walk of the pressure keeps the bounds it always had, others those of their device', (t) => {
  const walk = { shape: 'random-walk', start: 1_000, step: 1 };
  const { devices } = tinkerforgeEmulator.config.parse({
    devices: [{ pressure: walk, values: { altitude: walk } }],
  });
  t.like(devices[0]!.pressure, { min: 950, max: 1_050 });
  t.like(devices[0]!.values!.altitude, { min: undefined, max: undefined });
});
