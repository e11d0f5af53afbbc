import { once } from 'node:events';
import { chmod, lstat, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { hostChildren, type IpcMessage, joinParent, type ParentLink } from '../../src/runtime/ipc.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { closed, privateDirectory, startChild, startHost, token } from './ipc-fixtures.ts';

test('parent and child talk both ways, in order', async (t) => {
  const host = await startHost(t);
  const child = await startChild(t, host.socketPath, 'edge');
  for (let i = 0; i < 500; i++) t.true(child.link.send({ up: i, text: 'a\fb\n\u0000é😀' }));
  for (let i = 0; i < 500; i++) t.true(host.sends.get('edge')!({ down: i }));
  await host.until(({ message }) => message?.up === 499);
  await child.until((event) => event.type === 'message' && event.message.down === 499);
  const up = host.events.filter(({ type }) => type === 'message').map(({ message }) => message!.up);
  t.deepEqual(up, [...Array(500).keys()]);
  t.is(host.events[1]!.message!.text, 'a\fb\n\u0000é😀');
  const down = child.events.map((event) => event.type === 'message' && event.message.down);
  t.deepEqual(down, [...Array(500).keys()]);
});

test('what the parent sends together with its welcome comes when the child has its link', async (t) => {
  const socketPath = join(await privateDirectory(t), 'parent.sock');
  const on = {
    joined(_: string, send: (message: object) => boolean) {
      send({ order: 1 });
      send({ order: 2 });
    },
    message() {},
    left() {},
  };
  const host = await hostChildren({ socketPath, token, clock: systemClock, on });
  t.teardown(() => host.close());
  let link: ParentLink | undefined;
  const heard: unknown[] = [];
  const both = Promise.withResolvers<void>();
  const message = ({ order }: IpcMessage) => {
    heard.push([order, link !== undefined]);
    if (order === 2) both.resolve();
  };
  const options = { socketPath, name: 'edge', token, clock: systemClock, timeoutMs: 5_000 };
  link = await joinParent({ ...options, on: { message, lost() {} } });
  await both.promise;
  await link.close();
  t.deepEqual(heard, [
    [1, true],
    [2, true],
  ]);
});

test('the parent is told when a child leaves, and cannot send to it any more', async (t) => {
  const host = await startHost(t);
  const child = await startChild(t, host.socketPath, 'edge');
  await child.link.close();
  const { cause } = await host.until(({ type }) => type === 'left');
  t.is(cause?.code, 'process-lost');
  t.is(cause?.message, 'the connection to child edge ended: it closed the connection');
  t.false(host.sends.get('edge')!({ late: true }));
  t.false(child.link.send({ late: true }));
});

test('what was sent before a close arrives, from either side', async (t) => {
  const host = await startHost(t);
  const child = await startChild(t, host.socketPath, 'edge');
  const other = await startChild(t, host.socketPath, 'cloud');
  child.link.send({ last: 'word' });
  await child.link.close();
  await host.until(({ message }) => message?.last === 'word');
  host.sends.get('cloud')!({ last: 'word' });
  await host.host.close();
  await other.until((event) => event.type === 'message' && event.message.last === 'word');
  t.pass();
});

test('a child is told exactly once that its parent is gone', async (t) => {
  const host = await startHost(t);
  const child = await startChild(t, host.socketPath, 'edge');
  await host.host.close();
  await child.until((event) => event.type === 'lost');
  await child.link.close();
  t.is(child.events.length, 1);
  t.false(child.link.send({}));
});

test('neither side hears anything after its own close', async (t) => {
  const host = await startHost(t);
  const child = await startChild(t, host.socketPath, 'edge');
  const other = await startChild(t, host.socketPath, 'cloud');
  await child.link.close();
  await host.until(({ type }) => type === 'left');
  await host.host.close();
  await other.until((event) => event.type === 'lost');
  t.deepEqual(child.events, []);
  t.deepEqual(
    host.events.map(({ type, name }) => [type, name]),
    [
      ['joined', 'edge'],
      ['joined', 'cloud'],
      ['left', 'edge'],
    ],
  );
});

test('close leaves no socket file, no timer and no connection, and may be repeated', async (t) => {
  const clock = createVirtualClock();
  const directory = await privateDirectory(t);
  const host = await startHost(t, { clock, socketPath: join(directory, 'parent.sock') });
  const child = await startChild(t, host.socketPath, 'edge', { clock });
  t.is(clock.pending, 0);
  await Promise.all([child.link.close(), child.link.close()]);
  await Promise.all([host.host.close(), host.host.close()]);
  t.is(clock.pending, 0);
  t.deepEqual(await readdir(directory), []);
});

test('a parent that comes late is found', async (t) => {
  const socketPath = join(await privateDirectory(t), 'parent.sock');
  const joining = startChild(t, socketPath, 'edge');
  const host = await startHost(t, { socketPath });
  const child = await joining;
  child.link.send({ here: true });
  await host.until(({ type }) => type === 'message');
  t.pass();
});

test('a parent that never comes is given up at the deadline, with the reason', async (t) => {
  const socketPath = join(await privateDirectory(t), 'parent.sock');
  const error = await t.throwsAsync(startChild(t, socketPath, 'edge', { timeoutMs: 100 }), {
    code: 'deadline-missed',
  });
  t.regex(error!.message, /did not take the child edge within 100 ms: connect ENOENT/);

  const clock = createVirtualClock();
  const joining = startChild(t, socketPath, 'edge', { clock, timeoutMs: 2_000 });
  await t.throwsAsync(clock.until(joining, 2_000), { code: 'deadline-missed' });
  t.is(clock.pending, 0);
});

test('a parent that accepts and says nothing is given up at the deadline', async (t) => {
  const clock = createVirtualClock();
  const socketPath = join(await privateDirectory(t), 'parent.sock');
  const mute = createServer((socket) => socket.on('error', () => {}).resume()).listen(socketPath);
  t.teardown(() => void mute.close());
  await once(mute, 'listening');
  const joining = startChild(t, socketPath, 'edge', { clock, timeoutMs: 2_000 });
  const failed = t.throwsAsync(joining, { code: 'deadline-missed' });
  const [accepted] = await once(mute, 'connection');
  await clock.advance(2_000);
  await failed;
  await closed(accepted);
  t.is(clock.pending, 0);
});

test('a wrong token is refused at once', async (t) => {
  const host = await startHost(t);
  const joining = startChild(t, host.socketPath, 'edge', { token: 'some other secret text' });
  const error = await t.throwsAsync(joining, { code: 'process-refused' });
  t.notRegex(error!.message, /secret/);
  t.deepEqual(host.events, []);
});

test('a second child of the same name takes the place of the first', async (t) => {
  const host = await startHost(t);
  const first = await startChild(t, host.socketPath, 'edge');
  const second = await startChild(t, host.socketPath, 'edge');
  await first.until((event) => event.type === 'lost');
  t.deepEqual(
    host.events.map(({ type }) => type),
    ['joined', 'left', 'joined'],
  );
  t.true(host.sends.get('edge')!({ for: 'second' }));
  await second.until((event) => event.type === 'message');
});

test('a handler that throws costs the connection it was called for, with the error as the cause', async (t) => {
  const host = await startHost(t, {
    onMessage({ bad }) {
      if (bad) throw new Error('handler broke');
    },
  });
  const child = await startChild(t, host.socketPath, 'edge');
  const other = await startChild(t, host.socketPath, 'cloud');
  child.link.send({ bad: true });
  const { cause, name } = await host.until(({ type }) => type === 'left');
  t.is(name, 'edge');
  t.is(cause?.code, 'internal');
  t.regex(cause!.message, /handler broke/);
  other.link.send({ bad: false });
  await host.until(({ name, type }) => name === 'cloud' && type === 'message');
});

test('a handler of the child that throws ends the link, and lost says why', async (t) => {
  const host = await startHost(t);
  const child = await startChild(t, host.socketPath, 'edge', {
    onMessage() {
      throw new Error('child broke');
    },
  });
  host.sends.get('edge')!({ one: 1 });
  host.sends.get('edge')!({ two: 2 });
  const event = await child.until(({ type }) => type === 'lost');
  t.regex(event.type === 'lost' ? event.cause.message : '', /child broke/);
  t.is(child.events.length, 2);
});

test('the longest message passes, one byte more is refused on the spot and the link lives on', async (t) => {
  const host = await startHost(t);
  const child = await startChild(t, host.socketPath, 'edge');
  const ofBytes = (bytes: number) => ({ x: 'y'.repeat(bytes - '{"x":""}'.length) });
  t.true(child.link.send(ofBytes(65_535)));
  t.true(host.sends.get('edge')!(ofBytes(65_535)));
  t.throws(() => child.link.send(ofBytes(65_536)), { instanceOf: RangeError });
  t.throws(() => host.sends.get('edge')!(ofBytes(65_536)), { instanceOf: RangeError });
  t.throws(() => child.link.send([1]), { instanceOf: RangeError });
  child.link.send({ after: true });
  await host.until(({ message }) => message?.after === true);
  await child.until((event) => event.type === 'message');
});

test('a stale socket is replaced, a live one and a file are left alone', async (t) => {
  const directory = await privateDirectory(t);
  const socketPath = join(directory, 'parent.sock');
  // A listener in a process that dies leaves its socket behind.
  const { spawnSync } = await import('node:child_process');
  const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script, socketPath]);
  t.true((await lstat(socketPath)).isSocket());
  const host = await startHost(t, { socketPath });

  const on = { joined() {}, message() {}, left() {} };
  const again = hostChildren({ socketPath, token, clock: systemClock, on });
  await t.throwsAsync(again, { code: 'address-in-use' });
  await startChild(t, host.socketPath, 'edge');

  const filePath = join(directory, 'file.sock');
  await writeFile(filePath, 'mine');
  await t.throwsAsync(hostChildren({ socketPath: filePath, token, clock: systemClock, on }), {
    code: 'address-refused',
  });
  t.true((await lstat(filePath)).isFile());
});

test('a directory open to others, a path that is too long and a short token are refused', async (t) => {
  const directory = await privateDirectory(t);
  const on = { joined() {}, message() {}, left() {} };
  const host = (socketPath: string, secret = token) =>
    hostChildren({ socketPath, token: secret, clock: systemClock, on });
  await t.throwsAsync(host(join(directory, 'x'.repeat(104))), { code: 'address-refused' });
  await t.throwsAsync(host(join(directory, 'missing', 'parent.sock')), { code: 'address-refused' });
  await t.throwsAsync(host(join(directory, 'parent.sock'), 'short'), { instanceOf: RangeError });
  await chmod(directory, 0o755);
  await t.throwsAsync(host(join(directory, 'parent.sock')), { code: 'address-refused' });
});
