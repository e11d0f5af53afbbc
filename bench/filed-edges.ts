/** What the cloud has in its files of many simulated edges. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { segmentFiles } from './filed.ts';
import { nowMs } from './time.ts';

const filedDeadlineMs = 60_000;
const pollMs = 100;

/**
 * Waits until that many readings of each edge are filed; each must have `seq` 1 to `readings`, in order and nothing twice.
 * @param data the cloud's `data` directory
 */
export async function checkFiledEdges(data: string, edges: number, readings: number): Promise<void> {
  const until = nowMs() + filedDeadlineMs;
  const namesNow = () => readdir(data).catch((): string[] => []);
  while ((await namesNow()).length < edges && nowMs() < until) await wait(pollMs);
  const names = await namesNow();
  if (names.length !== edges) throw new Error(`${names.length} of ${edges} edges are in ${data}`);
  for (const name of names) {
    for (;;) {
      const seqs = await seqsOf(join(data, name));
      if (seqs.length >= readings || nowMs() > until) {
        check(name, seqs, readings);
        break;
      }
      await wait(pollMs);
    }
  }
}

function check(name: string, seqs: readonly number[], readings: number): void {
  const wrong = seqs.findIndex((seq, i) => seq !== i + 1);
  if (wrong >= 0) throw new Error(`${name}: reading ${wrong + 1} has seq ${seqs[wrong]}`);
  if (seqs.length !== readings) throw new Error(`${name}: ${seqs.length} of ${readings} readings are filed`);
}

async function seqsOf(edge: string): Promise<number[]> {
  const seqs: number[] = [];
  const [epoch] = await readdir(edge);
  for (const file of epoch === undefined ? [] : await segmentFiles(join(edge, epoch))) {
    for (const line of (await readFile(file, 'latin1')).split('\n')) {
      if (line !== '') seqs.push(Number(/^\{"seq":(\d+),/.exec(line)?.[1]));
    }
  }
  return seqs;
}
