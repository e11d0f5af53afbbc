/** Run as a process: tries to become the owner, says whether it did, and then waits to be killed. */
import { writeSync } from 'node:fs';
import { systemRandom } from '../../src/runtime/clock.ts';
import { holdOwnership } from '../../src/store/owner.ts';

process.on('message', async (dir: string) => {
  const outcome = await holdOwnership(dir, systemRandom).then(
    () => 'owner',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
  process.send!(outcome);
});
process.on('disconnect', () => process.exit());
writeSync(1, 'ready\n');
