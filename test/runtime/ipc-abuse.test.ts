import test from 'ava';
import fc from 'fast-check';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import {
  closed,
  delimiter,
  frame,
  greeting,
  rawConnection,
  startChild,
  startHost,
  token,
} from './ipc-fixtures.ts';

const refused: [string, string][] = [
  ['no JSON', `garbage${delimiter}`],
  ['no object', `[1]${delimiter}`],
  ['no type', `{"data":1}${delimiter}`],
  ['a type of node-ipc itself', frame('connect', {})],
  ['a type of every object', frame('__proto__', {})],
  ['the type of all types', frame('*', {})],
  ['an unknown type', frame('other', {})],
  ['a message before the greeting', frame('message', {})],
  ['the welcome, which only a parent says', frame('welcome', {})],
  ['a greeting without a token', frame('hello', { name: 'edge' })],
  ['a greeting with a wrong token', greeting('edge', `${token}x`)],
  ['a greeting with a token that is no text', greeting('edge', { length: token.length })],
  ['a greeting that is no object', frame('hello', [token])],
  ['a name with a path in it', greeting('../../x')],
  ['a name that is no text', greeting(7)],
  ['an endless frame', 'x'.repeat(200_000)],
];

for (const [what, bytes] of refused) {
  test(`${what} ends the connection before anybody joined`, async (t) => {
    const host = await startHost(t);
    const socket = await rawConnection(t, host.socketPath);
    socket.write(bytes);
    await closed(socket);
    t.deepEqual(host.events, []);
  });
}

const broken: [string, string, RegExp][] = [
  ['no JSON', `{"type":${delimiter}`, /not valid JSON/],
  ['a message too long', frame('message', { x: 'y'.repeat(65_536) }), /exceeds maxMessageSize/],
  ['a message that is a list', frame('message', [1]), /what no child sends/],
  ['a message that is nothing', frame('message', null), /what no child sends/],
  ['a second greeting', greeting('edge'), /its greeting was wrong/],
];

for (const [what, bytes, reason] of broken) {
  test(`${what} ends a child's connection with a cause, and what follows it is not heard`, async (t) => {
    const host = await startHost(t);
    const socket = await rawConnection(t, host.socketPath);
    socket.write(greeting('edge'));
    await host.until(({ type }) => type === 'joined');
    socket.write(bytes + frame('message', { late: true }));
    const { cause } = await host.until(({ type }) => type === 'left');
    await closed(socket);
    t.is(cause?.code, 'process-lost');
    t.regex(cause!.message, reason);
    t.is(host.events.length, 2);
  });
}

test('a connection that never greets is closed at the deadline', async (t) => {
  const clock = createVirtualClock();
  const host = await startHost(t, { clock });
  const socket = await rawConnection(t, host.socketPath);
  // The child that joins afterwards proves that the parent has taken the silent one.
  const child = await startChild(t, host.socketPath, 'edge', { clock });
  t.is(clock.pending, 1);
  socket.write('{"type":"he');
  await clock.advance(5_000);
  await closed(socket);
  t.is(clock.pending, 0);
  t.true(child.link.send({ still: 'here' }));
  await host.until(({ type }) => type === 'message');
});

test('a greeting in single bytes is a greeting', async (t) => {
  const host = await startHost(t, { clock: createVirtualClock() });
  const socket = await rawConnection(t, host.socketPath);
  for (const byte of Buffer.from(greeting('edge'))) {
    socket.write(Uint8Array.of(byte));
    await new Promise(setImmediate);
  }
  await host.until(({ type, name }) => type === 'joined' && name === 'edge');
  t.pass();
});

test('a child that does not read is lost before it fills the memory', async (t) => {
  const host = await startHost(t);
  const socket = await rawConnection(t, host.socketPath);
  socket.pause();
  socket.write(greeting('edge'));
  await host.until(({ type }) => type === 'joined');
  const send = host.sends.get('edge')!;
  let taken = 0;
  while (taken < 1_000 && send({ x: 'y'.repeat(60_000) })) taken += 1;
  t.true(taken > 50 && taken < 300, `took ${taken} messages`);
  const { cause } = await host.until(({ type }) => type === 'left');
  t.regex(cause!.message, /maxPendingBytes/);
});

test('close does not wait for ever for a child that does not read', async (t) => {
  const clock = createVirtualClock();
  const host = await startHost(t, { clock });
  const socket = await rawConnection(t, host.socketPath);
  socket.pause();
  socket.write(greeting('edge'));
  await host.until(({ type }) => type === 'joined');
  for (let i = 0; i < 50; i++) host.sends.get('edge')!({ x: 'y'.repeat(60_000) });
  const closing = host.host.close();
  await clock.advance(1_000);
  await closing;
  t.is(clock.pending, 0);
});

test('whatever strangers send, the parent lives and its child is heard', async (t) => {
  t.timeout(60_000);
  const host = await startHost(t);
  const child = await startChild(t, host.socketPath, 'edge');
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text + delimiter)),
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value) + delimiter)),
    fc
      .tuple(fc.constantFrom('hello', 'message', 'error', 'close', 'start', '', 'toString'), fc.jsonValue())
      .map(([type, data]) => Buffer.from(frame(type, data))),
    fc.constant(Buffer.from(greeting('stranger'))),
    fc.constant(Buffer.from('['.repeat(60_000) + delimiter)),
  );
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 8 }), fc.boolean(), async (pieces, abrupt) => {
      const socket = await rawConnection(t, host.socketPath);
      for (const bytes of pieces) socket.write(bytes);
      if (abrupt) socket.destroy();
      else socket.end();
      round += 1;
      child.link.send({ round });
      await host.until(({ name, message }) => name === 'edge' && message?.round === round);
    }),
    { numRuns: 200 },
  );
  t.deepEqual(child.events, []);
});
