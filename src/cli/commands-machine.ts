/** Commands about the machine, its devices and services. */
import { any, type CommandEntry, logChoice, none, one, some, stateDirectory } from './command-entry.ts';

export const machineCommands: readonly CommandEntry[] = [
  {
    name: 'doctor',
    form: '[FILE…]',
    count: any,
    does: 'look at this machine, the state and the addresses of pipelines, and advise',
    options: ['state', 'json'],
    run: async (files, values) =>
      (await import('./doctor/doctor.ts')).doctor(files, {
        state: stateDirectory(values),
        stateGiven: values.state !== undefined,
        json: values.json ?? false,
      }),
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
    name: 'keys',
    form: 'init|device|token|list|renew|revoke [NAME|HOST…]',
    count: some,
    does: 'make and end certificates and tokens, by which edges and cloud know each other',
    options: ['dir', 'name', 'json'],
    more: async () => keysHelp,
    run: async (words, { dir, name, json = false }) =>
      (await import('./keys/keys.ts')).keys(words, {
        dir: dir ?? (process.env.FOGRUN_TLS || 'keys'),
        hosts: name,
        json,
        say: (line) => void process.stdout.write(`${line}\n`),
        tell: (line) => void process.stderr.write(`${line}\n`),
        now: Date.now,
      }),
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
];

const keysHelp = `
  init [HOST…]          an authority, and a certificate for the cloud that is reached by those names
  device NAME           a certificate for the edge NAME, in a folder to be copied to it
  token NAME            a token for the edge NAME, where a certificate is too much
  list                  what is there, and when it ends
  renew [server HOST… | NAME]   a new certificate in place of the one that is there
  revoke NAME           certificates and tokens of NAME count no longer, within a second
`;
