/** The commands: names, forms, options. What each does is loaded only when it is asked for. */
import { FogrunError } from '../contract/errors.ts';

/** Options by name; each command names those it takes. One name means one thing everywhere. */
export const options = {
  json: { type: 'boolean', words: '--json', text: 'machine-readable JSON instead of text' },
  log: { type: 'string', words: '--log text|json', text: 'how to tell what happens (text)' },
  plain: { type: 'boolean', words: '--plain', text: 'lines instead of the live view, also on a terminal' },
  state: {
    type: 'string',
    words: '--state DIR',
    text: 'where the state of pipelines is (FOGRUN_STATE, else .fogrun)',
  },
  pipeline: { type: 'string', words: '--pipeline NAME', text: "the cloud's pipeline (cloud)" },
  host: { type: 'string', words: '--host ADDRESS', text: 'where to listen (127.0.0.1)' },
  port: { type: 'string', words: '--port N', text: 'port to listen on (4223)' },
  uid: { type: 'string', words: '--uid UID', text: 'UID of the emulated device' },
  secret: { type: 'string', words: '--secret TEXT', text: 'authentication secret of the brick daemon' },
  type: { type: 'string', words: '--type TYPE', text: 'type of the emulated device' },
  follow: { type: 'boolean', short: 'f', words: '-f, --follow', text: 'go on with what comes' },
  all: { type: 'boolean', words: '--all', text: 'every running pipeline' },
  stream: { type: 'string', words: '--stream NAME', text: 'the stream of the segments (readings)' },
  from: { type: 'string', words: '--from N', text: 'sequence of the first segment' },
  to: { type: 'string', words: '--to N', text: 'sequence of the last segment' },
  out: { type: 'string', words: '--out FILE', text: 'write there instead of to stdout' },
  reason: { type: 'string', words: '--reason TEXT', text: 'why, for the gap that the cloud gets' },
  yes: { type: 'boolean', words: '--yes', text: 'do not ask' },
  write: { type: 'string', words: '--write DIR', text: 'write the reference into a folder' },
} as const;

export type OptionName = keyof typeof options;

/** What was given on the command line, by option. */
export type Values = {
  readonly [O in OptionName]?: ((typeof options)[O]['type'] extends 'boolean' ? boolean : string) | undefined;
};

export interface CommandEntry {
  readonly name: string;
  /** Form of its positional arguments, such as `FILE…`. */
  readonly form: string;
  /** How many of them there must be. */
  readonly count: { readonly min: number; readonly max: number };
  readonly does: string;
  readonly options: readonly OptionName[];
  /** Does the work; resolves to the exit code. */
  readonly run: (words: readonly string[], values: Values) => Promise<number>;
}

const none = { min: 0, max: 0 };
const one = { min: 1, max: 1 };
const some = { min: 1, max: Number.POSITIVE_INFINITY };

/** `fogrun FILE…`, which has no name. */
export const runCommand: CommandEntry = {
  name: '',
  form: 'FILE…',
  count: some,
  does: 'run pipelines; several files run as one process each',
  options: ['log', 'plain'],
  run: async (files, values) =>
    (await import('./run.ts')).run(files, {
      log: logFormat(values),
      live: !values.plain && values.log === undefined,
    }),
};

export const commands: readonly CommandEntry[] = [
  {
    name: 'top',
    form: '[PIPELINE…]',
    count: { min: 0, max: Number.POSITIVE_INFINITY },
    does: 'watch running pipelines in a live view',
    options: ['state'],
    run: async (names, values) => (await import('./top.ts')).top(names, { state: stateDirectory(values) }),
  },
  {
    name: 'check',
    form: 'FILE…',
    count: some,
    does: 'report every mistake in pipeline files, start nothing',
    options: [],
    run: async (files) => (await import('./check.ts')).check(files),
  },
  {
    name: 'kinds',
    form: '[KIND]',
    count: { min: 0, max: 1 },
    does: 'list the kinds of actors, or explain one',
    options: ['write'],
    run: async ([kind], { write }) => (await import('./kinds.ts')).kindsCommand(kind, write),
  },
  {
    name: 'devices',
    form: 'HOST[:PORT]',
    count: one,
    does: 'list what a brick daemon has, and the types and sensors that a pipeline can name',
    options: ['secret', 'json'],
    run: async ([address], { secret = '', json = false }) =>
      (await import('./devices.ts')).devices(address!, { secret, json }),
  },
  {
    name: 'emulate',
    form: '',
    count: none,
    does: 'run a brick daemon with devices that are not there',
    options: ['host', 'port', 'uid', 'secret', 'type', 'log'],
    run: async (_, values) => (await import('./emulate.ts')).emulate({ ...values, log: logFormat(values) }),
  },
  {
    name: 'cat',
    form: 'EDGE',
    count: one,
    does: "print an edge's readings in the cloud, in order",
    options: ['state', 'pipeline'],
    run: async ([edge], values) =>
      (await import('./cat.ts')).cat(edge!, {
        state: stateDirectory(values),
        pipeline: values.pipeline ?? 'cloud',
      }),
  },
  {
    name: 'ps',
    form: '[PIPELINE]',
    count: { min: 0, max: 1 },
    does: 'show every actor of every running pipeline',
    options: ['state', 'json'],
    run: async ([pipeline], values) => (await import('./ps.ts')).ps(pipeline, inState(values)),
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
    name: 'stop',
    form: '[PIPELINE]',
    count: { min: 0, max: 1 },
    does: 'end a running pipeline in order',
    options: ['all', 'state', 'json'],
    run: async ([pipeline], values) =>
      (await import('./stop.ts')).stop(pipeline, { ...inState(values), all: values.all ?? false }),
  },
  {
    name: 'logs',
    form: '[PIPELINE]',
    count: { min: 0, max: 1 },
    does: 'print what running pipelines said of late',
    options: ['follow', 'state', 'json'],
    run: async ([pipeline], values) =>
      (await import('./logs.ts')).logs(pipeline, { ...inState(values), follow: values.follow ?? false }),
  },
  {
    name: 'segments',
    form: 'list|export|discard [PIPELINE]',
    count: { min: 1, max: 2 },
    does: "see, save or give up what an edge's store holds for the cloud",
    options: ['state', 'stream', 'from', 'to', 'out', 'reason', 'yes', 'json'],
    run: async ([action, pipeline], values) =>
      (await import('./segments.ts')).segments(action!, pipeline, {
        ...values,
        state: stateDirectory(values),
      }),
  },
];

/** What every command that talks to running pipelines takes. */
const inState = (values: Values) => ({ state: stateDirectory(values), json: values.json ?? false });

/** Where the states of pipelines are: `--state`, `FOGRUN_STATE`, or `.fogrun` here. */
export function stateDirectory({ state }: Values): string {
  // An empty variable counts as none, as it does in pipeline files.
  return state ?? (process.env.FOGRUN_STATE || '.fogrun');
}

function logFormat({ log }: Values): 'text' | 'json' {
  if (log === undefined || log === 'text' || log === 'json') return log ?? 'text';
  throw new FogrunError('usage', `--log takes text or json, not \`${log}\``);
}
