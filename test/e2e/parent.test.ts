import { readFile } from 'node:fs/promises';
import test from 'ava';
import { type Fogrun, moved, segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';

const both = [shipped('cloud.yaml'), shipped('edge.yaml'), '--log', 'json'];

/** Pids of the parent's children: cloud and edge. */
async function childrenOf({ child }: Fogrun): Promise<number[]> {
  const text = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  return text.trim().split(' ').map(Number);
}

/** `/proc` lists a process until it is gone. */
async function isThere(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'gone) Z');
  return !/\) Z/.test(stat);
}

test('a child that is killed is started again by the parent, seven times in a row, and the other goes on', async (t) => {
  const fogrun = startFogrun(t, both, await world(t));
  await fogrun.line(segment('deleted'));
  for (let kill = 0; kill < 7; kill++) {
    const from = fogrun.lines.length;
    const [cloud] = await childrenOf(fogrun);
    process.kill(cloud!, 'SIGKILL');
    const died = await fogrun.line(
      (line) => line.pipeline === 'fogrun' && line.to === 'waitingToRestart',
      from,
    );
    t.is(died.code, 'process-ended');
    await fogrun.line((line) => line.pipeline === 'fogrun' && line.to === 'alive.running', from);
    t.false(fogrun.lines.slice(from).some((line) => moved('rotator', 'stopped')(line)));
  }
  await fogrun.line(segment('deleted'), fogrun.lines.length);
  t.is((await fogrun.end()).code, 0);
});

test('children whose parent is killed end in order, and the next start takes over', async (t) => {
  const env = await world(t);
  const first = startFogrun(t, both, env);
  await first.line(segment('deleted'));
  const children = await childrenOf(first);
  t.is(children.length, 2);
  first.child.kill('SIGKILL');
  const second = startFogrun(t, both, env);
  await second.line(segment('deleted'));
  for (const pid of children) t.false(await isThere(pid), `${pid} is still there`);
  t.is((await second.end()).code, 0);
});

test('a pipeline whose process cannot be started for a while is started when it can', async (t) => {
  // Takes all file descriptors of the parent, and gives them back.
  const code = `
    import { closeSync, openSync } from 'node:fs';
    const taken = [];
    process.on('SIGUSR2', () => {
      if (taken.length > 0) return taken.splice(0).forEach((fd) => closeSync(fd));
      try { for (;;) taken.push(openSync('/dev/null')); } catch {}
    });`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(code)}`;
  const fogrun = startFogrun(t, both, { ...(await world(t)), NODE_OPTIONS });
  await fogrun.line(moved('edge', 'alive.running'));
  fogrun.child.kill('SIGUSR2');
  const from = fogrun.lines.length;
  process.kill((await childrenOf(fogrun))[0]!, 'SIGKILL');
  const refused = await fogrun.line((line) => /could not be started: .*EMFILE/.test(line.cause), from);
  t.is(refused.to, 'waitingToRestart');
  fogrun.child.kill('SIGUSR2');
  await fogrun.line(moved(refused.actor, 'alive.running'), from);
  t.is((await fogrun.end()).code, 0);
});
