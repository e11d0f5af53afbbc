/** The transactions of an edge's store, one after the other, and what readers see of them. */
import type { Clock } from '../contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Kv, KvWriter } from '../contract/kv.ts';
import type { Changes } from './edge-changes.ts';
import { describeMended, mendAll } from './edge-mend.ts';
import { type EdgeState, snapshot } from './edge-records.ts';

interface CommitsEnv {
  readonly kv: Kv;
  readonly clock: Clock;
  readonly changes: Changes;
  /** One is on the disk. */
  committed(): void;
  failed(cause: Problem): void;
  damaged(problem: Problem): void;
}

export class Commits {
  readonly #env: CommitsEnv;
  /** As of the last commit that is on disk; that of the changes is ahead by what is in flight. */
  state: EdgeState;

  constructor(env: CommitsEnv) {
    this.#env = env;
    this.state = snapshot(env.changes.state);
  }

  /**
   * One transaction; readers see its outcome once it is on disk. Where it meets a header that is damaged, and that can be
   * made good, it is tried again.
   */
  async run<T>(work: (changes: Changes, writer: KvWriter) => T): Promise<T> {
    try {
      return await this.#once(work);
    } catch (error) {
      if (!(error instanceof FogrunError) || error.code !== 'store-corrupt') throw error;
      const now = this.#env.clock.now();
      const mended = await this.#once((changes, writer) => mendAll(changes, writer, now));
      if (mended.length === 0) throw error;
      this.#env.damaged(toProblem(new FogrunError('segment-corrupt', describeMended(mended))));
      return this.run(work);
    }
  }

  async #once<T>(work: (changes: Changes, writer: KvWriter) => T): Promise<T> {
    const { kv, changes, committed, failed } = this.#env;
    try {
      const [value, state] = await kv.transaction((writer) => {
        const result = work(changes, writer);
        return [result, snapshot(changes.state)] as const;
      });
      this.state = state;
      committed();
      return value;
    } catch (error) {
      const problem = toProblem(error);
      if (problem.code === 'store-failed') failed(problem);
      throw error;
    }
  }
}
