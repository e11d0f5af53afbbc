import test from 'ava';
import { startFogrun } from '../helpers/fogrun.ts';

test('what is typed wrongly is answered with the help of that very command', async (t) => {
  const wrong: [string, string[]][] = [
    ['devices', ['devices']],
    ['devices', ['devices', 'a b:c:d']],
    ['devices', ['devices', '--nope']],
    ['ps', ['ps', '--force']],
    ['kinds', ['kinds', 'uploadr']],
  ];
  for (const [command, words] of wrong) {
    const fogrun = startFogrun(t, words);
    t.is((await fogrun.ended).code, 2);
    t.regex(fogrun.stderr(), new RegExp(`Run \`(?:npx )?fogrun ${command} --help\`\\.`));
  }
  const unknown = startFogrun(t, ['nope']);
  await unknown.ended;
  t.regex(unknown.stderr(), /Run `(?:npx )?fogrun --help`\./);
});

test('the help of the emulator lists the types that it can be', async (t) => {
  const fogrun = startFogrun(t, ['emulate', '--help']);
  t.is((await fogrun.ended).code, 0);
  const text = fogrun.lines.map((line) => line.text).join('\n');
  for (const type of ['barometer-v2', 'co2', 'gps']) t.true(text.includes(type), type);
});

test('an address that was typed and does not answer is what there is to check', async (t) => {
  const fogrun = startFogrun(t, ['devices', '127.0.0.1:1']);
  t.is((await fogrun.ended).code, 1);
  t.regex(fogrun.stderr(), /check the address\.$/m);
  t.notRegex(fogrun.stderr(), /TINKERFORGE/);
});
