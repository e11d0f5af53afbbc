import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { moved, shipped, startFogrun, temporaryDirectory, world } from '../helpers/fogrun.ts';

test('a second signal ends the process although one of its threads is stuck', async (t) => {
  const pipe = join(await temporaryDirectory(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  // Opening it waits for somebody who writes.
  const stuck = `import{open}from'node:fs';open(${JSON.stringify(pipe)},'r',()=>{})`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(stuck)}`;
  const fogrun = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], {
    ...(await world(t)),
    NODE_OPTIONS,
  });
  await fogrun.line(moved('barometer', 'polling'));
  fogrun.child.kill('SIGTERM');
  await fogrun.line((line) => line.type === 'note' && /ending in order/.test(line.text));
  const { code, signal } = await fogrun.end();
  t.true(code === 1 || signal === 'SIGKILL', `${code} ${signal}`);
});
