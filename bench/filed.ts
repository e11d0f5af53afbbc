/** What the cloud has in its files, compared with what was sent, byte by byte. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { lineBytes, makeLines, type Sensor } from './lines.ts';
import { nowMs } from './time.ts';

const pollMs = 10;
const filedDeadlineMs = 60_000;
/** Lines that are made anew at a time for the comparison. */
const blockLines = 10_000;

/** Resolves, when that many lines are filed, to the time on the clock of `nowMs`. Rejects when they do not come. */
export async function whenFiled(data: string, count: number): Promise<number> {
  const bytes = filedBytes(count);
  for (const until = nowMs() + filedDeadlineMs; ; await wait(pollMs)) {
    const files = await filesIn(data);
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    const found = sizes.reduce((sum, size) => sum + size, 0);
    if (found >= bytes) return nowMs();
    if (nowMs() > until) throw new Error(`${found} of ${bytes} bytes are filed in ${data}`);
  }
}

/**
 * Rejects unless those lines and no others are filed: complete, in order, `seq` 1 to `count`, nothing twice, each line
 * as it was sent. Best asked when the cloud has ended: then nothing comes after it.
 * @param data the cloud's `data` directory
 * @param edge whose readings; by default those of the only edge there
 */
export async function checkFiled(data: string, sensor: Sensor, count: number, edge?: string): Promise<void> {
  const check = new Check(sensor, count);
  for (const file of await filesIn(data, edge)) check.file(await readFile(file), file);
  check.end();
}

/** Bytes of that many lines with `{"seq":N,` in front in place of the brace. */
export function filedBytes(count: number): number {
  let bytes = count * (lineBytes + '"seq":,'.length);
  for (let least = 1; least <= count; least *= 10) bytes += count - least + 1;
  return bytes;
}

/** Files of that edge, or of the only one there, and of its only epoch, in the order of their names. */
export async function filesIn(data: string, edge?: string): Promise<string[]> {
  const edges = edge === undefined ? await readdir(data).catch(() => []) : [edge];
  if (edges.length === 0) return [];
  const epochs = await readdir(join(data, edges[0]!));
  if (edges.length > 1 || epochs.length > 1) throw new Error(`more than one edge or epoch in ${data}`);
  return epochs.length === 0 ? [] : segmentFiles(join(data, edges[0]!, epochs[0]!));
}

/** Files of one epoch, in the order of their names. */
export async function segmentFiles(directory: string): Promise<string[]> {
  const named = (await readdir(directory)).flatMap((name) => {
    const match = /^(\d+)(?:-(\d+))?\.ndjson$/.exec(name);
    return match ? [{ name, second: Number(match[1]), number: Number(match[2] ?? 0) }] : [];
  });
  named.sort((a, b) => a.second - b.second || a.number - b.number);
  return named.map(({ name }) => join(directory, name));
}

/** Compares filed lines with the sent ones, file after file. */
class Check {
  readonly #sensor: Sensor;
  readonly #count: number;
  #seen = 0;
  #expected: Buffer = Buffer.alloc(0);

  constructor(sensor: Sensor, count: number) {
    this.#sensor = sensor;
    this.#count = count;
  }

  file(bytes: Buffer, name: string): void {
    for (let from = 0; from < bytes.length; ) {
      const head = `{"seq":${this.#seen + 1},`;
      const rest = this.#next();
      const end = from + head.length + rest.length;
      const same =
        bytes.toString('latin1', from, from + head.length) === head &&
        rest.equals(bytes.subarray(from + head.length, end));
      if (!same) {
        const found = bytes.toString('utf8', from, Math.min(end, bytes.length)).trimEnd();
        throw new Error(`${name}: expected ${head}${rest.toString().trimEnd()} but found ${found}`);
      }
      from = end;
      this.#seen += 1;
    }
  }

  end(): void {
    if (this.#seen !== this.#count) throw new Error(`${this.#seen} of ${this.#count} readings are filed`);
  }

  /** The next line as sent, without its brace. */
  #next(): Buffer {
    const place = this.#seen % blockLines;
    if (place === 0) this.#expected = makeLines(this.#sensor, blockLines, this.#seen);
    return this.#expected.subarray(place * lineBytes + 1, (place + 1) * lineBytes);
  }
}
