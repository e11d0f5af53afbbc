/** Questions to a child process of the harness: load, yardsticks and relays must not share a thread with it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { within } from './time.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a handler takes and gives is checked where it is asked
type Handlers = Readonly<Record<string, (argument: any) => unknown>>;

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

const deadlineMsDefault = 120_000;

/** The child's end: answers questions by the handler of that name, and ends with its parent. */
export function serve<H extends Handlers>(handlers: H): H {
  process.on('message', async ({ id, name, argument }: { id: number; name: string; argument: unknown }) => {
    const answer = await (async () => handlers[name]!(argument))().then(
      (value): Answer => ({ id, value }),
      (error): Answer => ({
        id,
        error: error instanceof Error ? (error.stack ?? error.message) : `${error}`,
      }),
    );
    process.send?.(answer);
  });
  process.on('disconnect', () => process.exit());
  return handlers;
}

/** The harness's end. */
export class Remote<H extends Handlers> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;

  /** @param module compiled file that calls `serve` */
  constructor(module: string, env: NodeJS.ProcessEnv = process.env) {
    this.#child = fork(module, { serialization: 'advanced', env });
    this.#child.on('message', ({ id, value, error }: Answer) => {
      const asked = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) asked?.resolve(value);
      else asked?.reject(new Error(`${module}: ${error}`));
    });
    this.#child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${module} ended`));
      this.#waiting.clear();
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  ask<K extends keyof H & string>(
    name: K,
    argument: Parameters<H[K]>[0],
    deadlineMs = deadlineMsDefault,
  ): Promise<Awaited<ReturnType<H[K]>>> {
    const id = ++this.#asked;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#child.send({ id, name, argument });
    const late = within(answer.promise, deadlineMs, () => `an answer to ${name}`);
    // A question may be left under way on purpose; whoever awaits it still sees its rejection.
    late.catch(() => {});
    return late as Promise<Awaited<ReturnType<H[K]>>>;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}
