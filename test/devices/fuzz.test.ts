/** Bytes nobody would send, in both directions. */
import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import { FogrunError } from '../../src/contract/errors.ts';
import { connectDevice } from '../../src/devices/client.ts';
import { parseUid } from '../../src/devices/uid.ts';
import {
  emulate,
  packetOf,
  pressureOf,
  rawClient,
  readOne,
  realClock,
  serve,
  targetOf,
  uids,
  v1,
  v2,
} from './fixtures.ts';

/** As many different devices as a brick has ports for. */
const allKinds = [
  v1,
  v2,
  { type: 'humidity', uid: 'h1a' },
  { type: 'ambient-light', uid: 'h1b' },
  { type: 'air-quality', uid: 'h1c' },
  { type: 'co2', uid: 'h1d' },
  { type: 'gps', uid: 'h1e' },
  { type: 'gps-v2', uid: 'h1f' },
];
const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 400 });
/** Requests that make enough sense to reach the devices. */
const anyRequest = fc
  .record({
    uid: fc.constantFrom(0, 1, uids.FogEm, 4_711, ...allKinds.map(({ uid }) => parseUid(uid))),
    functionId: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 255 })),
    sequence: fc.integer({ min: 1, max: 15 }),
    responseExpected: fc.boolean(),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 72 }),
      ...[1, 2, 3, 4, 5, 8, 9, 10, 14].map((length) =>
        fc.uint8Array({ minLength: length, maxLength: length }),
      ),
    ),
  })
  .map(({ uid, functionId, payload, ...more }) => packetOf(uid, functionId, payload, more));

test('random bytes never crash the emulator, and another client goes on', async (t) => {
  const emulator = await emulate(t, { devices: [v1] });
  const good = await rawClient(t, emulator.port);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(anyBytes, anyRequest), { minLength: 1, maxLength: 10 }),
      async (parts) => {
        const socket = connect(emulator.port, '127.0.0.1');
        socket.on('error', () => {});
        socket.resume();
        await once(socket, 'connect');
        for (const part of parts) socket.write(part);
        socket.end();
        const answer = await good.request(uids.abc, 255);
        await new Promise<void>((resolve) =>
          socket.closed ? resolve() : socket.once('close', () => resolve()),
        );
        return answer.error === 0 && answer.payload.subarray(0, 3).toString() === 'abc';
      },
    ),
    { numRuns: 300 },
  );
  t.true(emulator.connections >= 1);
});

test('any request to any device leaves it answering', async (t) => {
  const emulator = await emulate(t, { devices: allKinds });
  const client = await rawClient(t, emulator.port);
  // The daemon closes for some requests, and the master's answers are what is waited for.
  const toDevices = anyRequest.filter((packet) => ![1, uids.FogEm].includes(packet.readUInt32LE(0)));
  await fc.assert(
    fc.asyncProperty(fc.array(toDevices, { minLength: 1, maxLength: 30 }), async (packets) => {
      client.send(Buffer.concat(packets));
      return (await client.request(uids.FogEm, 255)).error === 0;
    }),
    { numRuns: 300 },
  );
  const later = await rawClient(t, emulator.port);
  t.is((await later.request(uids.abc, 1)).error, 0);
});

test('whatever a server sends, connecting ends in a FogrunError within its deadlines', async (t) => {
  let bytes: Uint8Array = Buffer.alloc(0);
  let ends = false;
  const server = await serve(t, (socket) => {
    socket.write(bytes);
    if (ends) socket.end();
  });
  await fc.assert(
    fc.asyncProperty(anyBytes, fc.boolean(), fc.constantFrom('', 'abc'), async (sent, ending, uid) => {
      bytes = sent;
      ends = ending;
      const attempt = connectDevice(targetOf(server, { uid, timeoutMs: 20 }), pressureOf, {
        clock: realClock,
        signal: new AbortController().signal,
      });
      return attempt.then(
        () => false,
        (error) => error instanceof FogrunError && error.code.startsWith('device-'),
      );
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('whatever a device sends between its answers, reading goes on or ends in an error', async (t) => {
  const emulator = await emulate(t);
  const { connect: dial } = await import('node:net');
  let noise: Uint8Array = Buffer.alloc(0);
  const proxy = await serve(t, (socket) => {
    const upstream = dial(emulator.port, '127.0.0.1');
    upstream.on('error', () => {});
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
    socket.on('data', (request) => upstream.write(request));
    upstream.on('data', (answer) => {
      if (noise.length > 0) socket.write(noise);
      socket.write(answer);
    });
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyBytes, anyRequest), async (bytes) => {
      noise = Buffer.alloc(0);
      const device = await connectDevice(targetOf(proxy, { uid: 'abc', timeoutMs: 1_000 }), pressureOf, {
        clock: realClock,
        signal: new AbortController().signal,
      });
      noise = bytes;
      const outcome = await Promise.race([
        readOne(device).then(
          (value) => typeof value === 'number',
          (error) => error instanceof FogrunError,
        ),
        new Promise<boolean>((resolve) => setTimeout(resolve, 2_500, false)),
      ]);
      device.close();
      return outcome;
    }),
    { numRuns: 60 },
  );
  t.pass();
});
