import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import type { Problem } from '../../src/contract/errors.ts';
import type { LogEntry } from '../../src/contract/report.ts';
import type { PipelineStatus } from '../../src/contract/status.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { connectControl, findRunning } from '../../src/runtime/ipc-control.ts';
import { actorStatus, by, entry, pipelineStatus, startControl } from '../helpers/fake-control.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { delimiter, frame, privateDirectory, recorder } from './ipc-fixtures.ts';

const client = { clock: systemClock, agent: 'fogrun/client', timeoutMs: 30_000 };

test('what a pipeline can be asked in its process it can be asked through its socket', async (t) => {
  const { control, connect } = await startControl(t);
  const remote = await connect();
  t.is(remote.pipeline, 'edge');
  t.is(remote.pid, process.pid);
  t.deepEqual(await remote.status(), control.current);
  t.deepEqual(await remote.act('uploader', 'pause', by), { from: 'idle', to: 'paused' });
  await remote.stop(by);
  const range = { stream: 'readings', from: 3, to: 7, seqs: { from: 21, to: 70 } };
  t.deepEqual(await remote.discard(range, by, 'too hot'), {
    segments: 5,
    readings: 20,
    bytes: 300,
  });
  control.reloaded = {
    unchanged: ['uploader'],
    changed: [{ name: 'rotator', what: ['every'], state: 'filling', cause: null }],
    added: [],
    removed: ['gate'],
    store: ['max'],
    warnings: ['x'],
  };
  t.deepEqual(await remote.reload(by, { dryRun: true }), control.reloaded);
  await remote.reload(by);
  const asker = { ...by, pid: process.pid };
  t.deepEqual(control.calls, [
    ['act', 'uploader', 'pause', asker],
    ['stop', asker],
    ['discard', range, asker, 'too hot'],
    ['reload', asker, { dryRun: true }],
    ['reload', asker, { dryRun: false }],
  ]);
});

test('a refusal keeps its code, its words and its advice', async (t) => {
  const { connect } = await startControl(t);
  const remote = await connect();
  const refused = await t.throwsAsync(remote.act('uploader', 'retry', by));
  t.like(refused, {
    code: 'control-refused',
    message: 'uploader is not waiting to retry',
    advice: 'The message says what is in the way.',
  });
  await t.throwsAsync(remote.segmentBody('readings', 9), { code: 'control-unknown' } as object);
  t.is((await remote.status()).pipeline, 'edge');
});

test('a status of many actors and texts in every script arrives whole', async (t) => {
  const { control, connect } = await startControl(t);
  const text = '\u{1f321}Ünïcödé 測定\u0000"\\'.repeat(40);
  const cause: Problem = { code: 'link-lost', message: text, advice: 'x' };
  control.current = pipelineStatus({
    actors: Array.from({ length: 300 }, (_, i) =>
      actorStatus(`receiver/${i}`, { cause, perSecond: Array.from({ length: 60 }, () => 123_456) }),
    ),
  });
  const remote = await connect();
  t.deepEqual(await remote.status(), control.current);
});

test('a segment of any size is pulled slice by slice, and read once', async (t) => {
  const { control, connect } = await startControl(t);
  const remote = await connect();
  for (const [i, length] of [0, 1, 47_999, 48_000, 48_001, 5_000_000].entries()) {
    const body = Uint8Array.from({ length }, (_, at) => (at * 7 + i) % 256);
    control.bodies.set(`readings ${i}`, body);
    control.bodiesRead = 0;
    t.true(Buffer.from(await remote.segmentBody('readings', i)).equals(body), `${length} bytes`);
    t.is(control.bodiesRead, 1);
  }
});

test('a long list of segments arrives whole and in order', async (t) => {
  const { control, connect } = await startControl(t);
  const remote = await connect();
  t.deepEqual(await remote.segments(), []);
  control.held = Array.from({ length: 3_500 }, (_, i) => ({
    stream: 'readings',
    sequence: i + 1,
    type: 'readings' as const,
    fromSeq: i * 10 + 1,
    count: 10,
    bytes: 800,
    sealedAtMs: 1_000 + i,
    discarded: false,
  }));
  t.deepEqual(await remote.segments(), control.held);
});

test('a watcher gets the past, what comes, and how it ended', async (t) => {
  const { control, connect } = await startControl(t);
  control.past = [entry('one'), entry('two'), entry('three')];
  const remote = await connect();
  const record = recorder<PipelineStatus | LogEntry | Problem | null>();
  remote.watch({ status: record.add, entry: record.add, over: record.add }, { everyMs: 200, entriesMax: 2 });
  await record.until((event) => isNote(event, 'three'));
  const [watcher] = control.watchers;
  watcher!.entry(entry('four'));
  watcher!.status(control.current);
  control.over(null);
  await record.until((event) => event === null);
  t.deepEqual(record.events, [entry('two'), entry('three'), entry('four'), control.current, null]);
  t.deepEqual(control.calls[0], ['watch', { everyMs: 200, entriesMax: 2 }]);
});

