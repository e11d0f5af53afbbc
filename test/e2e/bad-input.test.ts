import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  type LogLine,
  moved,
  segment,
  shipped,
  startFogrun,
  temporaryDirectory,
  world,
} from '../helpers/fogrun.ts';

const edge = [shipped('edge.yaml'), '--log', 'json'];
const cloud = [shipped('cloud.yaml'), '--log', 'json'];

test('mistakes in a pipeline file are told at once, with line and column, and nothing starts', async (t) => {
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'wrong.yaml');
  await writeFile(
    file,
    'fogrun: 1\npipeline: edge\nactors:\n  barometer:\n    kind: sensor-polle\n  acks:\n    kind: ack-handler\n    colour: red\n',
  );
  const fogrun = startFogrun(t, [file, ...cloud], await world(t));
  t.is((await fogrun.ended).code, 2);
  t.deepEqual(fogrun.lines, []);
  t.true(fogrun.stderr().includes(`${file}:5:11: actors.barometer.kind: `), fogrun.stderr());
  t.regex(fogrun.stderr(), /did you mean `sensor-poller`\?/);
  t.regex(fogrun.stderr(), /:8:5: actors\.acks\.colour: /);
});

test('a file that is not there is named', async (t) => {
  const fogrun = startFogrun(t, ['pipelines/none.yaml']);
  t.is((await fogrun.ended).code, 2);
  t.regex(fogrun.stderr(), /pipelines\/none\.yaml cannot be read: it does not exist/);
});

test('a mistyped command is not taken for a file', async (t) => {
  const fogrun = startFogrun(t, ['chekc', 'pipelines/edge.yaml']);
  t.is((await fogrun.ended).code, 2);
  t.regex(fogrun.stderr(), /did you mean `check`\?/);
});

test('a receiver whose port is taken says so and gives up', async (t) => {
  const env = await world(t);
  await occupy(t, Number(env.CLOUD_PORT));
  const fogrun = startFogrun(t, cloud, env);
  const waiting = await fogrun.line(moved('receiver', 'waitingToRetry'));
  t.is(waiting.code, 'address-in-use');
  t.regex(waiting.cause, new RegExp(`127\\.0\\.0\\.1:${env.CLOUD_PORT}`));
  t.is((await fogrun.ended).code, 1);
  t.true(fogrun.lines.some((line) => moved('receiver', 'failed')(line)));
});

test('an emulator whose port is taken says so, and the rest of the edge goes on', async (t) => {
  const env = await world(t);
  await occupy(t, Number(env.TINKERFORGE_PORT));
  const fogrun = startFogrun(t, edge, env);
  const waiting = await fogrun.line(moved('bricks', 'waitingToRetry'));
  t.is(waiting.code, 'address-in-use');
  await fogrun.line(moved('uploader', 'waitingToRetry'));
  t.is((await fogrun.end()).code, 0);
});

test('a second fogrun on the same store is refused and names the first', async (t) => {
  const env = await world(t);
  const first = startFogrun(t, cloud, env);
  await first.line(moved('receiver', 'serving.listening'));
  const second = startFogrun(t, cloud, env);
  t.is((await second.ended).code, 3);
  t.regex(second.stderr(), /store-locked/);
  t.regex(second.stderr(), new RegExp(`${first.child.pid}`));
  t.is((await first.end()).code, 0);
});

test('a directory that cannot be written is named', async (t) => {
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'a-file');
  await writeFile(file, '');
  const fogrun = startFogrun(t, cloud, await world(t, { FOGRUN_STATE: file }));
  t.is((await fogrun.ended).code, 3);
  t.regex(fogrun.stderr(), /store-unwritable/);
  t.true(fogrun.stderr().includes(file), fogrun.stderr());
});

test("an edge id other than the store's is refused", async (t) => {
  const env = await world(t);
  const first = startFogrun(t, edge, env);
  await first.line(moved('uploader', 'waitingToRetry'));
  await first.end();
  const second = startFogrun(t, edge, { ...env, EDGE_ID: 'another' });
  t.is((await second.ended).code, 2);
  t.regex(second.stderr(), /edge-under-test/);
});

test('a wrong uid is told with the list of what is there, and tried again', async (t) => {
  const { env } = await withEmulator(t, [], { TINKERFORGE_UID: 'xyz' });
  const fogrun = startFogrun(t, edge, env);
  const waiting = await fogrun.line(moved('barometer', 'absent'));
  t.is(waiting.code, 'device-unknown');
  t.regex(waiting.cause, /bAr/);
  await fogrun.line((line) => moved('barometer', 'absent')(line) && line.attempt === 2);
  t.is((await fogrun.end()).code, 0);
});

