import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import { by, entry, startControl } from '../helpers/fake-control.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { closed, delimiter, frame, rawConnection } from './ipc-fixtures.ts';

const greeting = frame('hello', { control: 1, agent: 'a stranger', pid: 1 });
const ask = (data: unknown) => frame('message', data);

const wrong: [string, string][] = [
  ['no JSON', `garbage${delimiter}`],
  ['no object', `[1]${delimiter}`],
  ['a type of node-ipc itself', frame('connect', {})],
  ['a type of every object', frame('__proto__', {})],
  ['an unknown type', frame('other', {})],
  ['a question before the greeting', ask({ id: 1, ask: 'status' })],
  ['half a greeting', frame('hello', { agent: 'x' })],
  ['a greeting in no version', frame('hello', { control: 'one' })],
  ['a second greeting', greeting + greeting],
  ['the welcome, which only a pipeline says', frame('welcome', {})],
  ['an endless frame', 'x'.repeat(200_000)],
  ['a question without a number', greeting + ask({ ask: 'status' })],
  ['a question that is none', greeting + ask({ id: 1, ask: 7 })],
  ['a list of questions', greeting + ask([{ id: 1, ask: 'status' }])],
];

for (const [what, bytes] of wrong) {
  test(`${what} ends that connection, and nothing is asked of the pipeline`, async (t) => {
    const { socketPath, control, connect } = await startControl(t);
    const friend = await connect();
    const socket = await rawConnection(t, socketPath);
    socket.write(bytes);
    await closed(socket);
    t.deepEqual(control.calls, []);
    t.is((await friend.status()).pipeline, 'edge');
  });
}

const refused: [string, object, RegExp][] = [
  ['an unknown question', { ask: 'dance' }, /cannot be asked `dance`/],
  ['a question every object could answer', { ask: 'toString' }, /cannot be asked `toString`/],
  ['an unknown action', { ask: 'act', actor: 'x', action: 'explode', by }, /no such action/],
  ['an actor that is no text', { ask: 'act', actor: {}, action: 'pause', by }, /`actor` should be a text/],
  ['nobody who asks', { ask: 'stop' }, /`user` should be a text/],
  ['a range without an end', { ask: 'discard', range: { stream: 's', from: 1 }, by }, /`to` should be/],
  ['a place before the beginning', { ask: 'body', stream: 's', sequence: 1, from: -1 }, /`from` should be/],
  ['a watch at no time', { ask: 'watch', everyMs: 'often' }, /`everyMs` should be/],
];

for (const [what, question, reason] of refused) {
  test(`${what} is refused in words`, async (t) => {
    const { socketPath, control } = await startControl(t);
    const socket = await rawConnection(t, socketPath);
    socket.setEncoding('utf8');
    let heard = '';
    socket.on('data', (text: string) => {
      heard += text;
      if (heard.split(delimiter).length > 2) socket.destroy();
    });
    socket.write(greeting + ask({ id: 5, ...question }));
    await closed(socket);
    const { data } = JSON.parse(heard.split(delimiter)[1]!);
    t.is(data.id, 5);
    t.is(data.problem.code, 'control-refused');
    t.regex(data.problem.message, reason);
    t.deepEqual(control.calls, []);
  });
}

test('names and commands in the hands of strangers are bounded', async (t) => {
  const { control, connect } = await startControl(t);
  const remote = await connect();
  await remote.stop({ user: 'u'.repeat(5_000), command: 'c'.repeat(50_000) });
  const [[, asker]] = control.calls as [[string, typeof by]];
  t.is(asker.user.length, 100);
  t.is(asker.command.length, 400);
});

test('who asks too much at a time is ended, and others are answered', async (t) => {
  const { socketPath, control, connect } = await startControl(t);
  const friend = await connect();
  const { status } = control;
  control.status = () => new Promise(() => {});
  const socket = await rawConnection(t, socketPath);
  socket.write(greeting + Array.from({ length: 65 }, (_, id) => ask({ id, ask: 'status' })).join(''));
  await closed(socket);
  control.status = status;
  t.is((await friend.status()).pipeline, 'edge');
});

