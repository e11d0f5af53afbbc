/** Simulations for tests: small pipelines, and bindings with a bug planted in them. */
import { kinds } from '../../machines/index.ts';
import { bindingsFor } from '../../src/cli/bindings.ts';
import type { Plan } from '../../src/contract/plan.ts';
import type { CloudStore, EdgeStore } from '../../src/contract/store.ts';
import { checkPipeline } from '../../src/pipeline/check.ts';
import type { ActorEnv } from '../../src/runtime/pipeline.ts';
import type { FaultKind, SimRun } from '../../src/sim/run.ts';
import { type SimulateOptions, simulate } from '../../src/sim/simulate.ts';

/** @param uploader further fields of the uploader */
const edge = (uploader = '') => `
fogrun: 1
pipeline: edge
store: { path: edge, max: 16MiB, when-full: block }
actors:
  sensor: { kind: simulated-sensor, every: 1s, to: rotator }
  rotator: { kind: file-rotator, every: 15s, to: uploader }
  uploader: { kind: uploader, retry: { every: 1s }, ${uploader} to: acks }
  acks: { kind: ack-handler }
`;

const cloud = `
fogrun: 1
pipeline: cloud
store: { path: cloud, max: 64MiB }
actors:
  receiver: { kind: cloud-receiver }
`;

export function planOf(text: string): Plan {
  const { plan, problems } = checkPipeline(
    { file: 'test.yaml', text },
    { kinds, variables: {}, cwd: '/nowhere' },
  );
  if (!plan) throw new Error(JSON.stringify(problems));
  return plan;
}

/** What is changed in the pipelines of a world. */
export interface Plant {
  readonly edge?: (store: EdgeStore, cursor: string) => void;
  readonly cloud?: (store: CloudStore) => void;
  readonly effects?: (env: ActorEnv, effects: Record<string, unknown>) => Record<string, unknown>;
}

export interface SimChoice {
  readonly hours?: number;
  readonly edges?: number;
  readonly seed?: number;
  readonly faults?: readonly FaultKind[];
  readonly plant?: Plant;
  readonly plans?: readonly Plan[];
  /** Further fields of the uploader, as YAML. */
  readonly uploader?: string;
}

export function optionsOf(choice: SimChoice = {}): SimulateOptions {
  const { plant = {} } = choice;
  return {
    plans: choice.plans ?? [planOf(cloud), planOf(edge(choice.uploader))],
    files: ['cloud.yaml', 'edge.yaml'],
    edges: choice.edges ?? 2,
    virtualMs: (choice.hours ?? 0.3) * 3_600_000,
    seed: choice.seed ?? 1,
    faults: choice.faults ?? [],
    version: '0.0.0',
    outside: { readFile: async () => null },
    command: (only) => `fogrun sim${only ? ` --only ${only.join(',')}` : ''}`,
    async bindingsFor(plan, platform) {
      const bindings = await bindingsFor(plan, platform);
      return {
        async openStore(store, about) {
          const opened = await bindings.openStore(store, about);
          if (opened.edge) plant.edge?.(opened.edge, about.cursor);
          if (opened.cloud) plant.cloud?.(opened.cloud);
          return opened;
        },
        effects(env) {
          const effects = bindings.effects(env);
          return plant.effects?.(env, effects) ?? effects;
        },
      };
    },
  };
}

export const run = (choice: SimChoice = {}): Promise<SimRun> => simulate(optionsOf(choice));

/** Names of what was violated, each once. */
export const violated = ({ violations }: SimRun): string[] => [
  ...new Set(violations.map(({ invariant }) => invariant)),
];
