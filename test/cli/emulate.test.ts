import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { freePort, type LogLine, startFogrun, temporaryDirectory } from '../helpers/fogrun.ts';

const listening = ({ to }: LogLine) => to === 'serving.listening';

test('emulators of different ports run beside each other in one directory, each with a UID that tells what it is', async (t) => {
  const state = { FOGRUN_STATE: await temporaryDirectory(t) };
  const start = (port: string, type: string) =>
    startFogrun(t, ['emulate', '--port', port, '--type', type, '--log', 'json'], state);
  const ports = [String(await freePort()), String(await freePort()), '0'] as const;
  const all = [start(ports[0], 'co2'), start(ports[1], 'gps'), start(ports[2], 'barometer-v2')];
  await Promise.all(all.map((each) => each.line(listening)));
  const uids = await Promise.all(
    all.map(async (each) => (await each.line(({ text }) => /^emulating /.test(text ?? ''))).text),
  );
  t.regex(uids[0]!, / cAr on /);
  t.regex(uids[1]!, / gAr on /);
  t.regex(uids[2]!, / bAr on /);
  const ends = await Promise.all(all.map((each) => each.end()));
  t.deepEqual(
    ends.map(({ code }) => code),
    [0, 0, 0],
  );
  for (const each of all) t.false(each.lines.some(({ text }) => /no control/.test(text ?? '')));
  for (const [i, port] of ports.entries()) {
    t.true(all[i]!.lines.some(({ pipeline }) => pipeline === `emulator-${port}`));
  }
  t.false(
    (await readdir(state.FOGRUN_STATE)).includes('emulator-0'),
    'which no name would tell from another',
  );
});

test('of two pipelines of one name in one state the later is told that it is the name, not a port', async (t) => {
  const state = await temporaryDirectory(t);
  const file = join(state, 'same.yaml');
  await writeFile(
    file,
    'fogrun: 1\npipeline: same\nactors: { bricks: { kind: tinkerforge-emulator, port: 0 } }\n',
  );
  const start = () => startFogrun(t, [file, '--log', 'json'], { FOGRUN_STATE: state });
  const first = start();
  await first.line(listening);
  // It opens its socket some time after that; `ps` ends well once it is there.
  for (;;) {
    const ps = startFogrun(t, ['ps', 'same', '--state', state]);
    if ((await ps.ended).code === 0) break;
  }
  const later = start();
  const told = await later.line(({ text, message }) => /no control/.test(`${text} ${message}`));
  t.is(told.code, 'address-in-use');
  t.regex(`${told.advice}`, /of this name runs here already/);
  for (const each of [first, later]) t.is((await each.end()).code, 0);
});
