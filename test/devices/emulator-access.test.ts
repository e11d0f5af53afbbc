import { createHmac } from 'node:crypto';
import test from 'ava';
import { startEmulator } from '../../src/devices/emulator/server.ts';
import {
  emulate,
  fixedRandom,
  packetOf,
  type RawClient,
  rawClient,
  realClock,
  uids,
  v1,
} from './fixtures.ts';

const secret = 'no one knows';

async function authenticate(client: RawClient, key: string) {
  const nonce = (await client.request(1, 1)).payload;
  const mine = Buffer.from([9, 8, 7, 6]);
  const digest = createHmac('sha1', key).update(nonce).update(mine).digest();
  return client.request(1, 2, Buffer.concat([mine, digest]));
}

test('without the secret nothing is answered but the daemon itself', async (t) => {
  const emulator = await emulate(t, { secret });
  const client = await rawClient(t, emulator.port);
  client.send(packetOf(uids.abc, 1));
  client.send(packetOf(uids.abc, 255));
  client.send(packetOf(0, 254));
  t.is((await client.request(1, 77)).error, 2);
  t.is(client.received.length, 1);
});

test('with the secret everything is answered', async (t) => {
  const emulator = await emulate(t, { secret });
  const client = await rawClient(t, emulator.port);
  t.deepEqual((await client.request(1, 1)).payload, Buffer.from([1, 2, 3, 4]));
  t.is((await authenticate(client, secret)).error, 0);
  t.is((await client.request(uids.abc, 1)).payload.readInt32LE(0), 1_013_250);
});

test('callbacks stay away from clients without the secret', async (t) => {
  const emulator = await emulate(t, { secret });
  const stranger = await rawClient(t, emulator.port);
  const client = await rawClient(t, emulator.port);
  await authenticate(client, secret);
  client.send(packetOf(0, 254));
  await client.take((packet) => packet.functionId === 253);
  await stranger.request(1, 77);
  t.is(stranger.received.length, 1);
});

test('a wrong secret closes the connection', async (t) => {
  const emulator = await emulate(t, { secret });
  const client = await rawClient(t, emulator.port);
  await t.throwsAsync(authenticate(client, 'some other'), { message: 'the connection ended' });
});

test('a digest for no nonce, or for one used before, closes the connection', async (t) => {
  const emulator = await emulate(t, { secret });
  const early = await rawClient(t, emulator.port);
  early.send(packetOf(1, 2, Buffer.alloc(24)));
  await early.closed;
  const client = await rawClient(t, emulator.port);
  await authenticate(client, secret);
  const digest = createHmac('sha1', secret)
    .update(Buffer.from([1, 2, 3, 4, 9, 8, 7, 6]))
    .digest();
  client.send(packetOf(1, 2, Buffer.concat([Buffer.from([9, 8, 7, 6]), digest])));
  await client.closed;
  t.pass();
});

test('authenticating when no secret is wanted closes the connection', async (t) => {
  const emulator = await emulate(t);
  for (const functionId of [1, 2]) {
    const client = await rawClient(t, emulator.port);
    client.send(packetOf(1, functionId, Buffer.alloc(functionId === 1 ? 0 : 24)));
    await client.closed;
  }
  t.pass();
});

test('a taken port is refused as such, and free again after close', async (t) => {
  const emulator = await emulate(t);
  const again = { host: '127.0.0.1', port: emulator.port, secret: '', devices: [v1] };
  const env = { clock: realClock, random: fixedRandom };
  const error = await t.throwsAsync(startEmulator(again, env), { code: 'address-in-use' });
  t.regex(error!.message, new RegExp(`127\\.0\\.0\\.1:${emulator.port}`));
  await emulator.close();
  await emulator.close();
  const second = await startEmulator(again, env);
  t.is(second.port, emulator.port);
  await second.close();
});

test('an address that is not ours is refused', async (t) => {
  const env = { clock: realClock, random: fixedRandom };
  await t.throwsAsync(startEmulator({ host: '192.0.2.1', port: 0, secret: '', devices: [] }, env), {
    code: 'address-refused',
  });
  await t.throwsAsync(startEmulator({ host: '127.0.0.1', port: 70_000, secret: '', devices: [] }, env), {
    code: 'address-refused',
  });
});

test('mistakes in the options are named', async (t) => {
  const start = (more: object) =>
    startEmulator(
      { host: '127.0.0.1', port: 0, secret: '', devices: [v1], ...more },
      {
        clock: realClock,
        random: fixedRandom,
      },
    );
  const invalid = 'pipeline-invalid';
  await t.throwsAsync(start({ devices: [v1, v1] }), { code: invalid, message: /UID abc is given twice/ });
  await t.throwsAsync(start({ devices: [{ ...v1, uid: 'FogEm' }] }), { code: invalid, message: /FogEm/ });
  await t.throwsAsync(start({ devices: [{ ...v1, uid: '1abc' }, v1] }), { code: invalid, message: /twice/ });
  await t.throwsAsync(start({ devices: [{ ...v1, uid: 'l0l' }] }), { code: 'device-uid', message: /l0l/ });
  await t.throwsAsync(start({ devices: Array.from({ length: 9 }, () => v1) }), { code: invalid });
  await t.throwsAsync(start({ secret: 'naïve' }), { code: invalid, message: /ASCII/ });
  const shape = { shape: 'sine', mean: 1, amplitude: 1, period: 0 };
  await t.throwsAsync(start({ devices: [{ ...v1, pressure: shape }] }), {
    code: invalid,
    message: /abc.*period/,
  });
});

test('a client that reads nothing is dropped, and the others go on', async (t) => {
  const emulator = await emulate(t);
  const sleeper = await rawClient(t, emulator.port);
  const client = await rawClient(t, emulator.port);
  await client.request(uids.abc, 1);
  t.is(emulator.connections, 2);
  sleeper.socket.pause();
  const requests = Buffer.concat(Array.from({ length: 8_000 }, () => packetOf(uids.abc, 255)));
  while (emulator.connections === 2) {
    sleeper.send(requests);
    await client.request(uids.abc, 1);
  }
  t.is(emulator.connections, 1);
  t.is((await client.request(uids.abc, 1)).error, 0);
});

test('the end of an emulator is told once', async (t) => {
  const emulator = await emulate(t);
  const told: unknown[] = [];
  emulator.onStopped((cause) => told.push(cause));
  await emulator.close();
  await emulator.close();
  t.deepEqual(told, [undefined]);
  await new Promise<void>((resolve) => emulator.onStopped(() => resolve()));
});