test('what is no uid at all is told as such', async (t) => {
  const { env } = await withEmulator(t, [], { TINKERFORGE_UID: '0OIl' });
  const fogrun = startFogrun(t, edge, env);
  t.is((await fogrun.ended).code, 2);
  t.regex(fogrun.stderr(), /edge\.yaml:\d+:\d+: actors\.barometer\.device\.uid: .* is not a UID/);
  const alone = startFogrun(t, ['emulate', '--uid', '0OIl', '--port', '0']);
  t.is((await alone.ended).code, 2);
  t.regex(alone.stderr(), /--uid: /);
});

test('a device of another type is told by its name', async (t) => {
  const { env } = await withEmulator(t, [], { TINKERFORGE_UID: 'FogEm' });
  const fogrun = startFogrun(t, edge, env);
  const waiting = await fogrun.line(moved('barometer', 'waitingToRetry'));
  t.is(waiting.code, 'device-type');
  t.regex(waiting.cause, /Master Brick/);
  t.is((await fogrun.end()).code, 0);
});

test('a wrong secret and a missing one are told apart', async (t) => {
  const { env } = await withEmulator(t, ['--secret', 'right'], { TINKERFORGE_SECRET: 'wrong' });
  const wrong = startFogrun(t, edge, env);
  const refused = await wrong.line(moved('barometer', 'waitingToRetry'));
  t.is(refused.code, 'device-secret');
  t.false(JSON.stringify(wrong.lines).includes('"wrong"'));
  await wrong.end();
  const missing = startFogrun(t, edge, { ...env, TINKERFORGE_SECRET: '' });
  t.is((await missing.line(moved('barometer', 'waitingToRetry'))).code, 'device-secret-missing');
  await missing.end();
  const right = startFogrun(t, edge, { ...env, TINKERFORGE_SECRET: 'right' });
  await right.line(moved('barometer', 'polling'));
  t.is((await right.end()).code, 0);
});

test('a brick daemon that is something else is told', async (t) => {
  const env = await world(t, { TINKERFORGE_HOST: '127.0.0.1' });
  await speakHttp(t, Number(env.TINKERFORGE_PORT));
  const fogrun = startFogrun(t, edge, env);
  t.is((await fogrun.line(moved('barometer', 'waitingToRetry'))).code, 'device-foreign');
  t.is((await fogrun.end()).code, 0);
});

test('a cloud that speaks another protocol is told, and nothing is lost by it', async (t) => {
  const env = await world(t);
  const web = await speakHttp(t, Number(env.CLOUD_PORT));
  const fogrun = startFogrun(t, edge, env);
  const foreign = await fogrun.line((line) => line.actor === 'uploader' && line.code === 'link-foreign');
  t.regex(foreign.cause, /HTTP/);
  await fogrun.line(segment('sealed'));
  await close(web);
  const real = startFogrun(t, cloud, env);
  const deleted = await fogrun.line(segment('deleted'));
  t.is(deleted.segment, 1);
  await fogrun.end();
  t.is((await real.end()).code, 0);
});

test('garbage on the ports of receiver and emulator disturbs nobody', async (t) => {
  const env = await world(t);
  const fogrun = startFogrun(t, [shipped('cloud.yaml'), ...edge], env);
  await fogrun.line(segment('deleted'));
  const from = fogrun.lines.length;
  const noises = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.alloc(4_096, 0xff),
    Buffer.alloc(100),
    Buffer.from('FOGRUN\0\x01\xff\xff\xff\xff', 'latin1'),
    Buffer.from('FOGRUN\0\x63\0\0\0\x01\x01', 'latin1'),
  ];
  for (const port of [env.CLOUD_PORT, env.TINKERFORGE_PORT]) {
    for (const noise of noises) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => {});
      socket.end(noise);
      socket.resume();
      await once(socket, 'close');
    }
  }
  const turnedAway = (line: LogLine) => moved(line.actor, 'lost')(line) && line.code === 'link-foreign';
  await fogrun.line(turnedAway, from);
  await fogrun.line(segment('deleted'), fogrun.lines.length);
  t.deepEqual(fogrun.lines.slice(from).filter(moved('uploader', 'waitingToRetry')), []);
  t.is((await fogrun.end()).code, 0);
});

async function withEmulator(
  t: ExecutionContext,
  words: readonly string[],
  overrides: Record<string, string>,
) {
  const env = await world(t, { TINKERFORGE_HOST: '127.0.0.1', ...overrides });
  const emulator = startFogrun(t, ['emulate', '--port', env.TINKERFORGE_PORT!, '--log', 'json', ...words]);
  await emulator.line(moved('bricks', 'serving.listening'));
  return { env, emulator };
}

async function occupy(t: ExecutionContext, port: number): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => close(server));
  return server;
}

async function speakHttp(t: ExecutionContext, port: number): Promise<Server> {
  const server = createHttpServer((_, response) => response.end('hello'));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => close(server));
  return server;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
  await closed;
}
