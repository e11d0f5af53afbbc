/** The worked example of docs/link-protocol.md is what the code says, byte for byte. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { bodyHash, chainHash, noHash } from '../../src/domain/segment.ts';
import { FrameChecks, greetingSum, withCheck } from '../../src/link/checks.ts';
import { encodeFrame, frameTypes, preamble } from '../../src/link/frames.ts';
import {
  answerBytesMax,
  expansionMax,
  greetingBytesMax,
  linkLimits,
  windowBytesMin,
} from '../../src/link/limits.ts';
import { encodeAck, encodeSegmentHead } from '../../src/link/payloads.ts';
import { hello as baseHello, cloudAgainstBytes, json, welcome, zeros } from './fixtures.ts';

const page = readFileSync('docs/link-protocol.md', 'utf8');

const body = Buffer.from(
  '{"seq":1,"device":"qBz","sensor":"pressure","time":"2026-01-01T00:00:00.000Z","value":1013.25,"unit":"hPa"}\n',
);
const partial = {
  edge: baseHello.edge,
  epoch: baseHello.epoch,
  stream: 'readings',
  sequence: 1,
  type: 'readings' as const,
  fromSeq: 1,
  count: 1,
  bytes: body.length,
  sealedAtMs: 1_767_225_615_000,
  bodyHash: bodyHash(body),
  previousHash: noHash,
};
const header = { ...partial, hash: chainHash(partial) };
const hello = {
  ...baseHello,
  streams: {
    readings: {
      sealed: 1,
      sealedHash: Buffer.from(header.hash).toString('hex'),
      acknowledged: 0,
      acknowledgedHash: zeros,
    },
  },
};
const frames: [string, Uint8Array][] = [
  ['edge: preamble', preamble],
  ['edge: HELLO', json(frameTypes.hello, hello)],
  ['cloud: preamble', preamble],
  ['cloud: WELCOME', json(frameTypes.welcome, welcome)],
  ['edge: SEGMENT', encodeFrame(frameTypes.segment, encodeSegmentHead(header), body)],
  [
    'cloud: ACK',
    encodeFrame(
      frameTypes.ack,
      encodeAck({ stream: 'readings', sequence: 1, hash: header.hash, messages: [] }),
    ),
  ],
  ['edge: HEARTBEAT', encodeFrame(frameTypes.heartbeat)],
  ['edge: GOODBYE', json(frameTypes.goodbye, { reason: 'stopping' })],
  ['cloud: GOODBYE', json(frameTypes.goodbye, { reason: 'goodbye' })],
];

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const checkedHello = withCheck(bytesOf(hello));
const checks = new FrameChecks();
checks.agree(true);
for (const [title, type, payload] of [
  ['edge: HEARTBEAT, checked', frameTypes.heartbeat, Buffer.alloc(0)],
  ['edge: GOODBYE, checked', frameTypes.goodbye, bytesOf({ reason: 'stopping' })],
] as const) {
  const sealed = checks.seal(type, [payload]);
  frames.push([title, encodeFrame(sealed.type, payload, sealed.sum)]);
}

/** Hexadecimal, 32 bytes a line. */
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/(.{64})(?=.)/g, '$1\n');
}

/** The block of the page under a line such as `edge: HELLO`. */
function block(title: string): string | undefined {
  const found = new RegExp(`^\`${title}\`[^\\n]*\\n\\n\`\`\`text\\n([0-9a-f\\n]+?)\\n\`\`\``, 'm').exec(page);
  return found?.[1];
}

for (const [title, bytes] of frames) {
  test(`${title} is as documented`, (t) => {
    t.is(block(title), hex(bytes));
  });
}

test('the hashes are as documented', (t) => {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  t.true(page.includes(`body hash:  ${text(header.bodyHash)}`));
  t.true(page.includes(`chain hash: ${text(header.hash)}`));
});

test('the checks of a greeting are as documented', (t) => {
  const end = (bytes: Uint8Array) => Buffer.from(bytes).toString().slice(-20);
  t.true(page.includes(`HELLO:   ${end(checkedHello)}\n`), end(checkedHello));
  const answer = end(withCheck(bytesOf(welcome), greetingSum(checkedHello)));
  t.true(page.includes(`WELCOME: ${answer}\n`), answer);
});

test('deadlines are as documented', (t) => {
  for (const ms of [linkLimits.handshakeMs, linkLimits.frameMs, linkLimits.goodbyeMs, linkLimits.drainMs]) {
    t.true(page.includes(`| ${ms / 1_000} s |`), `${ms} ms`);
  }
  t.true(page.includes(`${linkLimits.bytesPerSecondMin} bytes a second`));
});

test('sizes are as documented', (t) => {
  t.true(page.includes(`at least ${windowBytesMin / 2 ** 20} MiB, so that`));
  t.true(
    page.includes(
      `${expansionMax.times} times its length plus ${expansionMax.bytes.toLocaleString('en-US')}:`,
    ),
  );
  t.true(page.includes(`1 to ${greetingBytesMax.toLocaleString('en-US')} until the greeting is over`));
  t.true(page.includes(`1 to ${answerBytesMax.toLocaleString('en-US')} from cloud to edge`));
});

test('the documented compressed segment is three readings, under the documented hashes', async (t) => {
  const { clock, cloud, side, peer } = cloudAgainstBytes();
  peer.write(Buffer.concat([preamble, json(frameTypes.hello, { ...hello, compression: ['zstd'] })]));
  await clock.until(cloud.hello);
  cloud.welcome({ ...welcome, compression: 'zstd' });
  peer.write(Buffer.from(block('edge: SEGMENT, compressed')!.replaceAll('\n', ''), 'hex'));
  await clock.advance(0);
  const { header: second, body: plain } = side.segments[0]!;
  const lines = Buffer.from(plain).toString().trimEnd().split('\n');
  t.deepEqual(
    lines.map((line) => JSON.parse(line).seq),
    [2, 3, 4],
  );
  t.like(second, { sequence: 2, fromSeq: 2, count: 3, bytes: 324, sealedAtMs: 1_767_225_630_000 });
  t.deepEqual(Buffer.from(second.previousHash), Buffer.from(header.hash));
  t.true(page.includes(`body hash:  ${Buffer.from(second.bodyHash).toString('hex')}`));
  t.true(page.includes(`chain hash: ${Buffer.from(second.hash).toString('hex')}`));
});

test('the documented bytes of an edge make a session', async (t) => {
  const { clock, cloud, side, peer } = cloudAgainstBytes();
  const send = (title: string) => peer.write(Buffer.from(block(title)!.replaceAll('\n', ''), 'hex'));
  send('edge: preamble');
  send('edge: HELLO');
  await clock.until(cloud.hello);
  cloud.welcome(welcome);
  send('edge: SEGMENT');
  await clock.advance(0);
  const [received] = side.segments;
  cloud.acknowledge('readings', 1, received!.header.hash, []);
  send('edge: GOODBYE');
  await clock.advance(0);
  cloud.goodbye('goodbye');
  await clock.advance(3_000);
  t.deepEqual(side.log, ['segment readings/1', 'goodbye stopping', 'closed in order']);
  const expected = ['cloud: preamble', 'cloud: WELCOME', 'cloud: ACK', 'cloud: GOODBYE'].map(block).join('');
  t.is(peer.received().toString('hex'), expected.replaceAll('\n', ''));
});
