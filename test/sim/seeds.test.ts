import test from 'ava';
import { bindingsFor } from '../../src/cli/bindings.ts';
import { checkFiles } from '../../src/cli/plans.ts';
import { faultKinds } from '../../src/sim/run.ts';
import { simulate } from '../../src/sim/simulate.ts';

/** More or others: FOGRUN_SIM_SEEDS=300 FOGRUN_SIM_SEED=17 npx ava dist/test/sim/seeds.test.js */
const count = Number(process.env.FOGRUN_SIM_SEEDS ?? 24);
const first = Number(process.env.FOGRUN_SIM_SEED ?? 1);

const edges = ['edge', 'ingest', 'logfile', 'replay', 'weather'];

for (const [at, name] of edges.entries()) {
  test(`${name}.yaml and cloud.yaml keep every promise, whatever breaks when`, async (t) => {
    t.timeout(240_000);
    const files = [`pipelines/${name}.yaml`, 'pipelines/cloud.yaml'];
    const { plans } = await checkFiles(files, { variables: {}, cwd: process.cwd() });
    const { readFile } = await import('node:fs/promises');
    // The first one is simulated most.
    const share = name === 'edge' ? Math.ceil(count / 2) : Math.ceil(count / 8);
    for (let seed = first + at * count; seed < first + at * count + share; seed++) {
      const { violations, command } = await simulate({
        plans,
        files,
        edges: 2,
        virtualMs: 20 * 60_000,
        seed,
        faults: faultKinds,
        version: '0.0.0',
        bindingsFor,
        outside: { readFile: (path) => readFile(path).catch(() => null) },
        command: () => `fogrun sim ${files.join(' ')} --edges 2 --hours 0.33333333333333 --seed ${seed}`,
      });
      t.deepEqual(violations, [], command);
    }
    t.log(`seeds ${first + at * count} to ${first + at * count + share - 1}`);
  });
}