test('a watcher that does not read is dropped, others hear everything, and statuses are left out before', async (t) => {
  const { socketPath, control, connect } = await startControl(t);
  const friend = await connect();
  let heard = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const total = 1_000;
  friend.watch({
    status: () => {},
    entry: () => {
      heard += 1;
      if (heard === total) resolve();
    },
    over: () => {},
  });
  await friend.status();
  const socket = await rawConnection(t, socketPath);
  socket.pause();
  socket.write(greeting + ask({ id: 1, ask: 'watch' }));
  while (control.watchers.size < 2) await new Promise(setImmediate);
  const [, deaf] = [...control.watchers];
  // Statuses alone never end a client, however many it does not read.
  for (let i = 0; i < 20_000; i++) deaf!.status(control.current);
  await friend.status();
  t.is(control.watchers.size, 2);
  const text = 'x'.repeat(10_000);
  for (let i = 0; i < total; i++) {
    for (const watcher of control.watchers) watcher.entry(entry(text));
    await new Promise(setImmediate);
  }
  await all;
  t.is(heard, total);
  t.is(control.watchers.size, 1);
  socket.resume();
  await closed(socket);
});

test('a thousand silent connections shut nobody out, and are ended at the deadline', async (t) => {
  const clock = createVirtualClock();
  const { socketPath, connect: greet } = await startControl(t, { clock });
  const sockets = await Promise.all(
    Array.from({ length: 1_000 }, async () => {
      const socket = connect(socketPath);
      socket.on('error', () => {});
      socket.resume();
      t.teardown(() => void socket.destroy());
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
      return socket;
    }),
  );
  const friend = await greet();
  t.is((await friend.status()).pipeline, 'edge');
  await clock.advance(5_000);
  await Promise.all(sockets.map(closed));
  t.is((await friend.status()).pipeline, 'edge');
  t.is(clock.pending, 0);
});

test('a client too many is told so, and one that leaves makes room', async (t) => {
  const { connect } = await startControl(t);
  const clients = await Promise.all(Array.from({ length: 64 }, connect));
  await t.throwsAsync(connect(), { code: 'control-refused', message: /closed the connection/ } as object);
  await clients[0]!.close();
  t.is((await (await connect()).status()).pipeline, 'edge');
});

test('whatever strangers send, the pipeline lives and is controlled', async (t) => {
  t.timeout(60_000);
  const { socketPath, connect } = await startControl(t);
  const friend = await connect();
  const word = fc.constantFrom(
    'status',
    'act',
    'stop',
    'watch',
    'unwatch',
    'segments',
    'body',
    'discard',
    '',
  );
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text + delimiter)),
    fc
      .tuple(fc.constantFrom('hello', 'message', 'error', 'close', '', 'toString'), fc.jsonValue())
      .map(([type, data]) => Buffer.from(frame(type, data))),
    fc.constant(Buffer.from(greeting)),
    fc
      .tuple(fc.integer(), word, fc.dictionary(fc.constantFrom('from', 'to', 'by', 'stream'), fc.jsonValue()))
      .map(([id, asked, rest]) => Buffer.from(ask({ id, ask: asked, ...rest }))),
    fc.constant(Buffer.from('['.repeat(60_000) + delimiter)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 8 }),
      fc.boolean(),
      fc.boolean(),
      async (pieces, friendly, abrupt) => {
        const socket = await rawConnection(t, socketPath);
        if (friendly) socket.write(greeting);
        for (const bytes of pieces) socket.write(bytes);
        if (abrupt) socket.destroy();
        else socket.end();
        t.is((await friend.status()).pipeline, 'edge');
      },
    ),
    { numRuns: 200 },
  );
});
