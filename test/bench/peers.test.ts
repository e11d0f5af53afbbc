import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { lineBytes, makeLines } from '../../bench/lines.ts';
import { besideOthers } from '../../bench/peers/beside.ts';
import { allDelivered, type Comparison, compare, comparisonLines } from '../../bench/peers/compare.ts';
import { Packets, packetIdMax, packetType, publishOf, publishPackets } from '../../bench/peers/mqtt.ts';
import { NatsClient } from '../../bench/peers/nats-client.ts';
import type { Peer, PeerRun } from '../../bench/peers/peer.ts';
import { Arrived, checkFile, sensor } from '../../bench/peers/sent.ts';

const side = { cpuSeconds: 0.5, rssPeakMb: 20, syncs: 0 };
const run: PeerRun = { seconds: 2, edge: side, cloud: side };
const setting = { label: 'best', said: 'fast on', lacks: 'all of it', lines: 1_000 };
const peer: Peer = {
  name: 'courier',
  package: 'courier',
  wiring: 'a bag at each end',
  remarks: ['It never looks back.'],
  settings: [setting],
  version: () => '1.2.3',
  run: async () => run,
};
const compared = (of: Peer): Promise<Comparison> =>
  compare({ runs: 3, quick: true, progress: () => {} }, [of]);

test('what arrived is taken only when it is what was sent, whole and in order', async (t) => {
  const sent = makeLines(sensor, 100);
  const arrived = (bytes: Buffer) => () => {
    const taken = new Arrived();
    taken.take(bytes.subarray(0, 77));
    taken.take(bytes.subarray(77));
    taken.end(100);
  };
  t.notThrows(arrived(sent));
  t.throws(arrived(sent.subarray(lineBytes)), { message: /9900 bytes arrived where 100 lines/ });
  const swapped = Buffer.concat([
    sent.subarray(lineBytes, 2 * lineBytes),
    sent.subarray(0, lineBytes),
    sent.subarray(2 * lineBytes),
  ]);
  t.throws(arrived(swapped), { message: /another order/ });

  const directory = mkdtempSync(join(tmpdir(), 'fogrun-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'lines'), sent);
  await t.notThrowsAsync(checkFile(join(directory, 'lines'), 100));
  await t.throwsAsync(checkFile(join(directory, 'lines'), 101));
});

test('MQTT packets come out as they went in, however the stream is cut', (t) => {
  const lines = makeLines(sensor, 300);
  const packets = publishPackets('readings', lines, lineBytes);
  for (const pieceBytes of [1, 7, 126, 4_096]) {
    const cutter = new Packets();
    const payloads: Buffer[] = [];
    const ids: number[] = [];
    for (let at = 0; at < packets.length; at += pieceBytes) {
      for (const packet of cutter.take(packets.subarray(at, at + pieceBytes))) {
        t.is(packet.type, packetType.publish);
        const { id, payload } = publishOf(packet);
        ids.push(id);
        payloads.push(Buffer.from(payload), Buffer.from('\n'));
      }
    }
    t.deepEqual(
      ids,
      Array.from({ length: 300 }, (_, n) => n + 1),
    );
    t.true(Buffer.concat(payloads).equals(lines));
  }
});

test('MQTT packet ids go round and are never 0', (t) => {
  const packets = publishPackets('t', Buffer.from('a\n'.repeat(packetIdMax + 2)), 2);
  const ids = [...new Packets().take(packets)].map((packet) => publishOf(packet).id);
  t.deepEqual([ids.at(0), ids.at(packetIdMax - 1), ids.at(packetIdMax)], [1, packetIdMax, 1]);
});

test('a NATS client answers pings, tells answers from messages, and says what the server refused', async (t) => {
  let heard = '';
  const server = createServer((socket) => {
    socket.on('data', (piece) => {
      const before = heard;
      heard += piece.toString('latin1');
      const replyTo = (subject: string) =>
        !before.includes(subject) && new RegExp(`PUB ${subject} (\\S+)`).exec(heard)?.[1];
      const asked = replyTo('ASK');
      // Cut in the middle of a line and of a payload.
      if (asked) {
        socket.write('INFO {}\r\nPING\r\nMSG stored 2 5\r\nhel');
        setImmediate(() => socket.write(`lo\r\nMSG ${asked} 1 8\r\n{"a":12}\r\n`));
      }
      const lost = replyTo('NOBODY');
      if (lost) socket.write(`HMSG ${lost} 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n`);
      if (heard.includes('PUB BAD')) socket.write(`-ERR 'Unknown'\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const client = await NatsClient.connect((server.address() as AddressInfo).port);
  t.teardown(() => client.close());
  const messages: string[] = [];
  client.onMessage = ({ payload }) => messages.push(payload.toString());
  t.deepEqual(await client.ask('ASK', {}), { a: 12 });
  t.deepEqual(messages, ['hello']);
  await t.throwsAsync(client.ask('NOBODY', {}), { message: /status 503/ });
  await t.throwsAsync(client.ask('BAD', {}), { message: /-ERR 'Unknown'/ });
  t.true(heard.includes('PONG\r\n'));
});

test('a program that is not installed is left out, and what its version lacks is said', async (t) => {
  const absent = await compared({ ...peer, version: () => null });
  t.deepEqual(comparisonLines(absent), ['courier: left out, it is not installed']);
  t.true(allDelivered(absent));
  const old = await compared({ ...peer, impossible: () => 'it came with 2' });
  t.deepEqual(comparisonLines(old), ['courier 1.2.3, best: left out, it came with 2']);
  t.true(allDelivered(old));
});

test('a run that did not deliver gives no figure, and is told', async (t) => {
  const runs = [run, new Error('9 lines are missing'), run];
  const failing = await compared({
    ...peer,
    run: async () => {
      const next = runs.shift()!;
      if (next instanceof Error) throw next;
      return next;
    },
  });
  t.false(allDelivered(failing));
  t.deepEqual(failing.peers[0]!.settings[0]!.runs, []);
  t.regex(comparisonLines(failing)[0]!, /it failed: 9 lines are missing/);
  t.regex(besideOthers(failing, new Map()).join('\n'), /none: it failed: 9 lines are missing/);
});

test('the page names version, setting, what is not promised, and how many lines a run had', async (t) => {
  const comparison = await compared(peer);
  t.is(
    comparisonLines(comparison)[0],
    'courier 1.2.3, best: 500 lines/s · 500 to 500 in 3 · 1,000 lines a run',
  );
  const page = besideOthers(comparison, new Map()).join('\n');
  t.true(
    page.includes(
      '| courier 1.2.3 | best | 500 | 500 … 500 | 1,000 | 500 + 500 s per million | 20 + 20 MB | ? + ? | all of it |',
    ),
  );
  t.true(page.includes('**courier 1.2.3**: a bag at each end.\n\n- best: fast on.\n- It never looks back.'));
  t.deepEqual(besideOthers(null, new Map()), []);
});
