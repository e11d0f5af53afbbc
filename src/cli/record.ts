/** `fogrun record FILE`: what running pipelines do goes into a file, to be looked at again with `fogrun replay`. */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import { createHub } from '../console/hub.ts';
import { type Recorder, startRecorder } from '../console/recorder.ts';
import { recordingBytesMax } from '../console/recording.ts';
import type { Timer } from '../contract/clock.ts';
import type { PipelineControl } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import { formatDuration, formatSize, parseDurationMs, parseSizeBytes } from '../domain/quantities.ts';
import { escapeControls, printable } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';
import { pipelinesIn } from '../runtime/ipc-control.ts';
import { warn } from './control-cli.ts';
import { follow } from './follow.ts';
import { version } from './version.ts';

export interface RecordOptions {
  readonly state: string;
  /** How long; until somebody ends it when absent. */
  readonly for?: string | undefined;
  /** How much at most. */
  readonly max?: string | undefined;
  readonly force: boolean;
}

const lookEveryMs = 500;
const flushEveryMs = 1_000;

/** Resolves when a signal, `--for` or `--max` ends it. @throws FogrunError `usage`, `file-unwritable` */
export async function record(path: string, options: RecordOptions): Promise<number> {
  const forMs = options.for === undefined ? undefined : parseDurationMs(options.for);
  if (options.for !== undefined && !forMs) {
    throw new FogrunError('usage', `--for takes a time such as 90s or 10m, not \`${options.for}\``);
  }
  const bytesMax = options.max === undefined ? recordingBytesMax : parseSizeBytes(options.max);
  if (!bytesMax || bytesMax > recordingBytesMax) {
    const most = formatSize(recordingBytesMax);
    throw new FogrunError('usage', `--max takes a size up to ${most} such as 64MiB, not \`${options.max}\``);
  }
  const root = resolve(options.state);
  const file = await recordingFile(path, options.force);
  const over = new AbortController();
  const leave = () => over.abort();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, leave);
  let failure: FogrunError | null = null;
  file.failed.catch((error: FogrunError) => {
    failure = error;
    leave();
  });
  const hub = createHub(systemClock);
  const recorder = startRecorder(hub, file, {
    ...{ version, bytesMax, now: () => systemClock.now() },
    ended(why) {
      if (why === 'full') warn(`the recording has its ${formatSize(bytesMax)}: it ends here`);
      else warn('the disk does not keep up: the recording ends here');
      leave();
    },
  });
  const timer: Timer | undefined = forMs === undefined ? undefined : systemClock.setTimeout(leave, forMs);
  process.stderr.write(`# recording ${printable(root, 200)} to ${printable(path, 200)}; Ctrl-C ends it\n`);
  let looks = 0;
  const following = follow({
    state: root,
    view: {
      attach(control: PipelineControl) {
        hub.attach(control);
        process.stderr.write(`# ${escapeControls(control.pipeline)} is recorded\n`);
      },
      isAttached: (name) => hub.isAttached(name),
      line: (who, text) => warn(`${who}: ${text}`),
    },
    names: async () => {
      looks += 1;
      if (looks === 2 && following.connected === 0) {
        warn('nothing runs there: what is started later is recorded');
      }
      return pipelinesIn(root).catch(() => []);
    },
    entries: true,
    everyMs: lookEveryMs,
    signal: over.signal,
  });
  await following.ended;
  systemClock.clearTimeout(timer);
  // What has gathered belongs to it.
  hub.close();
  recorder.stop();
  await following.close();
  await file.close();
  if (failure) throw failure;
  process.stderr.write(`${sentenceOf(recorder)}\nlook at it: fogrun replay ${printable(path, 200)}\n`);
  return 0;
}

function sentenceOf({ startedMs, events, bytes, pipelines }: Recorder): string {
  const lasted = formatDuration(Math.max(0, systemClock.now() - startedMs));
  const of = pipelines.size > 0 ? [...pipelines].sort().join(', ') : 'nothing: no pipeline ran';
  return escapeControls(`recorded ${lasted} of ${of}: ${events} events, ${formatSize(bytes)}`);
}

interface RecordingFile {
  write(text: string): void;
  readonly waitingBytes: number;
  /** Rejects when it cannot be written any more; never resolves. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** For its owner alone, since a recording tells a lot. With a name that ends in `.gz` it is compressed. */
async function recordingFile(path: string, force: boolean): Promise<RecordingFile> {
  const refusal = (thrown: unknown) => {
    const { code, message } = thrown as NodeJS.ErrnoException;
    const exists = code === 'EEXIST';
    const why = exists ? 'it is there already' : (code ?? message);
    return new FogrunError('file-unwritable', `${printable(path, 200)} cannot be written: ${why}`, {
      cause: thrown,
      ...(exists ? { advice: 'Choose another name, or write over it with --force.' } : {}),
    });
  };
  const handle = await open(path, force ? 'w' : 'wx', 0o600).catch((thrown: unknown) => {
    throw refusal(thrown);
  });
  const disk = createWriteStream('', { fd: handle });
  const gzip = path.endsWith('.gz') ? createGzip() : null;
  const out: Writable = gzip ?? disk;
  gzip?.pipe(disk);
  // What was said a second ago is to be found even when this process is killed.
  const flush = gzip && setInterval(() => gzip.flush(constants.Z_SYNC_FLUSH), flushEveryMs);
  const failed = new Promise<never>((_, reject) => {
    for (const stream of [disk, out]) stream.on('error', (thrown: unknown) => reject(refusal(thrown)));
  });
  failed.catch(() => {});
  return {
    write(text) {
      if (!out.destroyed) out.write(text);
    },
    get waitingBytes() {
      return out.writableLength + (gzip ? disk.writableLength : 0);
    },
    failed,
    async close() {
      if (flush) clearInterval(flush);
      const closed = new Promise<void>((done) => disk.once('close', () => done()));
      out.end();
      await Promise.race([closed, failed.catch(() => {})]);
    },
  };
}
