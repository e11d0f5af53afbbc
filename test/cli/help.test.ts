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

test('whoever asks for help with a file at hand is told what running it takes', async (t) => {
  const fogrun = startFogrun(t, ['edge.yaml', '--help']);
  t.is((await fogrun.ended).code, 0);
  const text = fogrun.lines.map((line) => line.text).join('\n');
  for (const option of ['--console', '--inspect-push', '--plain']) t.true(text.includes(option), option);
});

test('the help of a recording shown again does not promise the port of the live console', async (t) => {
  const [live, again] = ['console', 'replay'].map((name) => startFogrun(t, [name, '--help']));
  await Promise.all([live!.ended, again!.ended]);
  const textOf = (fogrun: typeof live) => fogrun!.lines.map((line) => line.text).join('\n');
  t.regex(textOf(live), /127\.0\.0\.1:7800/);
  t.notRegex(textOf(again), /7800/);
});

test('what is wrong with an option is said in one line', async (t) => {
  const fogrun = startFogrun(t, ['console', '--console', '-1']);
  t.is((await fogrun.ended).code, 2);
  t.notRegex(fogrun.stderr(), /\\n/);
});
