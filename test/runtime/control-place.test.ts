import { once } from 'node:events';
import { chmod, lstat, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { findRunning, serveControl } from '../../src/runtime/ipc-control.ts';
import { FakeControl, startControl } from '../helpers/fake-control.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { privateDirectory } from './ipc-fixtures.ts';

const client = { clock: systemClock, agent: 'fogrun/client', timeoutMs: 30_000 };

test('the socket and what is made for it are for their owner alone, from the first moment', async (t) => {
  const state = await privateDirectory(t);
  await chmod(state, 0o755);
  const { socketPath } = await startControl(t, { state });
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
  t.is(await modeOf(socketPath), '600');
  t.is(await modeOf(dirname(socketPath)), '700');
  t.deepEqual(await readdir(dirname(socketPath)), ['control.sock']);

  // A store made its directory before, for all to read.
  await mkdir(join(state, 'cloud'));
  await chmod(join(state, 'cloud'), 0o755);
  const cloud = await startControl(t, { state, control: new FakeControl('cloud') });
  t.is(await modeOf(cloud.socketPath), '600');
  t.is(await modeOf(join(state, 'cloud')), '755');
});

test('a socket whose path is longer than sun_path is listened on and connected to', async (t) => {
  if (process.platform !== 'linux') {
    t.pass();
    return;
  }
  const state = join(await privateDirectory(t), 'x'.repeat(100), 'y'.repeat(100));
  const { socketPath, server, connect } = await startControl(t, { state });
  t.true(socketPath.length > 200);
  t.is((await stat(socketPath)).mode & 0o777, 0o600);
  const remote = await connect();
  t.is((await remote.status()).pipeline, 'edge');
  await t.throwsAsync(serveControl({ control: new FakeControl(), socketPath, agent: 'x', clock: fast() }), {
    code: 'address-in-use',
  } as object);
  await server.close();
  t.deepEqual(await readdir(dirname(socketPath)), []);
});

/** A clock whose waits are over at once. */
function fast() {
  let now = 0;
  return {
    ...systemClock,
    monotonic: () => (now += 2_000),
    setTimeout: (run: () => void) => setTimeout(run, 5),
  };
}

test('a stale socket is replaced, a live one and a file are left alone', async (t) => {
  const state = await privateDirectory(t);
  const socketPath = join(state, 'edge', 'control.sock');
  await mkdir(dirname(socketPath));
  await leaveStale(socketPath);
  t.true((await lstat(socketPath)).isSocket());
  t.deepEqual((await findRunning(state, client)).problems, []);
  const { server, connect } = await startControl(t, { state });
  t.is((await (await connect()).status()).pipeline, 'edge');

  const second = { control: new FakeControl(), socketPath, agent: 'x' };
  await t.throwsAsync(serveControl({ ...second, clock: fast() }), { code: 'address-in-use' } as object);
  t.is((await (await connect()).status()).pipeline, 'edge');
  await server.close();
  await t.throwsAsync(lstat(socketPath), { code: 'ENOENT' });

  await writeFile(socketPath, 'mine');
  await t.throwsAsync(serveControl({ ...second, clock: systemClock }), { code: 'address-refused' } as object);
  t.true((await lstat(socketPath)).isFile());
});

/** A socket file that nobody listens on. */
async function leaveStale(socketPath: string): Promise<void> {
  const beside = `${socketPath}.x`;
  const server = createServer().listen(beside);
  await once(server, 'listening');
  await rename(beside, socketPath);
  await new Promise((resolve) => server.close(resolve));
}

test('who starts while its predecessor ends takes over, and keeps its socket', async (t) => {
  const state = await privateDirectory(t);
  const first = await startControl(t, { state });
  const starting = startControl(t, { state, clock: systemClock });
  const remote = await first.connect();
  await first.server.close();
  await remote.gone;
  const second = await starting;
  t.is((await (await second.connect()).status()).pipeline, 'edge');
  await first.server.close();
  t.true((await lstat(second.socketPath)).isSocket());
});

test('who ends while it waits for its predecessor does not wait any longer', async (t) => {
  const { socketPath } = await startControl(t);
  const clock = createVirtualClock();
  const over = new AbortController();
  const second = { control: new FakeControl(), socketPath, agent: 'x', clock, signal: over.signal };
  const starting = t.throwsAsync(serveControl(second), { code: 'address-in-use' } as object);
  // It looks, and is about to look again.
  while (clock.nextMs !== 250) await new Promise(setImmediate);
  over.abort();
  await starting;
  t.is(clock.pending, 0);
});

test("a socket that is another's by now is not removed", async (t) => {
  const first = await startControl(t);
  await rm(first.socketPath);
  const second = await startControl(t, { state: first.state });
  await first.server.close();
  t.is((await (await second.connect()).status()).pipeline, 'edge');
});
