import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import {
  type Fogrun,
  filedReadings,
  freePort,
  moved,
  segment,
  shipped,
  startFogrun,
  world,
} from '../helpers/fogrun.ts';

const lineCount = 20_000;
/** Every hundredth line is bad. */
const isBad = (line: number) => line % 100 === 0;
const lineText = (line: number) =>
  isBad(line) ? `{"device":"d","value":${line}\n` : `{"device":"d","sensor":"s","value":${line}}\n`;
const linesFrom = (first: number) =>
  Array.from({ length: lineCount - first + 1 }, (_, i) => lineText(first + i)).join('');
const goodLines = Array.from({ length: lineCount }, (_, i) => i + 1).filter((line) => !isBad(line));

async function ingestWorld(t: ExecutionContext) {
  return world(t, { INGEST_PORT: String(await freePort()), ROTATE_SIZE: '64KiB', ROTATE_EVERY: '100ms' });
}

const startCloud = (t: ExecutionContext, env: Record<string, string>) =>
  startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);

async function startIngest(t: ExecutionContext, env: Record<string, string>, file = shipped('ingest.yaml')) {
  const ingest = startFogrun(t, [file, '--log', 'json'], env);
  await ingest.line(moved('lines', 'serving.listening'));
  return ingest;
}

/** The shipped pipeline, but that senders are told what was accepted. */
async function withAcks(env: Record<string, string>): Promise<string> {
  const text = await readFile(shipped('ingest.yaml'), 'utf8');
  const file = join(env.FOGRUN_STATE!, 'ingest.yaml');
  await writeFile(file, text.replace('kind: tcp-source', 'kind: tcp-source\n    acks: true'));
  return file;
}

/** Sends the lines from `first` on; resolves to the last line told of when the connection closes. */
function send(env: Record<string, string>, first: number, told: (line: number) => void = () => {}) {
  return new Promise<{ line: number; accepted: number; refused: number }>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: Number(env.INGEST_PORT) });
    let text = '';
    let last = { line: 0, accepted: 0, refused: 0 };
    socket.on('data', (bytes) => {
      const lines = (text + bytes.toString()).split('\n');
      text = lines.pop()!;
      for (const line of lines) {
        const ack = JSON.parse(line);
        if (ack.accepted === undefined) continue;
        last = ack;
        told(ack.line);
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(last));
    socket.end(linesFrom(first));
  });
}

/** Resolves when the cloud has the last good line, and with it all that came before. */
async function allThere(t: ExecutionContext, env: Record<string, string>): Promise<void> {
  for (;;) {
    const cat = startFogrun(t, ['cat', 'edge-under-test'], env);
    await cat.ended;
    if (cat.lines.at(-1)?.value === goodLines.at(-1)) return;
  }
}

/** Readings in files, of the only epoch there is; none before the first. */
async function filed(env: Record<string, string>): Promise<{ seq: number }[]> {
  const epochs = await filedReadings(env.FOGRUN_STATE!, 'edge-under-test').catch(() => null);
  return [...(epochs?.values() ?? [])].flat();
}

/** Waits until so many readings have left the edge. */
async function deleted(ingest: Fogrun, readings: number): Promise<void> {
  const sum = () =>
    ingest.lines.filter(segment('deleted')).reduce((total, line) => total + Number(line.readings), 0);
  await ingest.line(() => sum() >= readings);
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test('20,000 lines reach the cloud in order, and the bad ones among them are told and stop nothing', async (t) => {
  const env = await ingestWorld(t);
  const cloud = startCloud(t, env);
  const ingest = await startIngest(t, env);
  await send(env, 1);
  await ingest.line((line) => /: 19800 accepted, 200 refused$/.test(line.text ?? ''));
  await deleted(ingest, goodLines.length);
  // Acknowledged is not filed yet.
  while ((await filed(env)).length < goodLines.length) await sleep(20);
  t.is((await ingest.end()).code, 0, ingest.stderr());
  t.is((await cloud.end()).code, 0);
  const notes = ingest.lines.filter(({ text }) => / was refused: is not JSON/.test(text ?? ''));
  t.is(notes.length, 5);
  const readings = await filed(env);
  t.deepEqual(
    readings.map((reading) => (reading as { value?: number }).value),
    goodLines,
  );
  t.deepEqual(
    readings.map(({ seq }) => seq),
    numbered(goodLines.length),
  );
});

test('killed in the middle, it has everything that the sender was told of', async (t) => {
  const env = await ingestWorld(t);
  const file = await withAcks(env);
  const cloud = startCloud(t, env);
  let ingest = await startIngest(t, env, file);
  // The connection dies with the process; the sender goes on after the last line it was told of.
  let first = 1;
  let kills = 0;
  const starts: number[] = [];
  while (first <= lineCount) {
    let killed = false;
    const { line } = await send(env, first, (line) => {
      if (killed || kills >= 3 || first + line > lineCount - 1_000) return;
      killed = true;
      kills += 1;
      ingest.child.kill('SIGKILL');
    });
    first += line;
    starts.push(isBad(first) ? first + 1 : first);
    if (killed) {
      await ingest.ended;
      ingest = await startIngest(t, env, file);
    }
  }
  t.true(kills > 0);
  await allThere(t, env);
  t.is((await ingest.end()).code, 0, ingest.stderr());
  t.is((await cloud.end()).code, 0);
  const epochs = [...(await filedReadings(env.FOGRUN_STATE!, 'edge-under-test')).values()];
  t.is(epochs.length, 1);
  const readings = epochs[0]! as { seq: number; value?: number }[];
  t.deepEqual(
    readings.map(({ seq }) => seq),
    numbered(readings.length),
  );
  const values = readings.map(({ value }) => value!);
  t.deepEqual([...new Set(values)], goodLines);
  // Only what was accepted and could not be told any more is there twice: from where the sender went on.
  const after = (line: number) => (isBad(line + 1) ? line + 2 : line + 1);
  const breaks = values.filter((value, i) => i > 0 && value !== after(values[i - 1]!));
  for (const value of breaks) t.true(starts.includes(value), `${value} follows out of order`);
});