const isNote = (event: unknown, text: string) =>
  (event as LogEntry | null)?.report?.type === 'note' &&
  ((event as LogEntry).report as { text: string }).text === text;

test('watching ends when it is ended, when the client goes, and when a watcher throws', async (t) => {
  const { control, connect } = await startControl(t);
  const unwatched = async () => {
    await until(() => control.watchers.size === 0);
    t.is(control.watchers.size, 0);
  };
  const silent = { status: () => {}, entry: () => {}, over: () => t.fail('it is not over') };
  const first = await connect();
  const stop = first.watch(silent);
  await first.status();
  t.is(control.watchers.size, 1);
  stop();
  await unwatched();

  const second = await connect();
  second.watch(silent);
  await second.status();
  await second.close();
  await unwatched();

  first.watch({
    ...silent,
    entry: () => {
      throw new Error('no');
    },
  });
  await first.status();
  [...control.watchers][0]!.entry(entry('x'));
  await unwatched();
});

test('a connection that ends says so to whoever waits or watches', async (t) => {
  const { control, server, connect } = await startControl(t);
  control.status = () => new Promise(() => {});
  const remote = await connect();
  const record = recorder<Problem | null>();
  remote.watch({ status: () => {}, entry: () => {}, over: record.add });
  const waiting = remote.status();
  await until(() => control.watchers.size === 1);
  await server.close();
  await remote.gone;
  await t.throwsAsync(waiting, { code: 'control-lost' } as object);
  t.is((await record.until(() => true))?.code, 'control-lost');
  await t.throwsAsync(remote.stop(by), { code: 'control-lost' } as object);
});

test('a pipeline that does not answer is given up at the deadline', async (t) => {
  const clock = createVirtualClock();
  const { control, connect } = await startControl(t, { clock });
  control.status = () => new Promise(() => {});
  const remote = await connect();
  const waiting = remote.status();
  await clock.advance(5_000);
  const late = await t.throwsAsync(waiting, { code: 'deadline-missed' } as object);
  t.regex(late!.message, /edge \(pid \d+\) did not answer `status` within 5 s/);
});

test('another version is named by both sides', async (t) => {
  const { socketPath } = await startControl(t);
  const socket = connect(socketPath);
  socket.setEncoding('utf8');
  let heard = '';
  socket.on('data', (text: string) => {
    heard += text;
  });
  socket.write(frame('hello', { control: 7, agent: 'fogrun/9' }));
  await once(socket, 'close');
  t.like(JSON.parse(heard.split(delimiter)[0]!), {
    type: 'welcome',
    data: { control: 1, agent: 'fogrun/test', pipeline: 'edge' },
  });

  const state = await privateDirectory(t);
  await mkdir(join(state, 'edge'));
  const newer = createServer((peer) => {
    peer.on('error', () => {});
    peer.resume();
    peer.end(frame('welcome', { control: 2, agent: 'fogrun/0.9.0', pipeline: 'edge', pid: 7 }));
  }).listen(join(state, 'edge', 'control.sock'));
  await once(newer, 'listening');
  t.teardown(() => void newer.close());
  const { running, problems } = await findRunning(state, client);
  t.deepEqual(running, []);
  t.is(problems[0]!.problem.code, 'control-version');
  t.regex(
    problems[0]!.problem.message,
    /fogrun\/0\.9\.0, which speaks version 2 .* fogrun\/client.* version 1/,
  );
});

test('a client that meets nobody, somebody mute or somebody who hangs up says which', async (t) => {
  const state = await privateDirectory(t);
  const path = join(state, 'control.sock');
  await t.throwsAsync(connectControl(path, client), { code: 'control-absent' } as object);
  let answer = (peer: import('node:net').Socket) => void peer.destroy();
  const server = createServer((peer) => {
    peer.on('error', () => {});
    peer.resume();
    answer(peer);
  }).listen(path);
  await once(server, 'listening');
  t.teardown(() => void server.close());
  await t.throwsAsync(connectControl(path, client), { code: 'control-refused' } as object);
  answer = (peer) => void peer.write(frame('message', { control: 1 }) + frame('welcome', [1]));
  await t.throwsAsync(connectControl(path, client), { code: 'control-refused' } as object);
  answer = (peer) => void setTimeout(() => peer.destroy(), 5_000).unref();
  await t.throwsAsync(connectControl(path, { ...client, timeoutMs: 50 }), {
    code: 'deadline-missed',
  } as object);
});

/** Resolves once it holds, at most 30 s from now. */
async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !holds() && Date.now() < end; ) await new Promise(setImmediate);
}
