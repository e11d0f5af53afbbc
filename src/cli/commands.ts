/** The commands: names, forms, options. What each does is loaded only when it is asked for. */
import { FogrunError } from '../contract/errors.ts';
import type { LogChoice } from './process.ts';

/** Options by name; each command names those it takes. One name means one thing everywhere. */
export const options = {
  json: { type: 'boolean', words: '--json', text: 'machine-readable JSON instead of text' },
  log: {
    type: 'string',
    words: '--log text|json|journal',
    text: "how to tell what happens (text; under systemd its journal's form)",
  },
  'log-level': {
    type: 'string',
    words: '--log-level LEVEL',
    text: 'debug, info, warn or error: leave out what is less (FOGRUN_LOG_LEVEL, else info)',
  },
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
  type: { type: 'string', words: '--type TYPE', text: 'type of the emulated device (barometer)' },
  follow: { type: 'boolean', short: 'f', words: '-f, --follow', text: 'go on with what comes' },
  lines: {
    type: 'string',
    short: 'n',
    words: '-n, --lines N',
    text: 'so many lines of the past of each pipeline, or `all` (all; with --follow 20)',
  },
  level: {
    type: 'string',
    words: '--level LEVEL',
    text: 'debug, info, warn or error: leave out what is less',
  },
  last: { type: 'string', words: '--last N', text: 'only the last N readings' },
  all: { type: 'boolean', words: '--all', text: 'every running pipeline' },
  stream: { type: 'string', words: '--stream NAME', text: 'the stream of the segments (readings)' },
  from: { type: 'string', words: '--from N', text: 'sequence of the first segment' },
  to: { type: 'string', words: '--to N', text: 'sequence of the last segment' },
  out: { type: 'string', words: '--out FILE', text: 'write there instead of to stdout' },
  reason: { type: 'string', words: '--reason TEXT', text: 'why, for the gap that the cloud gets' },
  yes: { type: 'boolean', words: '--yes', text: 'do not ask' },
  user: { type: 'boolean', words: '--user', text: 'a service of your own instead of one of the system' },
  name: { type: 'string', words: '--name NAME', text: 'name of the service (those of the pipelines)' },
  'dry-run': { type: 'boolean', words: '--dry-run', text: 'print what would be written, change nothing' },
  source: {
    type: 'string',
    words: '--source WHAT',
    text: 'simulated, tinkerforge[:HOST], file:PATH, tcp[:PORT], http[:PORT] or csv:PATH',
  },
  cloud: { type: 'string', words: '--cloud WHERE', text: 'HOST[:PORT] of the cloud, or `here`' },
  edge: { type: 'string', words: '--edge NAME', text: 'name of this device' },
  every: { type: 'string', words: '--every TIME', text: 'pace of the readings (1s)' },
  altitude: { type: 'string', words: '--altitude M', text: 'height of the barometer above sea level (none)' },
  force: { type: 'boolean', words: '--force', text: 'write over files that are there' },
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
  /** What its help says below the options. */
  readonly more?: () => Promise<string>;
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
  options: ['log', 'log-level', 'plain'],
  run: async (files, values) =>
    (await import('./run.ts')).run(files, {
      ...(await logChoice(values)),
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
    options: ['json'],
    run: async (files, { json = false }) => (await import('./check.ts')).check(files, { json }),
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
    options: ['host', 'port', 'uid', 'secret', 'type', 'log', 'log-level'],
    more: async () => `\nTypes: ${(await import('../domain/bricklets.ts')).models.join(', ')}\n`,
    run: async (_, values) =>
      (await import('./emulate.ts')).emulate({ ...values, ...(await logChoice(values)) }),
  },
  {
    name: 'cat',
    form: '[EDGE]',
    count: { min: 0, max: 1 },
    does: "print an edge's readings in the cloud, in order; without EDGE, which edges it has",
    options: ['state', 'pipeline', 'last'],
    run: async ([edge], values) =>
      (await import('./cat.ts')).cat(edge, {
        state: stateDirectory(values),
        pipeline: values.pipeline ?? 'cloud',
        last: values.last,
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
  {
    name: 'init',
    form: '[FILE]',
    count: { min: 0, max: 1 },
    does: 'ask a few questions and write pipelines that run',
    options: ['source', 'cloud', 'edge', 'every', 'altitude', 'yes', 'force'],
    run: async ([file], values) => {
      const [{ init }, { terminalAsk }] = await Promise.all([
        import('./init/init.ts'),
        import('./init/terminal.ts'),
      ]);
      const { yes = false, force = false, source, cloud, edge, every, altitude } = values;
      return init(file, {
        given: { source, cloud, edge, every, altitude },
        yes,
        force,
        ask: terminalAsk(),
        say: (line) => void process.stdout.write(`${line}\n`),
      });
    },
  },
  {
    name: 'service',
    form: 'install|status|remove [FILE…]',
    count: some,
    does: 'let systemd run pipelines, also after a reboot',
    options: ['user', 'name', 'state', 'dry-run'],
    run: async (words, values) =>
      (await import('./service/service.ts')).service(words, {
        user: values.user ?? false,
        name: values.name,
        state: values.state,
        dryRun: values['dry-run'] ?? false,
        variables: process.env,
        say: (line) => void process.stdout.write(`${line}\n`),
      }),
  },
  {
    name: 'doctor',
    form: '[FILE…]',
    count: { min: 0, max: Number.POSITIVE_INFINITY },
    does: 'look at this machine, the state and the addresses of pipelines, and advise',
    options: ['state', 'json'],
    run: async (files, values) =>
      (await import('./doctor/doctor.ts')).doctor(files, {
        state: stateDirectory(values),
        stateGiven: values.state !== undefined,
        json: values.json ?? false,
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

async function logChoice(values: Values): Promise<LogChoice> {
  const { log } = values;
  if (log !== undefined && log !== 'text' && log !== 'json' && log !== 'journal') {
    throw new FogrunError('usage', `--log takes text, json or journal, not \`${log}\``);
  }
  // An empty variable counts as none.
  const level = values['log-level'] ?? (process.env.FOGRUN_LOG_LEVEL || 'info');
  if (level !== 'debug' && level !== 'info' && level !== 'warn' && level !== 'error') {
    const from = values['log-level'] === undefined ? 'FOGRUN_LOG_LEVEL' : '--log-level';
    throw new FogrunError('usage', `${from} takes debug, info, warn or error, not \`${level}\``);
  }
  const { isJournal } = await import('./process.ts');
  return { log: log ?? (isJournal(1) ? 'journal' : 'text'), level };
}
