/** An actor that can be paused, gets into trouble and takes its time, as the kinds of the catalogue do. */
import { assign, setup } from 'xstate';
import { z } from 'zod';
import type { Asker, PipelineControl, Watcher } from '../../src/contract/control.ts';
import type { Problem } from '../../src/contract/errors.ts';
import { type ActorKind, noTrouble, type Task, type Trouble, task } from '../../src/contract/kind.ts';
import type { LogEntry } from '../../src/contract/report.ts';
import type { PipelineStatus } from '../../src/contract/status.ts';
import { problem } from '../helpers/statechart.ts';

export const by: Asker = { user: 'ada', command: 'fogrun test' };
export const unreachable = problem('link-unreachable', 'nobody at 127.0.0.1:7070');

interface Options {
  readonly onFailed?: 'stay' | 'exit';
  /** How long STOP takes, ms. */
  readonly stopMs?: number;
}

/** Dials for 300 ms after RETRY and RESUME, waits 5 s after LOST, throws on BUG, ends on END and GIVE_UP. */
export function linkKind({ onFailed = 'stay', stopMs = 0 }: Options = {}): ActorKind {
  return {
    name: 'fake-link',
    purpose: 'Is tested.',
    config: z.strictObject({}),
    accepts: null,
    emits: null,
    store: null,
    placeable: false,
    onFailed,
    example: 'fake: { kind: fake-link }',
    effects: { work: { as: 'task', does: 'Works.' } },
    statechart: (effects: { work: Task<undefined, never> }) =>
      setup({
        types: {
          context: {} as Trouble,
          events: {} as {
            type: 'STOP' | 'PAUSE' | 'RESUME' | 'RETRY' | 'LOST' | 'BUG' | 'END' | 'GIVE_UP' | 'WELL';
          },
        },
        actors: { work: task(effects.work) },
        actions: {
          well: assign(noTrouble),
          trouble: assign(({ context }) => ({
            cause: unreachable,
            attempt: context.attempt + 1,
            retryInMs: 5_000,
          })),
          explode: () => {
            throw new TypeError('a bug');
          },
        },
      }).createMachine({
        context: noTrouble,
        invoke: { id: 'work', src: 'work' },
        initial: 'idle',
        on: {
          STOP: stopMs > 0 ? '.stopping' : '.stopped',
          PAUSE: '.paused',
          LOST: { target: '.waitingToRetry', actions: 'trouble' },
          BUG: { actions: 'explode' },
          END: '.stopped',
          GIVE_UP: { target: '.failed', actions: 'trouble' },
        },
        states: {
          idle: { tags: ['rest'], entry: 'well' },
          dialling: { after: { 300: 'idle' } },
          waitingToRetry: { tags: ['trouble'], on: { RETRY: 'dialling' }, after: { 5000: 'dialling' } },
          paused: { tags: ['rest'], entry: 'well', on: { RESUME: 'dialling', PAUSE: {} } },
          stopping: { on: { STOP: {} }, after: { [stopMs || 1]: 'stopped' } },
          failed: { type: 'final', tags: ['failed'] },
          stopped: { type: 'final' },
        },
      }),
  } as ActorKind;
}

/** Watches, and remembers what it was told in order. */
export function watching(control: PipelineControl, options?: { everyMs?: number; entriesMax?: number }) {
  const statuses: PipelineStatus[] = [];
  const entries: LogEntry[] = [];
  const overs: (Problem | null)[] = [];
  const watcher: Watcher = {
    status: (status) => void statuses.push(status),
    entry: (entry) => void entries.push(entry),
    over: (cause) => void overs.push(cause),
  };
  return { statuses, entries, overs, end: control.watch(watcher, options) };
}
