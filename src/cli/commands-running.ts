/** Commands to running pipelines. */
import {
  any,
  type CommandEntry,
  consoleChoice,
  inState,
  logChoice,
  one,
  stateDirectory,
} from './command-entry.ts';

export const runningCommands: readonly CommandEntry[] = [
  {
    name: 'ps',
    form: '[PIPELINE]',
    count: { min: 0, max: 1 },
    does: 'show every actor of every running pipeline',
    options: ['state', 'json'],
    run: async ([pipeline], values) => (await import('./ps.ts')).ps(pipeline, inState(values)),
  },
  {
    name: 'top',
    form: '[PIPELINE…]',
    count: any,
    does: 'watch running pipelines in a live view',
    options: ['state'],
    run: async (names, values) => (await import('./top.ts')).top(names, { state: stateDirectory(values) }),
  },
  {
    name: 'console',
    form: '[PIPELINE…]',
    count: any,
    does: 'show running pipelines in the browser',
    options: ['console', 'state', 'log', 'log-level'],
    means: { console: 'where to serve it (127.0.0.1:7800)' },
    run: async (names, values) =>
      (await import('./console-command.ts')).consoleCommand(names, {
        ...(await logChoice(values)),
        state: stateDirectory(values),
        address: await consoleChoice(values),
      }),
  },
  {
    name: 'fleet',
    form: '[EDGE]',
    count: { min: 0, max: 1 },
    does: 'show what a cloud knows of its edges, or the last transitions of one',
    options: ['pipeline', 'last', 'state', 'json'],
    run: async ([edge], values) =>
      (await import('./fleet.ts')).fleet(edge, {
        ...inState(values),
        pipeline: values.pipeline,
        last: values.last,
      }),
  },
  {
    name: 'logs',
    form: '[PIPELINE]',
    count: { min: 0, max: 1 },
    does: 'print what running pipelines said of late',
    options: ['follow', 'lines', 'level', 'state', 'json'],
    run: async ([pipeline], values) =>
      (await import('./logs.ts')).logs(pipeline, {
        ...inState(values),
        follow: values.follow ?? false,
        lines: values.lines,
        level: values.level,
      }),
  },
  {
    name: 'pause',
    form: '[PIPELINE/]ACTOR',
    count: one,
    does: 'pause an actor until it is resumed',
    options: ['state', 'json'],
    run: async ([actor], values) => (await import('./act.ts')).act('pause', actor!, inState(values)),
  },
  {
    name: 'resume',
    form: '[PIPELINE/]ACTOR',
    count: one,
    does: 'let a paused actor go on',
    options: ['state', 'json'],
    run: async ([actor], values) => (await import('./act.ts')).act('resume', actor!, inState(values)),
  },
  {
    name: 'retry',
    form: '[PIPELINE/]ACTOR',
    count: one,
    does: 'let an actor that waits to retry do so now',
    options: ['state', 'json'],
    run: async ([actor], values) => (await import('./act.ts')).act('retry', actor!, inState(values)),
  },
  {
    name: 'restart',
    form: '[PIPELINE/]ACTOR',
    count: one,
    does: 'end an actor in order and start it anew',
    options: ['state', 'json'],
    run: async ([actor], values) => (await import('./act.ts')).act('restart', actor!, inState(values)),
  },
  {
    name: 'reload',
    form: '[PIPELINE]',
    count: { min: 0, max: 1 },
    does: 'have a running pipeline take over what changed in its file',
    options: ['all', 'dry-run', 'sim', 'hours', 'seed', 'state', 'json'],
    run: async ([pipeline], values) =>
      (await import('./reload.ts')).reload(pipeline, {
        ...inState(values),
        all: values.all ?? false,
        dryRun: values['dry-run'] ?? false,
        sim: values.sim ? { seed: values.seed, hours: values.hours } : null,
      }),
  },
  {
    name: 'stop',
    form: '[PIPELINE]',
    count: { min: 0, max: 1 },
    does: 'end a running pipeline in order',
    options: ['all', 'state', 'json'],
    run: async ([pipeline], values) =>
      (await import('./stop.ts')).stop(pipeline, { ...inState(values), all: values.all ?? false }),
  },
  {
    name: 'record',
    form: 'FILE',
    count: one,
    does: 'write down what running pipelines do, to be looked at with `fogrun replay`; FILE.gz is compressed',
    options: ['for', 'max', 'force', 'state'],
    run: async ([file], values) =>
      (await import('./record.ts')).record(file!, {
        state: stateDirectory(values),
        for: values.for,
        max: values.max,
        force: values.force ?? false,
      }),
  },
  {
    name: 'replay',
    form: 'FILE',
    count: one,
    does: 'show a recording in the console, with a time slider',
    options: ['console'],
    means: { console: 'where to serve it (127.0.0.1, any free port)' },
    run: async ([file], values) => (await import('./replay.ts')).replay(file!, await consoleChoice(values)),
  },
];
