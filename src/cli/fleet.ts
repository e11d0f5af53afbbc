/** `fogrun fleet [EDGE]`: what a running cloud knows of its edges, or what one of them said of itself. */
import { FogrunError } from '../contract/errors.ts';
import type { EdgeTransition } from '../contract/fleet.ts';
import { nearest, printable, quoteList } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Found, RemoteControl } from '../runtime/ipc-control.ts';
import { counted } from '../terminal/figures.ts';
import { absent, pickPipeline, warn, withRunning } from './control-cli.ts';
import { fleetTable, historyText } from './fleet-text.ts';

export interface FleetOptions {
  readonly state: string;
  readonly json: boolean;
  /** Name of the cloud's pipeline; the only cloud that runs unless given. */
  readonly pipeline: string | undefined;
  /** Transitions of an edge, the newest; a hundred unless given. */
  readonly last: string | undefined;
}

const lastUsual = 100;
const partMax = 1_000;

/** Exit code 0, also when no edge is known. */
export function fleet(edge: string | undefined, options: FleetOptions): Promise<number> {
  const { state, json } = options;
  const last = lastOf(options.last);
  if (edge === undefined && last !== null) throw new FogrunError('usage', '--last N needs an EDGE');
  return withRunning(state, async (found) => {
    const cloud = await pickCloud(found, options.pipeline);
    if (edge !== undefined) return tellHistory(cloud, edge, last ?? lastUsual, json);
    const edges = await cloud.fleet.edges();
    if (json) process.stdout.write(`${JSON.stringify(edges)}\n`);
    else if (edges.length === 0) warn(`${cloud.pipeline} has met no edge`);
    else process.stdout.write(fleetTable(edges, systemClock.now()));
    return 0;
  });
}

async function tellHistory(cloud: RemoteControl, edge: string, last: number, json: boolean): Promise<number> {
  const known = (await cloud.fleet.edges()).map((one) => one.edge);
  if (!known.includes(edge)) throw unknown(edge, known);
  const parts: (readonly EdgeTransition[])[] = [];
  let [left, damaged] = [last, 0];
  let before: string | null | undefined;
  while (left > 0 && before !== null) {
    const part = await cloud.fleet.history(edge, {
      countMax: Math.min(left, partMax),
      ...(before === undefined ? {} : { before }),
    });
    parts.push(part.transitions);
    left -= part.transitions.length;
    damaged += part.damaged ?? 0;
    before = part.before;
  }
  const transitions = parts.reverse().flat();
  if (json) process.stdout.write(`${JSON.stringify({ edge, transitions, before, damaged })}\n`);
  else if (transitions.length > 0) process.stdout.write(historyText(transitions));
  else warn(`${edge} has said nothing of its states`);
  if (damaged > 0)
    warn(`${counted(damaged, 'segment')} left out, for they are damaged: \`fogrun verify\` tells more`);
  return damaged > 0 ? 1 : 0;
}

/** @throws FogrunError as `pickPipeline`; which pipeline is a cloud is asked of each of them */
export async function pickCloud(found: Found, name: string | undefined): Promise<RemoteControl> {
  if (name !== undefined) return pickPipeline(found, name);
  if (found.running.length === 0) throw absent(found);
  const roles = await Promise.all(
    found.running.map((control) =>
      control.status().then(
        ({ store }) => store?.role,
        () => undefined,
      ),
    ),
  );
  const clouds = found.running.filter((_, i) => roles[i] === 'cloud');
  if (clouds.length === 1) return clouds[0]!;
  // Why each could not be asked has been said.
  const silent = [
    ...found.problems.map(({ pipeline }) => pipeline),
    ...found.running.flatMap(({ pipeline }, i) => (roles[i] === undefined ? pipeline : [])),
  ];
  if (clouds.length === 0 && silent.length > 0) {
    throw new FogrunError(
      found.problems[0]?.problem.code ?? 'control-lost',
      `${quoteList(silent, 'and')} could not be asked, and no other pipeline that runs here is a cloud`,
      { advice: 'Ask again; if it stays so, look at its log, and whether its process still works.' },
    );
  }
  if (clouds.length === 0) {
    throw new FogrunError('control-absent', 'no cloud is among the pipelines that run here', {
      advice: 'An edge knows of nobody else: ask where its cloud runs.',
    });
  }
  const names = quoteList(
    clouds.map(({ pipeline }) => pipeline),
    'and',
  );
  throw new FogrunError('control-ambiguous', `${names} are clouds: which one is meant?`, {
    advice: 'Say it with --pipeline NAME.',
  });
}

function unknown(edge: string, known: readonly string[]): FogrunError {
  const near = nearest(edge, known);
  const hint = near.length > 0 ? `did you mean ${quoteList(near)}?` : '`fogrun fleet` lists those it knows';
  return new FogrunError('edge-unknown', `the cloud has met no edge ${printable(edge)}: ${hint}`);
}

function lastOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text);
  throw new FogrunError('usage', `--last takes how many transitions, from 1 up, not \`${printable(text)}\``);
}
