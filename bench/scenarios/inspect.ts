import { get } from 'node:http';
import type { Bench, Figures, Run, Scenario } from '../scenario.ts';
import { blastOf, transfer } from '../transfer.ts';
import { freePort } from '../world.ts';

/** Many small segments, so that statecharts have much to do. */
const env = { ROTATE_SIZE: '32KiB' };

export const inspect: Scenario = {
  name: 'inspect',
  what:
    'The work of `throughput` in segments of 32 KiB, while somebody watches: each side serves its console, and a reader takes ' +
    'its stream of events, in which is every step of every statechart. The reference is the same without a console.',
  unit: 'readings/s',
  target: '>= 0.95 of nobody watching',
  holds: ({ ratio }) => ratio! >= 0.95,
  run: watched,
  reference: {
    name: 'nobody watching',
    run: (bench) => transfer(bench, { ...blastOf(bench.quick), env }),
  },
};

async function watched(bench: Bench): Promise<Run> {
  const { lines, warmUp } = blastOf(bench.quick);
  const [edge, cloud] = [await freePort(), await freePort()];
  const words = { edge: ['--console', String(edge)], cloud: ['--console', String(cloud)] };
  let readers: Reader[] = [];
  let startedMs = 0;
  const before = async () => {
    readers = await Promise.all([edge, cloud].map(read));
    startedMs = performance.now();
  };
  const after = async (): Promise<Figures> => {
    const seconds = (performance.now() - startedMs) / 1_000;
    const counts = readers.map(({ end }) => end());
    if (counts.some(({ steps }) => steps === 0)) throw new Error('a console told of no step');
    const sum = (of: 'steps' | 'bytes') => counts.reduce((all, count) => all + count[of], 0);
    return {
      'steps told, both sides': { value: sum('steps') / seconds, unit: '/s' },
      'events read, both sides': { value: sum('bytes') / seconds / 1e6, unit: 'MB/s' },
    };
  };
  return transfer(bench, { lines, warmUp, env, words, before, after });
}

interface Reader {
  end(): { readonly steps: number; readonly bytes: number };
}

/** Takes the stream of events of a console, and counts the steps in it with those that were left out. */
async function read(port: number): Promise<Reader> {
  let steps = 0;
  let bytes = 0;
  let rest = '';
  const { promise: begun, resolve, reject } = Promise.withResolvers<void>();
  const request = get({ host: '127.0.0.1', port, path: '/api/events' }, (response) => {
    if (response.statusCode !== 200) reject(new Error(`a console answered ${response.statusCode}`));
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      bytes += text.length;
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        steps += line.split('"type":"step"').length - 1;
        for (const [, skipped] of line.matchAll(/"skipped":(\d+)[,}]/g)) steps += Number(skipped);
      }
      resolve();
    });
    response.on('error', () => {});
  });
  request.on('error', reject);
  await begun;
  return {
    end() {
      request.destroy();
      return { steps, bytes };
    },
  };
}
