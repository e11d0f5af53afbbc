/** Keeps a view attached to pipelines of other processes, as they come and go. */
import { type Clock, sleep } from '../contract/clock.ts';
import type { PipelineControl } from '../contract/control.ts';
import { toProblem } from '../contract/errors.ts';
import type { View } from '../terminal/view.ts';

export interface AttachOptions {
  readonly view: Pick<View, 'attach' | 'isAttached' | 'line'>;
  /** Names to look for, each time anew. */
  readonly names: () => Promise<readonly string[]>;
  /** Rejects with `control-absent` when that pipeline does not run. */
  readonly connect: (name: string) => Promise<PipelineControl>;
  /** Whether what they say is taken from there as well. */
  readonly entries: boolean;
  readonly everyMs: number;
  readonly clock: Clock;
  /** Ends the looking. */
  readonly signal: AbortSignal;
}

/** Resolves once `signal` aborts. What is in the way of a pipeline is said once, until it changes. */
export async function keepAttached(options: AttachOptions): Promise<void> {
  const { view, clock, signal } = options;
  const said = new Map<string, string>();
  const look = async (name: string) => {
    try {
      const control = await options.connect(name);
      if (signal.aborted) return;
      view.attach(control, { entries: options.entries });
      said.delete(name);
    } catch (thrown) {
      const { code, message } = toProblem(thrown);
      if (code === 'control-absent' || said.get(name) === message || signal.aborted) return;
      said.set(name, message);
      view.line(`${name}/control`, `${code}: ${message}`);
    }
  };
  while (!signal.aborted) {
    const names = await options.names();
    await Promise.all(names.filter((name) => !view.isAttached(name)).map(look));
    await sleep(clock, options.everyMs, signal);
  }
}
