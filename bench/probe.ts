/** Questions to a `fogrun` process that was started with the probe in it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ProbeReading } from './children/probe.ts';
import type { FogrunOptions } from './fogrun.ts';
import { nowMs } from './time.ts';

const answerDeadlineMs = 10_000;
const pollMs = 10;

export class Probe {
  readonly #file: string;
  readonly #stalls: boolean;

  /** @param options `file`: where it writes, a new name for each process; `stalls`: whether the event loop is watched */
  constructor({ file, stalls = false }: { file: string; stalls?: boolean }) {
    this.#file = file;
    this.#stalls = stalls;
  }

  /** For `World.fogrun`. */
  get options(): { env: NodeJS.ProcessEnv } & Pick<FogrunOptions, 'node'> {
    return {
      node: ['--import', join(import.meta.dirname, 'children/probe.js')],
      env: { FOGRUN_BENCH_PROBE: this.#file, ...(this.#stalls ? { FOGRUN_BENCH_STALLS: '1' } : {}) },
    };
  }

  /** What the process sees of itself, since the last question; it collects garbage first. */
  async read(pid: number): Promise<ProbeReading> {
    const before = this.#answers().length;
    process.kill(pid, 'SIGUSR2');
    for (const until = nowMs() + answerDeadlineMs; nowMs() < until; await wait(pollMs)) {
      const answer = this.#answers()[before];
      if (answer !== undefined) return JSON.parse(answer);
    }
    throw new Error(`process ${pid} did not answer within ${answerDeadlineMs} ms`);
  }

  /** Whole lines only. */
  #answers(): string[] {
    return existsSync(this.#file) ? readFileSync(this.#file, 'utf8').split('\n').slice(0, -1) : [];
  }
}
