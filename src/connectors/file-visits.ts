/** The life of a source that reads files: a visit for each time its statechart tells it to open, and what outlasts them. */
import type { EventObject } from 'xstate';
import type { Clock } from '../contract/clock.ts';
import type { TaskIo } from '../contract/kind.ts';
import type { Batch, OutPort } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import type { EdgeStore } from '../contract/store.ts';
import { Complaints } from './complaints.ts';
import { type SourceFiles, withDeadlines } from './source-files.ts';
import { Unaccepted } from './unaccepted.ts';

export interface FileSourceEnv {
  /** The actor's name: what the store keeps the position under. */
  readonly name: string;
  readonly store: Pick<EdgeStore, 'position'>;
  readonly output: OutPort<Batch>;
  readonly files: SourceFiles;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly retryInMs: (attempt: number) => number;
}

/** What lasts from one visit to the next. */
export interface Shared {
  readonly files: SourceFiles;
  readonly unaccepted: Unaccepted;
  readonly complaints: Complaints;
}

export type FileCommand = { readonly type: 'OPEN' } | { readonly type: 'CLOSE' };

/** Most memory of what is read and not yet accepted. */
const unacceptedBytesMax = 4 * 2 ** 20;

/**
 * Ends with the task, or rejects as a visit does.
 * @param visit reads until its signal aborts; what it tells after that is not heard
 */
export async function runVisits<Config extends { readonly stream: string }, Event extends EventObject>(
  { input: config, signal, emit, receive }: TaskIo<Config, Event, FileCommand>,
  env: FileSourceEnv,
  visit: (shared: Shared, signal: AbortSignal, tell: (event: Event) => void) => Promise<void>,
): Promise<void> {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const shared: Shared = {
    files: withDeadlines(env.files, env.clock),
    unaccepted: new Unaccepted(env.output, unacceptedBytesMax),
    complaints: new Complaints(env.report, env.clock),
  };
  // What an actor of this name that is gone has left in the port: the store must know of it before it is asked.
  shared.unaccepted.send({ stream: config.stream, lines: new Uint8Array(), count: 0 }, 0);
  let current: AbortController | undefined;
  receive((command) => {
    current?.abort();
    current = undefined;
    if (command.type === 'CLOSE') return;
    current = new AbortController();
    const until = AbortSignal.any([signal, current.signal]);
    visit(shared, until, (event) => !until.aborted && emit(event)).catch(failure.reject);
  });
  const ended = new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
  await Promise.race([ended, failure.promise]).finally(() => shared.complaints.end());
}
