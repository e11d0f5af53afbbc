/** Commands about pipeline files. */
import { any, type CommandEntry, logChoice, some } from './command-entry.ts';

export const pipelinesCommands: readonly CommandEntry[] = [
  {
    name: 'check',
    form: '[FILE…]',
    count: any,
    does: 'report every mistake in pipeline files, start nothing',
    options: ['deep', 'json'],
    run: async (files, { deep = false, json = false }) =>
      (await import('./check.ts')).check(files, { deep, json }),
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
    name: 'sim',
    form: 'FILE…',
    count: some,
    does: 'run pipelines in a virtual world with faults, and check that nothing is lost',
    options: ['edges', 'hours', 'seed', 'faults', 'only', 'runs', 'log', 'report', 'json'],
    run: async (files, values) => {
      const { sim, simChoice } = await import('./sim.ts');
      const log = values.log === undefined ? undefined : (await logChoice(values)).log;
      return sim(files, simChoice(values), { log, json: values.json ?? false, report: values.report });
    },
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
    name: 'draw',
    form: 'FILE…|KIND',
    count: some,
    does: 'draw pipelines, or the statechart of a kind',
    options: ['as', 'out'],
    run: async (words, { as, out }) => (await import('./draw/draw.ts')).draw(words, { as, out }),
  },
];
