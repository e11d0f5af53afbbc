/** What earlier releases left behind (test/fixtures) is read by this one, and what later ones leave is refused in words. */
import { execFileSync } from 'node:child_process';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { openLmdbKv } from '../../src/store/lmdb-kv.ts';
import { moved, segment, shipped, startFogrun, temporaryDirectory, world } from '../helpers/fogrun.ts';
import { faultsIn, filedUpTo } from '../helpers/load.ts';

const fixtures = new URL('../../../test/fixtures/', import.meta.url).pathname;
const releases = (await readdir(fixtures, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const edgeId = 'old-edge';

/** A machine as a release left it. */
async function left(
  t: ExecutionContext,
  release: string,
  archive: string,
  extra: Record<string, string> = {},
) {
  const home = await temporaryDirectory(t);
  execFileSync('tar', ['xzf', join(fixtures, release, archive), '-C', home]);
  const state = join(home, 'S');
  const env = await world(t, {
    FOGRUN_STATE: state,
    EDGE_ID: edgeId,
    LOG_FILE: '/proc/self/cwd/readings.ndjson',
    ...extra,
  });
  const inHome = ['env', '-C', home];
  return {
    state,
    env,
    startEdge: () => startFogrun(t, [shipped('logfile.yaml'), '--log', 'json'], env, inHome),
    startCloud: () => startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env, inHome),
    append: (from: number, to: number) =>
      appendFile(
        join(home, 'readings.ndjson'),
        Array.from(
          { length: to - from + 1 },
          (_, i) => `{"device":"d","sensor":"s","value":${from + i}}\n`,
        ).join(''),
      ),
  };
}

for (const release of releases) {
  test(`stores of ${release} are read: the edge goes on with its numbers, the cloud has all it had, and nothing is lost or forked`, async (t) => {
    const { state, env, startEdge, startCloud, append } = await left(t, release, 'both.tar.gz');
    const before = startFogrun(t, ['cat', edgeId], env);
    t.is((await before.ended).code, 0, before.stderr());
    t.deepEqual(
      before.lines.map(({ value }) => value),
      Array.from({ length: 60 }, (_, i) => i + 1),
      'also what is not a file yet',
    );
    const [epoch] = await readdir(join(state, 'cloud', 'data', edgeId));
    const cloud = startCloud();
    const edge = startEdge();
    await append(131, 200);
    const epochs = await filedUpTo(state, edgeId, 200);
    t.is(epochs.length, 1);
    t.deepEqual(faultsIn(epochs[0]!, 200), []);
    t.is(epochs[0]!.length, 200);
    t.deepEqual(await readdir(join(state, 'cloud', 'data', edgeId)), [epoch!]);
    for (const { lines } of [edge, cloud])
      t.deepEqual(
        lines.filter(({ type }) => type === 'problem'),
        [],
      );
    t.is((await edge.end()).code, 0, edge.stderr());
    t.is((await cloud.end()).code, 0, cloud.stderr());
  });

  test(`what a person gave up under ${release} becomes a gap, and the rest arrives`, async (t) => {
    const { state, env, startEdge, startCloud } = await left(t, release, 'discarded.tar.gz');
    // The cloud that it knew is that of the other archive.
    execFileSync('tar', ['xzf', join(fixtures, release, 'both.tar.gz'), '-C', join(state, '..'), 'S/cloud']);
    const cloud = startCloud();
    const edge = startEdge();
    await filedUpTo(state, edgeId, 130);
    const cat = startFogrun(t, ['cat', edgeId], env);
    t.is((await cat.ended).code, 0);
    const values = cat.lines.map(({ value }) => value);
    const kept = Array.from({ length: 130 }, (_, i) => i + 1).filter((value) => value < 81 || value > 100);
    t.deepEqual(values, kept);
    t.regex(cat.stderr(), /gap \(discarded\): seq 81 to 100, 20 readings/);
    t.is((await edge.end()).code, 0, edge.stderr());
    t.is((await cloud.end()).code, 0, cloud.stderr());
  });

  test(`what an edge of ${release} says on its link is understood by the cloud of today`, async (t) => {
    const { state, env, startCloud } = await left(t, release, 'both.tar.gz');
    const recorded = JSON.parse(await readFile(join(fixtures, release, 'link.json'), 'utf8'));
    const words = Buffer.from(recorded.edge, 'hex');
    const answers = framesOf(Buffer.from(recorded.cloud, 'hex'));
    const cloud = startCloud();
    await cloud.line(moved('receiver', 'serving.listening'));
    const greeting = 8 + 4 + words.readUInt32BE(8);
    const socket = connect(Number(env.CLOUD_PORT), '127.0.0.1');
    t.teardown(() => socket.destroy());
    socket.write(words.subarray(0, greeting));
    await heard(socket, (frames) => frames.some(({ type }) => type === 0x03));
    const acknowledged = heard(socket, (frames) => frames.some((frame) => isAck(frame, 6)));
    socket.write(words.subarray(greeting));
    const ack = (await acknowledged).find((frame) => isAck(frame, 6))!;
    t.deepEqual(hashOf(ack), hashOf(answers.find((frame) => isAck(frame, 6))!));
    socket.end();
    const [readings] = await filedUpTo(state, edgeId, 120);
    t.deepEqual(faultsIn(readings!, 120), []);
    t.is((await cloud.end()).code, 0, cloud.stderr());
  });

  test(`what a cloud of ${release} says on its link is understood by the edge of today`, async (t) => {
    const { env, startEdge } = await left(t, release, 'both.tar.gz', {
      ROTATE_EVERY: '1h',
      COMPRESSION: 'none',
    });
    const recorded = JSON.parse(await readFile(join(fixtures, release, 'link.json'), 'utf8'));
    const words = Buffer.from(recorded.cloud, 'hex');
    const welcome = 8 + 4 + words.readUInt32BE(8);
    const port = Number(env.CLOUD_PORT);
    await fakeCloud(t, port, async (socket) => {
      await heard(socket, (frames) => frames.some(({ type }) => type === 0x01));
      // The open segment may be old enough by now to be sealed and sent as well.
      const sent = heard(socket, (frames) => frames.filter(({ type }) => type === 0x10).length >= 3);
      socket.write(words.subarray(0, welcome));
      await sent;
      socket.write(words.subarray(welcome));
    });
    const edge = startEdge();
    await edge.line((line) => segment('deleted')(line) && line.segment === 6);
    t.false(edge.lines.some(moved('uploader', 'forked')));
    await edge.end('SIGKILL');
  });
}

for (const role of ['edge', 'cloud'] as const) {
  test(`a store of a newer fogrun is refused by the ${role} in words, and left as it is`, async (t) => {
    const { state, startEdge, startCloud } = await left(t, releases[0]!, 'both.tar.gz');
    const path = join(state, role === 'edge' ? 'logfile' : 'cloud', 'lmdb');
    const change = async (format?: number) => {
      const kv = await openLmdbKv({
        path,
        clock: systemClock,
        look: 'first',
        expected: true,
        onDamage: async () => {},
      });
      const meta = JSON.parse(Buffer.from(kv.get(['meta'])!).toString());
      if (format) {
        const text = JSON.stringify({ ...meta, format });
        await kv.transaction((writer) => writer.put(['meta'], Buffer.from(text)));
      }
      await kv.close();
      return meta.format;
    };
    await change(99);
    const refused = role === 'edge' ? startEdge() : startCloud();
    const { code } = await refused.ended;
    t.true(code === 2 || code === 3, `${code}`);
    t.regex(`${refused.stderr()}${JSON.stringify(refused.lines)}`, /format 99.*store-version/s);
    t.is(await change(), 99);
    t.deepEqual(
      (await readdir(join(path, '..'))).filter((name) => name.includes('corrupt')),
      [],
    );
  });
}

test('an edge that meets a cloud of a later protocol keeps its readings, says so, and asks again later', async (t) => {
  const { env, startEdge } = await left(t, releases[0]!, 'both.tar.gz');
  const refusal = Buffer.from(JSON.stringify({ code: 'version', reason: 'this cloud speaks version 2' }));
  const frame = Buffer.concat([Buffer.alloc(5), refusal]);
  frame.writeUInt32BE(1 + refusal.length);
  frame[4] = 0x04;
  await fakeCloud(t, Number(env.CLOUD_PORT), async (socket) => {
    socket.end(Buffer.concat([Buffer.from('FOGRUN\0\x02', 'latin1'), frame]));
  });
  const edge = startEdge();
  const trouble = await edge.line(
    ({ actor, type, cause }) => actor === 'uploader' && type === 'transition' && /version/.test(cause ?? ''),
  );
  t.regex(trouble.to, /refused|waitingToRetry/);
  t.false(edge.lines.some(segment('deleted')));
  t.is((await edge.end()).code, 0, edge.stderr());
});

interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

/** Frames behind a preamble, as docs/link-protocol.md has them. */
function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 8; at + 4 <= bytes.length && at + 4 + bytes.readUInt32BE(at) <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    frames.push({ type: bytes[at + 4]!, payload: bytes.subarray(at + 5, at + 4 + length) });
    at += 4 + length;
  }
  return frames;
}

const isAck = ({ type, payload }: Frame, sequence: number) =>
  type === 0x11 && payload.readBigUInt64BE(1 + payload[0]!) === BigInt(sequence);
const hashOf = ({ payload }: Frame) => payload.subarray(9 + payload[0]!, 41 + payload[0]!).toString('hex');

const said = new WeakMap<Socket, Buffer>();

/** What the other side has said since the connection began, once it is enough. */
function heard(socket: Socket, enough: (frames: Frame[]) => boolean): Promise<Frame[]> {
  return new Promise((resolve, reject) => {
    const look = (bytes: Buffer = Buffer.alloc(0)) => {
      const all = Buffer.concat([said.get(socket) ?? Buffer.alloc(0), bytes]);
      said.set(socket, all);
      const frames = framesOf(all);
      if (!enough(frames)) return;
      socket.off('data', look);
      resolve(frames);
    };
    socket.on('data', look);
    socket.on('close', () => reject(new Error('the connection ended before')));
    look();
  });
}

async function fakeCloud(t: ExecutionContext, port: number, talk: (socket: Socket) => Promise<void>) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    talk(socket).catch(() => {});
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
}
