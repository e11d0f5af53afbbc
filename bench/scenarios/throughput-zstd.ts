import type { Bench, Figures, Scenario } from '../scenario.ts';
import { blastOf, transfer } from '../transfer.ts';
import type { Pair } from '../world.ts';

const wireShare = 'bytes on the wire, share of plain';

const plain = { COMPRESSION: 'none' };
const zstd = { COMPRESSION: 'zstd' };

export const throughputZstd: Scenario = {
  name: 'throughput-zstd',
  what:
    'The work of `throughput` with `COMPRESSION=zstd`: each segment is compressed for the wire. The reference is the same ' +
    'without. Bytes on the wire are counted in one more run of each, through a relay between edge and cloud.',
  unit: 'readings/s',
  target: '>= 0.5 of plain, <= 0.2 of the bytes on the wire',
  holds: ({ ratio, figures }) => ratio! >= 0.5 && figures[wireShare]!.value <= 0.2,
  run: (bench) => transfer(bench, { ...blastOf(bench.quick), env: zstd }),
  reference: {
    name: 'plain',
    run: (bench) => transfer(bench, { ...blastOf(bench.quick), env: plain }),
  },
  async once(inWorld) {
    const plainBytes = await inWorld((bench) => wireBytes(bench, plain));
    const zstdBytes = await inWorld((bench) => wireBytes(bench, zstd));
    return {
      [wireShare]: { value: zstdBytes / plainBytes, unit: '' },
      'bytes on the wire per reading': { value: zstdBytes, unit: 'bytes' },
      'bytes on the wire per reading, plain': { value: plainBytes, unit: 'bytes' },
    };
  },
};

/** Bytes from edge to cloud per reading, frames and all. */
async function wireBytes(bench: Bench, env: Readonly<Record<string, string>>): Promise<number> {
  const { lines } = blastOf(bench.quick);
  const label = 'bytes';
  const count = async ({ relay }: Pair): Promise<Figures> => {
    const { toTarget } = await relay!.ask('counts', null);
    return { [label]: { value: toTarget / lines, unit: 'bytes' } };
  };
  const { figures } = await transfer(bench, { lines, env, relayDelayMs: 0, after: count });
  return figures![label]!.value;
}
