import { join } from 'node:path';
import test from 'ava';
import { freePort, startFogrun, temporaryDirectory } from '../helpers/fogrun.ts';

test('from `fogrun init` to the first forecast, by what it says is next', async (t) => {
  const home = await temporaryDirectory(t);
  const words = [
    'init',
    join(home, 'edge.yaml'),
    '--source',
    'simulated',
    '--cloud',
    'here',
    '--edge',
    'hut',
  ];
  const made = startFogrun(t, [...words, '--every', '20ms', '--altitude', '98']);
  t.is((await made.ended).code, 0, made.stderr());
  const next = made.lines.map(({ text }) => `${text}`).find((line) => /^ {2}(?:npx )?fogrun \//.test(line))!;
  const files = next
    .trim()
    .split(' ')
    .filter((word) => word.startsWith('/'));
  const fogrun = startFogrun(t, [...files, '--log', 'json'], {
    FOGRUN_STATE: join(home, 'state'),
    CLOUD_PORT: String(await freePort()),
    ROTATE_EVERY: '200ms',
  });
  const forecast = await fogrun.line(({ type }) => type === 'forecast');
  t.is(forecast.unit, 'hPa');
  t.is(forecast.altitude, 98);
  t.true(fogrun.lines.some(({ text }) => /edge hut /.test(text ?? '')));
  t.is((await fogrun.end()).code, 0, fogrun.stderr());
});
