import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { tinkerforgeEmulator } from '../../machines/tinkerforge-emulator.ts';
import type { TransitionReport } from '../../src/contract/report.ts';
import { startEmulator } from '../../src/devices/emulator/server.ts';
import { emulatorEffects } from '../../src/devices/emulator-effects.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { buildStatechart } from '../../src/runtime/effects.ts';
import { seededRandom } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

/** An emulator on a virtual clock, listening for real. */
function runEmulator(t: ExecutionContext, config: object = {}, files: Record<string, string> = {}) {
  const clock = createVirtualClock();
  const moves: TransitionReport[] = [];
  const waiting = new Set<() => void>();
  let address = '';
  const effects = emulatorEffects({
    clock,
    random: seededRandom('emulator'),
    report: (entry) => {
      if (entry.type === 'note') address = /on (\S+)$/.exec(entry.text)?.[1] ?? '';
    },
    retryInMs: () => 1_000,
    startEmulator,
    readText: async (file) => files[file] ?? Promise.reject(new Error('no such file')),
  });
  const actor = runActor(buildStatechart(tinkerforgeEmulator, { ...effects }, new AbortController().signal), {
    clock,
    report: (entry) => {
      if (entry.type === 'transition') moves.push(entry);
      for (const look of [...waiting]) look();
    },
    input: { config: tinkerforgeEmulator.config.parse({ port: 0, ...config }) },
  });
  t.teardown(() => actor.kill());
  const until = (to: string, from = 0): Promise<TransitionReport> =>
    new Promise((resolve) => {
      const look = () => {
        const found = moves.slice(from).find((move) => move.to === to);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { clock, actor, moves, until, port: () => Number(address.split(':').at(-1)) };
}

async function listenAt(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

test('paused it lets go of its address and its clients, resumed it listens again', async (t) => {
  const first = await listenAt(0);
  const { port } = first.address() as { port: number };
  first.close();
  await once(first, 'close');
  const emulator = runEmulator(t, { port });
  await emulator.until('serving.listening');
  const client = connect(port, '127.0.0.1').on('error', () => {});
  await once(client, 'connect');
  const closed = once(client, 'close');
  emulator.actor.send({ type: 'PAUSE' });
  await closed;
  const other = await listenAt(port);
  other.close();
  await once(other, 'close');
  const from = emulator.moves.length;
  emulator.actor.send({ type: 'RESUME' });
  await emulator.until('serving.listening', from);
  emulator.actor.send({ type: 'STOP' });
  t.deepEqual(await emulator.actor.ended, { how: 'stopped' });
});

test('an address that is taken is a wait with its cause, and ends when the address is free', async (t) => {
  const other = await listenAt(0);
  const { port } = other.address() as { port: number };
  const emulator = runEmulator(t, { port });
  const { cause } = await emulator.until('waitingToRetry');
  t.is(cause?.code, 'address-in-use');
  t.true(cause?.message.includes(String(port)));
  other.close();
  await once(other, 'close');
  await emulator.clock.advance(1_000);
  await emulator.until('serving.listening');
  emulator.actor.send({ type: 'STOP' });
  await emulator.actor.ended;
});

test('stopped while it starts, it leaves nothing behind', async (t) => {
  const emulator = runEmulator(t);
  emulator.actor.send({ type: 'STOP' });
  t.deepEqual(await emulator.actor.ended, { how: 'stopped' });
  await emulator.clock.flush();
  t.is(emulator.clock.pending, 0);
});

test('values that cannot be read end in failed and name the file', async (t) => {
  for (const [files, what] of [
    [{}, /values.csv/],
    [{ 'values.csv': 'no number' }, /line 1|values.csv/],
  ] as const) {
    const pressure = { shape: 'csv', file: 'values.csv' };
    const emulator = runEmulator(t, { devices: [{ uid: 'bAr', pressure }] }, files);
    const { cause } = await emulator.until('failed');
    t.regex(cause!.message, what);
    t.not(cause!.code, 'internal');
  }
});
