/** The view on this process's terminal, given back however the process ends. */
import type { Clock } from '../contract/clock.ts';
import { summary } from './summary.ts';
import { captureStderr, hasUnicode, stopUntilContinued, systemTty } from './system-tty.ts';
import { openView, type View } from './view.ts';

export interface TakeOverOptions {
  readonly mode: 'run' | 'top';
  readonly clock: Clock;
  /** Who presses the keys, for the audit log. */
  readonly user: string;
  /** `q` or Ctrl-C; comes again when it is pressed again. */
  readonly quit: () => void;
  /** Where `top` looks, for who waits there in vain. */
  readonly where?: string;
}

export interface TakenOver {
  readonly view: View;
  /** Gives the terminal back and tells on it what came of everything. */
  end(): void;
}

/**
 * Only SIGKILL leaves the terminal as it is; `reset` mends that. Whoever calls this ends the process on an unhandled
 * rejection by a handler that comes later: what that one writes finds the terminal given back.
 */
export function takeOver({ mode, clock, user, quit, where = '' }: TakeOverOptions): TakenOver {
  const tty = systemTty();
  const env = process.env;
  const startedMs = clock.monotonic();
  const view = openView({
    mode,
    tty,
    clock,
    colour: !env.NO_COLOR,
    unicode: hasUnicode(env),
    user,
    where,
    on: { quit, suspend: () => void stop() },
  });
  const stop = async () => {
    process.off('SIGTSTP', suspend);
    await stopUntilContinued();
    process.on('SIGTSTP', suspend);
    view.resume();
  };
  const suspend = () => {
    view.suspend();
    void stop();
  };
  // After SIGSTOP, which nobody is told of, a shell has had the terminal.
  const again = () => view.resume();
  const release = captureStderr((line) => view.line('fogrun/stderr', line));
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    release();
    const seen = view.close();
    process.off('exit', end);
    process.off('uncaughtExceptionMonitor', end);
    process.off('unhandledRejection', end);
    process.off('SIGTSTP', suspend);
    process.off('SIGCONT', again);
    if (mode === 'run') tty.writeNow(summary(seen, clock.monotonic() - startedMs));
  };
  process.on('exit', end);
  process.on('uncaughtExceptionMonitor', end);
  process.prependListener('unhandledRejection', end);
  process.on('SIGTSTP', suspend);
  process.on('SIGCONT', again);
  return { view, end };
}
