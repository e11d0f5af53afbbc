/** What the client makes of servers that are no brick daemon, and of daemons and devices that misbehave. */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { connectDevice, listDevices } from '../../src/devices/client.ts';
import { type Identity, writeIdentity } from '../../src/devices/emulator/device.ts';
import { writeRaw } from '../../src/devices/emulator/raw.ts';
import { createPacketReader, type PacketHeader, writePacket } from '../../src/devices/packet.ts';
import { emulate, packetOf, pressureOf, readOne, realClock, serve, targetOf, uids } from './fixtures.ts';

const env = () => ({ clock: realClock, signal: new AbortController().signal });
const connectTo = (at: { port: number }, more = {}) => connectDevice(targetOf(at, more), pressureOf, env());

const identity: Identity = {
  uid: 'abc',
  connectedUid: '6abcde',
  position: 'a',
  hardware: [1, 1, 0],
  firmware: [2, 0, 3],
  identifier: 221,
};
const enumerated = (change = 0, more: Partial<Identity> = {}) =>
  packetOf(uids.abc, 253, Buffer.concat([writeIdentity({ ...identity, ...more }), Buffer.from([change])]), {
    sequence: 0,
    responseExpected: false,
  });

type Handle = (socket: Socket, header: PacketHeader) => Uint8Array | undefined;

/** A daemon with one barometer whose answers can be replaced; an empty one is no answer. */
function daemon(t: ExecutionContext, replace: Handle = () => undefined) {
  return serve(t, (socket) => {
    const reader = createPacketReader(() => true);
    socket.on('data', (bytes) => {
      reader.push(bytes, (_, header) => {
        socket.write(replace(socket, header) ?? usual(header));
        return true;
      });
    });
  });
}

function usual(header: PacketHeader): Uint8Array {
  if (header.functionId === 254) return enumerated();
  if (header.uid !== uids.abc) return Buffer.alloc(0);
  if (header.functionId === 255) return writePacket({ ...header, error: 0 }, writeIdentity(identity));
  return writePacket({ ...header, error: 0 }, writeRaw([{ raw: 'i32', value: 1_000_000 }]));
}
const isRead = (header: PacketHeader) => header.uid === uids.abc && header.functionId === 1;

test('a device on a real brick is not simulated', async (t) => {
  const device = await connectTo(await daemon(t));
  t.false(device.simulated);
  t.is(await readOne(device), 1000);
  device.close();
});

test('a web server is foreign, with and without UID and secret', async (t) => {
  const server = createServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const at = server.address() as AddressInfo;
  for (const more of [{}, { uid: 'abc' }, { secret: 'sesame' }]) {
    await t.throwsAsync(connectTo(at, more), { code: 'device-foreign', message: /web server/ });
  }
});

test('whoever speaks another protocol is foreign, and what it said is shown without its control characters', async (t) => {
  const greetings: Record<string, Buffer> = {
    ssh: Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n'),
    smtp: Buffer.from('220 mail.example ESMTP\r\n'),
    escapes: Buffer.from('\u001b[2J\u001b[31mred\u0007!!'),
    zeros: Buffer.alloc(64),
    'length 0': Buffer.from([0x93, 0x78, 0, 0, 0, 255, 0x18, 0]),
    'an answer that nobody asked for': packetOf(4_711, 9, Buffer.alloc(4)),
  };
  for (const [what, bytes] of Object.entries(greetings)) {
    const server = await serve(t, (socket) => socket.write(bytes));
    const error = await t.throwsAsync(connectTo(server, { uid: 'abc' }), { code: 'device-foreign' }, what);
    t.notRegex(error!.message, /[\u0000-\u001f]/);
    await t.throwsAsync(listDevices(targetOf(server), env()), { code: 'device-foreign' }, what);
  }
});

test('a server that closes at once is foreign; asked for a secret, it may also be one that wants none', async (t) => {
  const server = await serve(t, (socket) => socket.end());
  await t.throwsAsync(connectTo(server), { code: 'device-foreign' });
  await t.throwsAsync(connectTo(server, { uid: 'abc' }), { code: 'device-foreign' });
  await t.throwsAsync(connectTo(server, { secret: 'sesame' }), {
    code: 'device-secret',
    message: /not a brick daemon/,
  });
});

