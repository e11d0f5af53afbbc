/** `fogrun top`: the live view, attached to pipelines that other processes run. */
import { resolve } from 'node:path';
import { FogrunError } from '../contract/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { takeOver } from '../terminal/take-over.ts';
import { endOnBugs } from './process.ts';
import { userName } from './user.ts';

export interface TopOptions {
  /** Directory of states. */
  readonly state: string;
}

/** How often it looks for pipelines that were not there. */
const lookEveryMs = 2_000;

/** Resolves when somebody leaves; the pipelines go on. @param names all when empty */
export async function top(names: readonly string[], { state }: TopOptions): Promise<number> {
  if (!process.stdin.isTTY || !process.stdout.isTTY || process.env.TERM === 'dumb') {
    throw new FogrunError('usage', '`fogrun top` needs a terminal for input and output', {
      advice: '`fogrun ps` prints the same once, also with --json; `fogrun logs -f` follows what happens.',
    });
  }
  const [{ follow }, { pipelinesIn }] = await Promise.all([
    import('./follow.ts'),
    import('../runtime/ipc-control.ts'),
  ]);
  const root = resolve(state);
  const over = new AbortController();
  const leave = () => over.abort();
  const { view, end } = takeOver({
    mode: 'top',
    clock: systemClock,
    user: userName(),
    quit: leave,
    where: root,
  });
  endOnBugs(() => {});
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, leave);
  try {
    const following = follow({
      ...{ state: root, view },
      names: async () => {
        const there = await pipelinesIn(root).catch(() => []);
        return names.length > 0 ? there.filter((name) => names.includes(name)) : there;
      },
      entries: true,
      everyMs: lookEveryMs,
      signal: over.signal,
    });
    await following.ended;
  } finally {
    end();
  }
  return 0;
}
