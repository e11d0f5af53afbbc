import { readdir } from 'node:fs/promises';
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