test('a server that says nothing is silent, one that stops in a packet is foreign', async (t) => {
  const mute = await serve(t, () => {});
  for (const more of [{}, { uid: 'abc' }, { secret: 'sesame' }]) {
    await t.throwsAsync(connectTo(mute, { ...more, timeoutMs: 400 }), { code: 'device-silent' });
  }
  const half = await serve(t, (socket) => socket.write(enumerated().subarray(0, 20)));
  await t.throwsAsync(connectTo(half, { timeoutMs: 400 }), { code: 'device-foreign', message: /20 bytes/ });
});

test('a daemon without any device says so', async (t) => {
  const empty = await daemon(t, (socket, header) => {
    // A real one closes when asked for a nonce that it has no use for.
    if (header.uid === 1) socket.end();
    return Buffer.alloc(0);
  });
  await t.throwsAsync(connectTo(empty, { timeoutMs: 400 }), {
    code: 'device-unknown',
    message: /no device at all/,
  });
  t.deepEqual(await listDevices(targetOf(empty, { timeoutMs: 400 }), env()), []);
});

test('devices that come and go without end are listed all the same', async (t) => {
  const at = await daemon(t, (socket, header) => {
    if (header.functionId !== 254) return undefined;
    const coming = setInterval(() => socket.write(enumerated(1)), 20);
    socket.once('close', () => clearInterval(coming));
    return enumerated();
  });
  const life = new AbortController();
  const givenUp = setTimeout(() => life.abort(), 20_000);
  const target = { ...targetOf(at), timeoutMs: 300 };
  const found = await listDevices(target, { clock: realClock, signal: life.signal });
  clearTimeout(givenUp);
  t.like(found, [{ uid: 'abc' }]);
});

test('a device that is there and does not answer is silent', async (t) => {
  const server = await daemon(t, (_, header) => (header.functionId === 255 ? Buffer.alloc(0) : undefined));
  await t.throwsAsync(connectTo(server, { uid: 'abc', timeoutMs: 400 }), {
    code: 'device-silent',
    message: /device abc/,
  });
});

test('a device that falls silent rejects within its deadline and may come back', async (t) => {
  let silent = false;
  const server = await daemon(t, (_, header) => (silent && isRead(header) ? Buffer.alloc(0) : undefined));
  const device = await connectTo(server, { timeoutMs: 400 });
  t.is(await readOne(device), 1000);
  silent = true;
  const startedMs = performance.now();
  await t.throwsAsync(device.read(), { code: 'device-silent' });
  t.true(performance.now() - startedMs < 5_000);
  silent = false;
  t.is(await readOne(device), 1000);
  device.close();
});

test('errors and odd lengths from a device are errors, and the next read works', async (t) => {
  const answers: ((header: PacketHeader) => Uint8Array)[] = [
    (header) => writePacket({ ...header, error: 1 }, Buffer.alloc(0)),
    (header) => writePacket({ ...header, error: 2 }, Buffer.alloc(0)),
    (header) => writePacket({ ...header, error: 3 }, Buffer.alloc(0)),
    (header) => writePacket({ ...header, error: 0 }, Buffer.alloc(0)),
    (header) => writePacket({ ...header, error: 0 }, Buffer.alloc(3)),
    (header) => writePacket({ ...header, error: 0 }, Buffer.alloc(72)),
  ];
  let next: ((header: PacketHeader) => Uint8Array) | undefined;
  const server = await daemon(t, (_, header) => (isRead(header) ? next?.(header) : undefined));
  const device = await connectTo(server);
  for (next of answers) await t.throwsAsync(device.read(), { code: 'device-error' });
  next = undefined;
  t.is(await readOne(device), 1000);
  device.close();
});

