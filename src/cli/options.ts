/** What can be written on the command line besides names and files. */
/** Options by name; each command names those it takes. One name means one thing everywhere. */
export const options = {
  json: { type: 'boolean', words: '--json', text: 'machine-readable JSON instead of text' },
  deep: {
    type: 'boolean',
    words: '--deep',
    text: 'explore the statecharts of the kinds used, or of all kinds',
  },
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
  console: {
    type: 'string',
    words: '--console [HOST:]PORT',
    text: 'serve the console for browsers there; without HOST on 127.0.0.1',
  },
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
  last: { type: 'string', words: '--last N', text: 'only the last N readings, or transitions' },
  all: { type: 'boolean', words: '--all', text: 'every running pipeline' },
  stream: {
    type: 'string',
    words: '--stream NAME',
    text: 'the stream that is meant (readings; `verify` takes all)',
  },
  from: { type: 'string', words: '--from N', text: 'sequence of the first segment' },
  to: { type: 'string', words: '--to N', text: 'sequence of the last segment' },
  id: { type: 'string', words: '--id N[,N…]', text: 'numbers of dead letters, such as 3 or 1,4-6, or `all`' },
  out: { type: 'string', words: '--out FILE', text: 'write there instead of to stdout' },
  as: {
    type: 'string',
    words: '--as svg|mermaid|json',
    text: 'form of the drawing (what the name of the file to write says, else svg)',
  },
  reason: { type: 'string', words: '--reason TEXT', text: 'why, for the gap that the cloud gets' },
  yes: { type: 'boolean', words: '--yes', text: 'do not ask' },
  user: { type: 'boolean', words: '--user', text: 'a service of your own instead of one of the system' },
  name: {
    type: 'string',
    words: '--name NAME',
    text: "name of the service (those of the pipelines), or of the cloud's host",
  },
  dir: { type: 'string', words: '--dir DIR', text: 'where the keys are (FOGRUN_TLS, else keys)' },
  'dry-run': { type: 'boolean', words: '--dry-run', text: 'print what would be done, change nothing' },
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
  edges: { type: 'string', words: '--edges N', text: "how many there are of each edge's pipeline (3)" },
  sim: {
    type: 'boolean',
    words: '--sim',
    text: 'simulate the new files with faults first, and reload only if all is well',
  },
  hours: { type: 'string', words: '--hours H', text: 'virtual time to simulate (1)' },
  seed: { type: 'string', words: '--seed N', text: 'what chance follows from (another one each time)' },
  faults: {
    type: 'string',
    words: '--faults A,B',
    text: 'partition, crash, power-cut, disk-full, slow-disk, clock-jump, corruption, clone; all or none (all)',
  },
  runs: { type: 'string', words: '--runs N', text: 'simulate so many seeds, one after the other (1)' },
  only: { type: 'string', words: '--only N,N', text: 'of the faults that follow from the seed, only these' },
  report: { type: 'string', words: '--report FILE', text: 'write a report there, as .html or .md' },
  'inspect-push': {
    type: 'string',
    words: '--inspect-push URL',
    text: "dial Stately's inspector there (ws://… or wss://…) and tell it what happens",
  },
  for: { type: 'string', words: '--for TIME', text: 'end after that time, such as 90s or 10m' },
  max: { type: 'string', words: '--max SIZE', text: 'end at that size, before compression (512MiB)' },
  write: { type: 'string', words: '--write DIR', text: 'write the reference into a folder' },
} as const;

export type OptionName = keyof typeof options;

/** What was given on the command line, by option. */
export type Values = {
  readonly [O in OptionName]?: ((typeof options)[O]['type'] extends 'boolean' ? boolean : string) | undefined;
};
