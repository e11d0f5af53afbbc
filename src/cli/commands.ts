/** The commands: names, forms, options. What each does is loaded only when it is asked for. */
import { type CommandEntry, consoleChoice, logChoice, pushChoice, some } from './command-entry.ts';
import { machineCommands } from './commands-machine.ts';
import { pipelinesCommands } from './commands-pipelines.ts';
import { readingsCommands } from './commands-readings.ts';
import { runningCommands } from './commands-running.ts';

/** `fogrun FILE…`, which has no name. */
export const runCommand: CommandEntry = {
  name: '',
  form: 'FILE…',
  count: some,
  does: 'run pipelines; several files run as one process each',
  options: ['log', 'log-level', 'plain', 'console', 'inspect-push'],
  run: async (files, values) =>
    (await import('./run.ts')).run(files, {
      ...(await logChoice(values)),
      live: !values.plain && values.log === undefined,
      console: await consoleChoice(values),
      push: await pushChoice(values),
    }),
};

/** In the order of the help. */
export const commandGroups: readonly (readonly CommandEntry[])[] = [
  [runCommand, ...pipelinesCommands],
  runningCommands,
  readingsCommands,
  machineCommands,
];

export const commands: readonly CommandEntry[] = commandGroups.flat().filter(({ name }) => name !== '');