test('a broken packet ends the connection: pending reads reject at once, and the loss is told once', async (t) => {
  const server = await daemon(t, (_, header) => (isRead(header) ? Buffer.alloc(80) : undefined));
  const device = await connectTo(server, { timeoutMs: 60_000 });
  let lost = 0;
  device.onLost(() => lost++);
  const reads = [device.read(), device.read()];
  for (const read of reads) await t.throwsAsync(read, { code: 'device-foreign', message: /broken packet/ });
  await t.throwsAsync(device.read(), { code: 'device-foreign' });
  t.is(lost, 1);
});

test('a daemon that goes away rejects pending reads at once, and the loss is told once', async (t) => {
  const server = await daemon(t, (socket, header) => {
    if (isRead(header)) socket.resetAndDestroy();
    return undefined;
  });
  const device = await connectTo(server, { timeoutMs: 60_000 });
  let lost = 0;
  device.onLost(() => lost++);
  await t.throwsAsync(device.read(), { code: 'device-unreachable', message: /ended/ });
  device.close();
  t.is(lost, 1);
  await new Promise((resolve) => device.onLost(resolve));
});

test('an unplugged device is lost although its daemon goes on', async (t) => {
  const server = await daemon(t, (_, header) => (isRead(header) ? enumerated(2) : undefined));
  const device = await connectTo(server, { timeoutMs: 60_000 });
  const lost = new Promise((resolve) => device.onLost(resolve));
  await t.throwsAsync(device.read(), { code: 'device-unknown', message: /unplugged/ });
  await lost;
});

test('closing twice, also with a read pending, is harmless and no loss', async (t) => {
  const server = await daemon(t, (_, header) => (isRead(header) ? Buffer.alloc(0) : undefined));
  const device = await connectTo(server, { timeoutMs: 60_000 });
  device.onLost(() => t.fail('its owner closed it'));
  const read = device.read();
  device.close();
  device.close();
  await t.throwsAsync(read, { code: 'device-unreachable' });
  await t.throwsAsync(device.read(), { code: 'device-unreachable' });
});

test('names with control characters from the wire come out escaped', async (t) => {
  const server = await daemon(t, (_, header) =>
    header.functionId === 254
      ? enumerated(0, { uid: '\u001b[2J', connectedUid: '\u0007', position: '\n' })
      : undefined,
  );
  const [device] = await listDevices(targetOf(server), env());
  t.like(device, { uid: '\\u001b[2J', connectedUid: '\\u0007', position: '\\u000a' });
});

test('answers in pieces are put together', async (t) => {
  const server = await serve(t, (socket) => {
    socket.setNoDelay(true);
    const reader = createPacketReader(() => true);
    socket.on('data', (bytes) => {
      reader.push(bytes, (_, header) => {
        for (const byte of usual(header)) setImmediate(() => socket.write(Uint8Array.of(byte)));
        return true;
      });
    });
  });
  const device = await connectTo(server, { timeoutMs: 2_000 });
  t.is(await readOne(device), 1000);
  device.close();
});

test('an emulator killed and started again on its port is found by the next attempt', async (t) => {
  const first = await emulate(t);
  const device = await connectTo(first, { uid: 'abc' });
  t.is(await readOne(device), 1013.25);
  const lost = new Promise((resolve) => device.onLost(resolve));
  await first.close();
  await lost;
  await t.throwsAsync(device.read(), { code: 'device-unreachable' });
  await t.throwsAsync(connectTo(first, { uid: 'abc' }), { code: 'device-unreachable' });
  const second = await emulate(t, { port: first.port });
  const again = await connectTo(second, { uid: 'abc' });
  t.is(await readOne(again), 1013.25);
  again.close();
});

test('a client that polls through ten restarts always finds back', async (t) => {
  let emulator = await emulate(t);
  const { port } = emulator;
  for (let round = 0; round < 10; round++) {
    const device = await connectTo({ port }, { uid: 'abc' });
    const polling = (async () => {
      for (;;) await device.read();
    })();
    await emulator.close();
    await t.throwsAsync(polling, { code: 'device-unreachable' });
    emulator = await emulate(t, { port });
  }
});
