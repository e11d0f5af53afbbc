import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { createHub } from '../../src/console/hub.ts';
import { startRecorder } from '../../src/console/recorder.ts';
import { recordingLines, summarise } from '../../src/console/recording.ts';
import type { FogrunError } from '../../src/contract/errors.ts';
import { entry, FakeControl } from '../helpers/fake-control.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

async function written(t: ExecutionContext, bytes: string | Uint8Array, name = 'a.ndjson') {
  const folder = await mkdtemp(join(tmpdir(), 'fogrun-recording-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

const header = '{"recording":1,"version":"0.1.0","startedMs":1000}\n';
const event = (id: number) =>
  `{"type":"pipeline","pipeline":"edge","attached":true,"cause":null,"actors":[],"id":${id},"timeMs":${1000 + id}}\n`;
const all = async (path: string) => {
  const lines: string[] = [];
  for await (const line of recordingLines(path)) lines.push(line);
  return lines;
};

/** A recorder over a fake pipeline, and what it wrote. */
function recorded({ bytesMax = 1e9, waitingBytes = 0 } = {}) {
  const clock = createVirtualClock();
  const hub = createHub(clock);
  const control = new FakeControl();
  control.past = [entry('before')];
  hub.attach(control);
  const sink = {
    text: '',
    waitingBytes,
    write(text: string) {
      sink.text += text;
    },
  };
  const ends: string[] = [];
  const recorder = startRecorder(hub, sink, {
    ...{ version: '0.1.0', now: () => 5_000, bytesMax, ended: (why: string) => void ends.push(why) },
  });
  return { clock, hub, control, sink, ends, recorder };
}

test('a recording begins with what is known, goes on with what happens, and can be read back', async (t) => {
  const { clock, control, sink, recorder } = recorded();
  for (const watcher of control.watchers) watcher.status(control.current);
  const frame = { type: 'end', id: 1, timeMs: 1, actor: 'uploader', how: 'stopped', cause: null } as const;
  for (const watcher of control.inspectors) watcher.frames([frame]);
  await clock.advance(200);
  recorder.stop();
  const path = await written(t, sink.text);
  const lines = (await all(path)).map((line) => JSON.parse(line) as { type?: string });
  t.deepEqual(lines[0], { recording: 1, version: '0.1.0', startedMs: 5_000 });
  const types = lines.slice(1).map(({ type }) => type);
  for (const type of ['reset', 'pipeline', 'entries', 'status', 'frames']) t.true(types.includes(type), type);
  const { events, damaged, pipelines } = await summarise(path);
  t.is(events, lines.length - 1);
  t.is(damaged, 0);
  t.deepEqual(pipelines, ['edge']);
});

test('what gathered in the last moment before its end is in a recording', (t) => {
  const { hub, control, sink, recorder } = recorded();
  const frame = { type: 'end', id: 1, timeMs: 1, actor: 'uploader', how: 'stopped', cause: null } as const;
  for (const watcher of control.inspectors) watcher.frames([frame]);
  hub.close();
  recorder.stop();
  t.true(sink.text.includes('"type":"frames"'));
});

test('nothing is written after it was stopped', (t) => {
  const { control, sink, recorder } = recorded();
  recorder.stop();
  const { length } = sink.text;
  for (const watcher of control.watchers) watcher.status(control.current);
  t.is(sink.text.length, length);
});

test('a recording ends by itself when it has its size, or when the disk is far behind, and says which', (t) => {
  const full = recorded({ bytesMax: 700 });
  for (const watcher of full.control.watchers) watcher.status(full.control.current);
  for (const watcher of full.control.watchers) watcher.status(full.control.current);
  t.deepEqual(full.ends, ['full']);
  t.true(full.sink.text.endsWith('}\n'));
  t.deepEqual(recorded({ waitingBytes: 2 ** 26 }).ends, ['slow']);
});

test('a compressed recording is read like any other, also one that was cut off', async (t) => {
  const text = header + event(1) + event(2);
  t.deepEqual(await all(await written(t, gzipSync(text), 'a.gz')), text.trimEnd().split('\n'));
  const cut = gzipSync(header + Array.from({ length: 5_000 }, (_, i) => event(i)).join(''));
  const path = await written(t, cut.subarray(0, cut.length / 2), 'a.gz');
  const lines = await all(path);
  t.true(lines.length > 100);
  t.like(await summarise(path), { events: lines.length - 1, isBroken: true });
});

test('of a compressed recording with a damaged byte is shown what came before it, but for 4 KiB at most', async (t) => {
  const text = header + Array.from({ length: 100 }, (_, i) => event(i)).join('');
  const sound = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
  // There is no block of that sort.
  const damaged = Buffer.concat([gzipSync('').subarray(0, 10), sound, Buffer.from([0xff])]);
  const path = await written(t, damaged, 'a.gz');
  const lines: string[] = [];
  for await (const line of recordingLines(path)) {
    lines.push(line);
    // As slowly as somebody far away takes it.
    await setImmediate();
  }
  t.true(text.startsWith(lines.slice(0, -1).join('\n')));
  t.true(lines.join('\n').length > text.length - 4_500);
  t.like(await summarise(path), { events: lines.length - 1, isBroken: true });
});

test('the torn last line of a killed recorder is left out and counted', async (t) => {
  const path = await written(t, `${header}${event(1)}${event(2).slice(0, 30)}`);
  t.is((await all(path)).length, 2);
  t.like(await summarise(path), { events: 1, damaged: 1, endedMs: 1_001 });
});

test('lines that are no events are left out: of other types, without a time, or not JSON', async (t) => {
  const strange = [
    '{"type":"__proto__","id":1,"timeMs":1}',
    '{"type":"status","id":1}',
    'null',
    '[1]',
    '{',
    '',
  ];
  const path = await written(t, `${header}${strange.join('\n')}\n${event(1)}`);
  t.deepEqual(await all(path), [header.trimEnd(), event(1).trimEnd()]);
  t.is((await summarise(path)).damaged, strange.length);
});

test('a line without an end is passed over', async (t) => {
  const path = await written(t, `${header}${'x'.repeat(17 * 2 ** 20)}\n${event(1)}`);
  t.like(await summarise(path), { events: 1, damaged: 1 });
});

test('what is no recording is refused with the reason', async (t) => {
  const refused: [string | Uint8Array, RegExp][] = [
    ['', /it is empty/],
    ['hello\n', /no JSON/],
    ['{"a":1}\n', /no header/],
    ['{"recording":2,"version":"9.9.9","startedMs":1}\n', /newer fogrun \(9\.9\.9\)/],
    [Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), /no recording/],
    [gzipSync('nonsense').subarray(0, 12), /no recording/],
  ];
  for (const [bytes, why] of refused) {
    const path = await written(t, bytes);
    const error = await t.throwsAsync<FogrunError>(() => summarise(path));
    t.is(error?.code, 'recording-unreadable');
    t.regex(error!.message, why);
    await t.throwsAsync(() => all(path), { message: why });
  }
  const missing = await t.throwsAsync<FogrunError>(() => summarise('/nowhere/a'));
  t.is(missing?.code, 'file-unreadable');
});

test('a recording that expands without end is refused', async (t) => {
  const bomb = gzipSync(Buffer.concat([Buffer.from(header), Buffer.alloc(6 * 2 ** 20, event(1))]));
  const error = await t.throwsAsync<FogrunError>(async () =>
    summarise(await written(t, bomb, 'a.gz'), 2 ** 20),
  );
  t.regex(error!.message, /more than 1MiB/);
});
